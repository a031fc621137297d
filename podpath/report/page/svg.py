"""Elements of the page's drawings: rectangles, and texts that fit the room that they have. Pure."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

NAME_LENGTH = 15  # IFNAMSIZ - 1
#: Pixels of a character in wide fonts: of names in bold at 12 px, and of other texts at 11 px.
_WIDE, _NARROW = 8.1, 6.2
#: A text may be this much narrower than it is by itself; beyond, its end is left out.
_NARROWEST = 0.62


def svg(width: int, height: int, kind: str, title: str) -> Element:
    """Return a drawing of a kind (a class of page.css) with its text for screen readers."""
    element = Element(
        "svg",
        {
            "class": f"drawing {kind}",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "img",
            "aria-label": title,
        },
    )
    SubElement(element, "title").text = title
    return element


def rectangle(parent: Element, spot: tuple[int, int], size: tuple[int, int], kind: str) -> None:
    """Add a rectangle with round corners."""
    numbers = {"x": spot[0], "y": spot[1], "width": size[0], "height": size[1], "rx": 6}
    SubElement(parent, "rect", {"class": kind, **{k: str(v) for k, v in numbers.items()}})


def text(parent: Element, spot: tuple[int, int], kind: str, content: str, room: int = 0) -> Element:
    """Add a text.

    Args:
        parent: the drawing.
        spot: where the text begins.
        kind: its classes.
        content: the text.
        room: width in pixels into which it must fit; 0 for any.
    """
    element = SubElement(parent, "text", {"class": kind, "x": str(spot[0]), "y": str(spot[1])})
    width = _WIDE if kind == "interface" else _NARROW
    if room and len(content) * width > room:
        most = int(room / (width * _NARROWEST))
        content = content if len(content) <= most else f"{content[: most - 1]}…"
        if len(content) * width > room:
            element.set("textLength", str(room))
            element.set("lengthAdjust", "spacingAndGlyphs")
    element.text = content
    return element


def text_of(element: Element) -> str:
    """Return a drawing as text."""
    return ElementTree.tostring(element, encoding="unicode")
