"""Draw the node and its pods as SVG, with what was seen at each interface, or its MTU. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from podpath.model import NODE
from podpath.report.page import drawing, svg
from podpath.report.page.drawing import BROKEN, ODD, QUIET, SEEN, Evidence

#: Kind of the differences of TOPO-MTU.
_MTU = "MTU"
#: Note of an interface that no packet should cross.
_OFF = "not on the path"
#: Per cent of its width to which the drawing of a topology may shrink.
_SMALLEST = 80
#: (namespace, interface) -> state and note.
States = Mapping[tuple[str, str], tuple[str, str]]

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
    picture = svg.svg(width, bottom + 8, "topology", title)
    picture.set("style", f"min-width: {width * _SMALLEST // 100}px")  # a phone may be narrower
    svg.rectangle(picture, (2, _END_TOP - 26), (width - 4, bottom - _END_TOP + 32), "band node")
    svg.text(picture, (10, _END_TOP - 10), "where", NODE)
    bars = {name: below + (_CHIP + 8) * n for n, name in enumerate(masters)}
    master_of = {n["name"]: n.get("master", "") for n in links}
    for number, pod in enumerate(pods):
        _pod(picture, pod, _GAP + number * (_POD + _GAP), states, bars, master_of)
    for name, top in bars.items():
        address = next(iter(_addresses(links, name)), "")
        _chip(picture, (10, top), width - 20, (name, address), states.get((NODE, name)))
    for number, name in enumerate(rest):
        spot = (_GAP + number * (_POD + _GAP) + 6, bottom - _CHIP - 8 + 4)
        _chip(picture, spot, _POD - 12, (name, ""), states.get((NODE, name)))
    if not evidence["paths"]:  # then none can be off the path
        for text in picture.iter("text"):
            text.text = "" if text.text == _OFF else text.text
    return svg.text_of(picture)


def _pods(evidence: Evidence) -> list[Mapping[str, Any]]:
    """Sort pods in the order in which paths name them; those without a path come last."""
    order = list(dict.fromkeys(h["namespace"] for p in evidence["paths"] for h in p["hops"]))
    pods: list[Mapping[str, Any]] = evidence["topology"]["pods"]
    return sorted(pods, key=lambda p: (*order, p["name"]).index(p["name"]))


def _states(evidence: Evidence) -> States:
    """Return what to show of each interface: its MTU if that is the finding, else sightings.

    Where MTUs differ, the sightings have them, too.
    """
    expected = [d["expected"] for d in evidence["differences"] if d["kind"] == _MTU]
    mtus = _mtus(evidence)
    if expected and mtus:
        return {
            key: (SEEN if str(mtu) == expected[0] else BROKEN, f"MTU {mtu}")
            for key, mtu in mtus.items()
        }
    seen = _sightings(evidence)
    if len({mtu for key, mtu in mtus.items() if key in seen}) > 1:
        return {k: (s, f"{n}, MTU {mtus[k]}" if k in mtus else n) for k, (s, n) in seen.items()}
    return seen


def _mtus(evidence: Evidence) -> dict[tuple[str, str], int]:
    """Return the MTU of each interface of the path between pods; a report may have none."""
    pods, links = evidence["topology"]["pods"], evidence["topology"]["node"]
    inside = [(pod["name"], link) for pod in pods for link in pod["links"] if link["name"] != "lo"]
    ends = {link.get("peer") for _, link in inside} - {None, ""}
    masters = {n.get("master") for n in links if n["name"] in ends}
    masters |= {link.get("lower") for _, link in inside}
    outside = [(NODE, link) for link in links if link["name"] in ends | masters]
    return {(space, link["name"]): link["mtu"] for space, link in inside + outside if "mtu" in link}


def _sightings(evidence: Evidence) -> dict[tuple[str, str], tuple[str, str]]:
    """Return (namespace, interface) -> the worst state of its directions, with its note."""
    states: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for path in evidence["paths"]:
        for station in drawing.stations(path, evidence):
            states.setdefault(station.place[:2], []).append((station.state, station.note))
        for place in drawing.elsewhere(path, evidence):
            states.setdefault(place[:2], []).append((ODD, "unexpected"))
    for place, kinds in drawing.kinds_at(evidence).items():
        if "not bridged" in kinds:
            states.setdefault(place[:2], []).append((BROKEN, "not bridged"))
    worst = {}
    for key, known in states.items():
        state = drawing.worst(s for s, _ in known)
        notes = [note for s, note in known if s == state]
        worst[key] = (state, notes[-1] if state == BROKEN else notes[0])
    return worst


def _lower(link: Mapping[str, Any]) -> str:
    """Return the lower link of a pod's interface; empty if it has none or the report omits it."""
    return str(link.get("lower", ""))


def _pod(
    picture: Element,
    pod: Mapping[str, Any],
    left: int,
    states: States,
    bars: Mapping[str, int],
    master_of: Mapping[str, str],
) -> None:
    """Draw a pod, its first interface but lo, and the line to its master or its lower link."""
    name = pod["name"]
    svg.rectangle(picture, (left, _POD_TOP), (_POD, _POD_HEIGHT), "band")
    svg.text(picture, (left + 8, _POD_TOP + 16), "where", name, _POD - 16)
    inside = next((n for n in pod["links"] if n["name"] != "lo"), None)
    if inside is None:
        svg.text(picture, (left + 8, _POD_TOP + 56), "note lost", "no interface")
        return
    address = next(iter(inside["addresses"]), "no address")
    svg.text(picture, (left + 8, _POD_TOP + 32), "address", address, _POD - 16)
    top, middle = _POD_TOP + _POD_HEIGHT - _CHIP - 6, left + _POD // 2
    state = states.get((name, inside["name"]))
    end = inside.get("peer", "")
    outer = states.get((NODE, end))
    if end:
        _line(picture, middle, (top + _CHIP, _END_TOP), (state, outer))
    if (lower := _lower(inside)) in bars:
        _line(picture, middle, (top + _CHIP, bars[lower]), (state, states.get((NODE, lower))))
    master = master_of.get(end, "")
    if master in bars:
        _line(
            picture, middle, (_END_TOP + _CHIP, bars[master]), (outer, states.get((NODE, master)))
        )
    elif bars and end:
        _line(picture, middle, (_END_TOP + _CHIP, _END_TOP + _CHIP + 14), ((BROKEN, ""), None))
        y = _END_TOP + _CHIP + 22
        sign = f"M {middle - 5} {y - 5} l 10 10 m 0 -10 l -10 10"
        SubElement(picture, "path", {"class": "edge lost cut", "d": sign})
    _chip(picture, (left + 6, top), _POD - 12, (inside["name"], ""), state)
    if end:
        _chip(picture, (left + 6, _END_TOP), _POD - 12, (end, ""), outer)


def _line(
    picture: Element,
    x: int,
    span: tuple[int, int],
    ends: tuple[tuple[str, str] | None, tuple[str, str] | None],
) -> None:
    states = {end[0] for end in ends if end}
    # an interface off the path has lost nothing, whatever the bridge that it leads to has
    off = QUIET in states or (None in ends and BROKEN not in states)
    kind = QUIET if off else drawing.way(states)
    SubElement(picture, "path", {"class": f"edge {kind}", "d": f"M {x} {span[0]} L {x} {span[1]}"})


def _chip(
    picture: Element,
    spot: tuple[int, int],
    width: int,
    names: tuple[str, str],
    seen: tuple[str, str] | None,
) -> None:
    """Draw an interface: its name, its note below, and its address beside them."""
    (x, y), (name, address) = spot, names
    state, note = seen or (QUIET, "")
    svg.rectangle(picture, (x, y), (width, _CHIP), f"chip {state}")
    room = width - 14 if width < _POD else width // 2
    svg.text(picture, (x + 7, y + 15), "interface", name, room)
    svg.text(picture, (x + 7, y + 29), f"note {state}", note or _OFF, room)
    if address:
        line = svg.text(picture, (x + width - 7, y + 22), "address", address, width // 2 - 14)
        line.set("text-anchor", "end")


def _addresses(links: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return [str(a) for n in links if n["name"] == name for a in n["addresses"]]
