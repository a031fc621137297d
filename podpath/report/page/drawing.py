"""Draw observations as SVG: each path with its sightings, and the topology. Pure.

The input is the evidence of a report (report.schema.json). The drawings are inline and their
colours are classes of page.css, so that one drawing serves light, dark and print. They are narrow
enough for a phone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from podpath.model import NODE, Direction, Place

Evidence = Mapping[str, Any]

_UNEXPECTED = "unexpected sighting"
_NAME_LENGTH = 15  # IFNAMSIZ - 1
_MOST_ELSEWHERE = 6

#: States of a place, the worst first.
BROKEN, LOST, ODD, ASKED, SEEN, QUIET = "broken", "lost", "odd", "asked", "seen", "quiet"
_WORST_FIRST = (BROKEN, LOST, ODD, ASKED, SEEN, QUIET)


@dataclass(frozen=True, slots=True)
class Station:
    """One hop of a path, with the packets seen there.

    Attributes:
        place: the hop's place.
        state: BROKEN, LOST, ODD, ASKED, SEEN or QUIET.
        note: text beside the hop.
        after: positions of the hops that come before this one.
    """

    place: Place
    state: str
    note: str
    after: tuple[int, ...]


def stations(path: Mapping[str, Any], evidence: Evidence) -> list[Station]:
    """List the hops of a path; the first faulty one is BROKEN."""
    if not begun(path, evidence):
        return [Station(_place(h), QUIET, "never sent", tuple(h["after"])) for h in path["hops"]]
    packets, questions = path["packets"], _questions(evidence)
    kinds = _kinds(evidence)
    hops = []
    broken = False
    for hop in path["hops"]:
        place = _place(hop)
        state, note = _seen(hop, packets, questions.get(place, ""))
        wrong = [k for k in kinds.get(place, ()) if k != _UNEXPECTED or state == SEEN]
        if state in (SEEN, ASKED) and wrong:
            state = LOST
        if wrong:
            note = f"{note}: {', '.join(wrong)}"
        if state == LOST and not broken:
            broken, state = True, BROKEN
        hops.append(Station(place, state, note, tuple(hop["after"])))
    return hops


def begun(path: Mapping[str, Any], evidence: Evidence) -> bool:
    """Return whether a path had packets to carry. A question that is lost gets no answer."""
    hops = path["hops"]
    if path["packets"] or _questions(evidence).get(_place(hops[0])):
        return True
    begin, end = hops[0]["namespace"], hops[-1]["namespace"]
    for question in evidence["paths"][: evidence["paths"].index(path)]:
        arrivals = [h["seen"] for h in question["hops"][1:] if h["namespace"] == begin]
        if arrivals and question["hops"][0]["namespace"] == end:
            return any(arrivals)
    return True


def _seen(hop: Mapping[str, Any], packets: int, question: str) -> tuple[str, str]:
    """Return state and note of one hop; if no packet left, ARP or ND may have asked for the way."""
    seen = hop["seen"]
    if packets and seen == packets:
        return SEEN, f"{seen} of {packets}"
    if hop["optional"]:
        return (SEEN, f"{seen} of {packets}") if seen else (QUIET, "not needed")
    if packets:
        return LOST, f"{seen} of {packets}"
    return (ASKED, f"only {question}") if question else (LOST, "nothing")


def _place(value: Mapping[str, Any]) -> Place:
    direction = Direction(value["direction"]) if "direction" in value else None
    return Place(value["namespace"], value["interface"], direction)


def _questions(evidence: Evidence) -> dict[Place, str]:
    """Return place -> protocol and number of questions for a neighbour, by ARP or ND."""
    return {
        _place(f): f"{f['protocol'].upper()} ({f['count']})"
        for f in evidence["frames"]
        if f["protocol"] in ("arp", "nd")
    }


def _kinds(evidence: Evidence) -> dict[Place, list[str]]:
    """Return place -> kinds of differences; missing hops are left out, as the counts show them."""
    by_place: dict[Place, list[str]] = {}
    for difference in evidence["differences"]:
        if difference["kind"] != "missing hop" and "place" in difference:
            kinds = by_place.setdefault(_place(difference["place"]), [])
            kinds += [difference["kind"]] if difference["kind"] not in kinds else []
    return by_place


def elsewhere(path: Mapping[str, Any], evidence: Evidence) -> list[Place]:
    """List places off a path where its packets were seen; the first path gets those of no path."""
    known = [(p["path"], _place(e)) for p in evidence["shown"] for e in p["elsewhere"]]
    places = [place for name, place in known if name == path["path"]]
    if path is evidence["paths"][0]:
        of_some = {place for _, place in known}
        odd = [place for place, kinds in _kinds(evidence).items() if _UNEXPECTED in kinds]
        places += [place for place in odd if place not in of_some]
    expected = {_place(h) for h in path["hops"]}
    return [place for place in dict.fromkeys(places) if place not in expected]


def _worst(states: Iterable[str]) -> str:
    given = set(states)
    return next((s for s in _WORST_FIRST if s in given), QUIET)


# --- one path ---------------------------------------------------------------------------------

_WIDTH, _ROW, _COLUMN, _LEFT = 360, 40, 20, 20
_NOTE = 36


def of_path(path: Mapping[str, Any], evidence: Evidence) -> str:
    """Draw one path from top to bottom: a station a hop, then unexpected places."""
    hops = stations(path, evidence)
    strange = elsewhere(path, evidence)[:_MOST_ELSEWHERE]
    columns = _columns(hops)
    height = _ROW * (len(hops) + len(strange)) + 4
    broken = next((s for s in hops if s.state == BROKEN), None)
    whole = "it is whole" if begun(path, evidence) else "no packet was sent"
    summary = f"it broke at {broken.place} ({broken.note})" if broken else whole
    svg = _svg(_WIDTH, height, "path", f"The path {path['path']}: {summary}.")
    _bands(svg, [s.place.namespace for s in hops])
    spots = [(_LEFT + _COLUMN * c, _ROW * n + _ROW // 2) for n, c in enumerate(columns)]
    for station, (x, y) in zip(hops, spots, strict=True):
        for before in station.after:
            _edge(svg, spots[before], (x, y), _way({hops[before].state, station.state}))
    labels = _LEFT + _COLUMN * (max(columns, default=0) + 1)
    for station, spot in zip(hops, spots, strict=True):
        _stop(svg, station, spot, labels)
    for number, place in enumerate(strange, start=len(hops)):
        spot = (_LEFT, _ROW * number + _ROW // 2)
        _stop(svg, Station(place, ODD, "unexpected", ()), spot, labels)
    return _text_of(svg)


def _way(ends: set[str]) -> str:
    """Return the state of the line between two places."""
    if ends & {BROKEN, LOST}:
        return LOST
    return next((state for state in (ASKED, SEEN) if state in ends), QUIET)


def _columns(hops: Sequence[Station]) -> list[int]:
    """Return the column of each hop. The last of several hops after one continues its column."""
    last = {before: number for number, s in enumerate(hops) for before in s.after}
    columns: list[int] = []
    for number, station in enumerate(hops):
        before = station.after[-1] if station.after else None
        if before is None or last[before] == number:
            columns.append(columns[before] if before is not None else 0)
        else:
            columns.append(max(columns) + 1 if len(set(last)) < len(hops) else 1)
    return columns


def _bands(svg: Element, namespaces: Sequence[str]) -> None:
    """Draw one band behind consecutive hops in one namespace."""
    start = 0
    for number in range(1, len(namespaces) + 1):
        if number == len(namespaces) or namespaces[number] != namespaces[start]:
            kind = "band node" if namespaces[start] == NODE else "band"
            _rectangle(svg, (0, start * _ROW + 2), (_WIDTH, (number - start) * _ROW - 4), kind)
            start = number


def _edge(svg: Element, begin: tuple[int, int], end: tuple[int, int], state: str) -> None:
    (x1, y1), (x2, y2) = begin, end
    bend = f"C {x1} {y1 + _ROW} {x2} {y1} {x2} {y1 + _ROW}" if x1 != x2 else ""
    SubElement(svg, "path", {"class": f"edge {state}", "d": f"M {x1} {y1} {bend} L {x2} {y2}"})


def _stop(svg: Element, station: Station, spot: tuple[int, int], labels: int) -> None:
    x, y = spot
    _mark(svg, station.state, x, y)
    place = station.place
    _text(svg, (labels, y - 3), "where", place.namespace)
    line = _text(svg, (labels, y + 12), "interface", _short(place.interface or "(vanished)"))
    arrow = SubElement(line, "tspan", {"class": "direction"})
    arrow.text = f"  {place.direction.value}" if place.direction else ""
    shown = station.note if len(station.note) <= _NOTE else f"{station.note[: _NOTE - 1]}…"
    # a long note has room beside the namespace, but not beside the interface
    height = y + 5 if len(shown) <= _NAME_LENGTH else y - 3
    note = _text(svg, (_WIDTH - 8, height), f"note {station.state}", shown)
    note.set("text-anchor", "end")


def _mark(svg: Element, state: str, x: int, y: int) -> None:
    """Draw the sign of a state, which people can also read without colours."""
    if state == ODD:
        points = f"{x},{y - 8} {x + 8},{y} {x},{y + 8} {x - 8},{y}"
        SubElement(svg, "polygon", {"class": "mark odd", "points": points})
        return
    circle = {"class": f"mark {state}", "cx": str(x), "cy": str(y), "r": "8"}
    SubElement(svg, "circle", circle)
    signs = {
        SEEN: f"M {x - 4} {y} l 3 3 l 5 -6",
        BROKEN: f"M {x - 4} {y - 4} l 8 8 m 0 -8 l -8 8",
    }
    if state in signs:
        SubElement(svg, "path", {"class": f"sign {state}", "d": signs[state]})


# --- the topology -----------------------------------------------------------------------------

_POD, _GAP, _CHIP = 116, 3, 36
_POD_TOP, _POD_HEIGHT = 4, 84
_END_TOP = _POD_TOP + _POD_HEIGHT + 44
_MASTER_TOP = _END_TOP + _CHIP + 40


def of_topology(evidence: Evidence) -> str:
    """Draw the pods, the node and their links, each interface with its state."""
    pods, links = _pods(evidence), evidence["topology"]["node"]
    states = _states(evidence)
    masters = [m["name"] for m in links if m["kind"] == "bridge"]
    masters += [n.get("master", "") for n in links]
    masters += [_lower(link) for pod in pods for link in pod["links"]]
    masters = list(dict.fromkeys(filter(None, masters)))
    ends = {link.get("peer", "") for pod in pods for link in pod["links"]} - {""}
    rest = [
        n["name"]
        for n in links
        if n["name"] not in ends and n["name"] not in masters and (NODE, n["name"]) in states
    ]
    width = max(len(pods), len(rest), 3) * (_POD + _GAP) + _GAP
    below = _MASTER_TOP if ends or not masters else _END_TOP
    bottom = below + len(masters) * (_CHIP + 8) + (_CHIP + 8 if rest else 0)
    title = "The node and its pods, with what was seen at each interface."
    svg = _svg(width, bottom + 8, "topology", title)
    _rectangle(svg, (2, _END_TOP - 26), (width - 4, bottom - _END_TOP + 32), "band node")
    _text(svg, (10, _END_TOP - 10), "where", NODE)
    bars = {name: below + (_CHIP + 8) * n for n, name in enumerate(masters)}
    master_of = {n["name"]: n.get("master", "") for n in links}
    for number, pod in enumerate(pods):
        _pod(svg, pod, _GAP + number * (_POD + _GAP), states, bars, master_of)
    for name, top in bars.items():
        address = next(iter(_addresses(links, name)), "")
        _chip(svg, (10, top), width - 20, (name, address), states.get((NODE, name)))
    for number, name in enumerate(rest):
        spot = (_GAP + number * (_POD + _GAP) + 6, bottom - _CHIP - 8 + 4)
        _chip(svg, spot, _POD - 12, (name, ""), states.get((NODE, name)))
    return _text_of(svg)


def _pods(evidence: Evidence) -> list[Mapping[str, Any]]:
    """Sort pods in the order in which paths name them; those without a path come last."""
    order = list(dict.fromkeys(h["namespace"] for p in evidence["paths"] for h in p["hops"]))
    pods: list[Mapping[str, Any]] = evidence["topology"]["pods"]
    return sorted(pods, key=lambda p: (*order, p["name"]).index(p["name"]))


def _states(evidence: Evidence) -> dict[tuple[str, str], tuple[str, str]]:
    """Return (namespace, interface) -> the worst state of its directions, with its note."""
    states: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for path in evidence["paths"]:
        for station in stations(path, evidence):
            states.setdefault(station.place[:2], []).append((station.state, station.note))
        for place in elsewhere(path, evidence):
            states.setdefault(place[:2], []).append((ODD, "unexpected"))
    for place, kinds in _kinds(evidence).items():
        if "not bridged" in kinds:
            states.setdefault(place[:2], []).append((BROKEN, "not bridged"))
    worst = {}
    for key, known in states.items():
        state = _worst(s for s, _ in known)
        notes = [note for s, note in known if s == state]
        worst[key] = (state, notes[-1] if state == BROKEN else notes[0])
    return worst


def _lower(link: Mapping[str, Any]) -> str:
    """Return the lower link of a pod's interface; empty if it has none or the report omits it."""
    return str(link.get("lower", ""))


def _pod(
    svg: Element,
    pod: Mapping[str, Any],
    left: int,
    states: Mapping[tuple[str, str], tuple[str, str]],
    bars: Mapping[str, int],
    master_of: Mapping[str, str],
) -> None:
    """Draw a pod, its first interface but lo, and the line to its master or its lower link."""
    name = pod["name"]
    _rectangle(svg, (left, _POD_TOP), (_POD, _POD_HEIGHT), "band")
    _text(svg, (left + 8, _POD_TOP + 16), "where", _short(name))
    inside = next((n for n in pod["links"] if n["name"] != "lo"), None)
    if inside is None:
        _text(svg, (left + 8, _POD_TOP + 56), "note lost", "no interface")
        return
    address = next(iter(inside["addresses"]), "no address")
    _text(svg, (left + 8, _POD_TOP + 32), "address", address)
    top, middle = _POD_TOP + _POD_HEIGHT - _CHIP - 6, left + _POD // 2
    state = states.get((name, inside["name"]))
    end = inside.get("peer", "")
    outer = states.get((NODE, end))
    if end:
        _line(svg, middle, (top + _CHIP, _END_TOP), (state, outer))
    if (lower := _lower(inside)) in bars:
        _line(svg, middle, (top + _CHIP, bars[lower]), (state, states.get((NODE, lower))))
    master = master_of.get(end, "")
    if master in bars:
        _line(svg, middle, (_END_TOP + _CHIP, bars[master]), (outer, states.get((NODE, master))))
    elif bars and end:
        _line(svg, middle, (_END_TOP + _CHIP, _END_TOP + _CHIP + 14), ((BROKEN, ""), None))
        y = _END_TOP + _CHIP + 22
        sign = f"M {middle - 5} {y - 5} l 10 10 m 0 -10 l -10 10"
        SubElement(svg, "path", {"class": "edge lost cut", "d": sign})
    _chip(svg, (left + 6, top), _POD - 12, (inside["name"], ""), state)
    if end:
        _chip(svg, (left + 6, _END_TOP), _POD - 12, (end, ""), outer)


def _line(
    svg: Element,
    x: int,
    span: tuple[int, int],
    ends: tuple[tuple[str, str] | None, tuple[str, str] | None],
) -> None:
    states = {end[0] for end in ends if end}
    kind = QUIET if None in ends and BROKEN not in states else _way(states)
    SubElement(svg, "path", {"class": f"edge {kind}", "d": f"M {x} {span[0]} L {x} {span[1]}"})


def _chip(
    svg: Element,
    spot: tuple[int, int],
    width: int,
    names: tuple[str, str],
    seen: tuple[str, str] | None,
) -> None:
    """Draw an interface: its name, its note below, and its address beside them."""
    (x, y), (name, address) = spot, names
    state, note = seen or (QUIET, "")
    _rectangle(svg, (x, y), (width, _CHIP), f"chip {state}")
    _text(svg, (x + 7, y + 15), "interface", _short(name))
    _text(svg, (x + 7, y + 29), f"note {state}", note or "not on the path")
    if address:
        _text(svg, (x + width - 7, y + 22), "address", address).set("text-anchor", "end")


def _addresses(links: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return [str(a) for n in links if n["name"] == name for a in n["addresses"]]


# --- SVG --------------------------------------------------------------------------------------


def _svg(width: int, height: int, kind: str, title: str) -> Element:
    svg = Element(
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
    SubElement(svg, "title").text = title
    return svg


def _rectangle(svg: Element, spot: tuple[int, int], size: tuple[int, int], kind: str) -> None:
    numbers = {"x": spot[0], "y": spot[1], "width": size[0], "height": size[1], "rx": 6}
    SubElement(svg, "rect", {"class": kind, **{k: str(v) for k, v in numbers.items()}})


def _text(svg: Element, spot: tuple[int, int], kind: str, text: str) -> Element:
    element = SubElement(svg, "text", {"class": kind, "x": str(spot[0]), "y": str(spot[1])})
    element.text = text
    return element


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"


def _text_of(svg: Element) -> str:
    return ElementTree.tostring(svg, encoding="unicode")
