"""Draw a path with its sightings as SVG. Pure.

The input is the evidence of a report (report.schema.json). The drawings are inline and their
colours are classes of page.css, so that one drawing serves light, dark and print. They are narrow
enough for a phone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from podpath.model import NODE, Direction, Place
from podpath.report.page import svg

Evidence = Mapping[str, Any]

_UNEXPECTED = "unexpected sighting"
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
        return [Station(place_of(h), QUIET, "never sent", tuple(h["after"])) for h in path["hops"]]
    packets, questions = path["packets"], _questions(evidence)
    kinds = kinds_at(evidence)
    hops = []
    broken = False
    for hop in path["hops"]:
        place = place_of(hop)
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
    if path["packets"] or _questions(evidence).get(place_of(hops[0])):
        return True
    begin, end = hops[0]["namespace"], hops[-1]["namespace"]
    for question in evidence["paths"][: evidence["paths"].index(path)]:
        arrivals = [h["seen"] for h in question["hops"][1:] if h["namespace"] == begin]
        if arrivals and question["hops"][0]["namespace"] == end:
            return any(arrivals)
    return True


def broken(path: Mapping[str, Any], evidence: Evidence) -> bool:
    """Return whether a path broke, or its packets were seen where they must not be."""
    stops = stations(path, evidence)
    return any(s.state == BROKEN for s in stops) or bool(elsewhere(path, evidence))


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


def place_of(value: Mapping[str, Any]) -> Place:
    """Return the place that a value of a report names."""
    direction = Direction(value["direction"]) if "direction" in value else None
    return Place(value["namespace"], value["interface"], direction)


def _questions(evidence: Evidence) -> dict[Place, str]:
    """Return place -> protocol and number of questions for a neighbour, by ARP or ND."""
    return {
        place_of(f): f"{f['protocol'].upper()} ({f['count']})"
        for f in evidence["frames"]
        if f["protocol"] in ("arp", "nd")
    }


def kinds_at(evidence: Evidence) -> dict[Place, list[str]]:
    """Return place -> kinds of differences; missing hops are left out, as the counts show them."""
    by_place: dict[Place, list[str]] = {}
    for difference in evidence["differences"]:
        if difference["kind"] != "missing hop" and "place" in difference:
            kinds = by_place.setdefault(place_of(difference["place"]), [])
            kinds += [difference["kind"]] if difference["kind"] not in kinds else []
    return by_place


def elsewhere(path: Mapping[str, Any], evidence: Evidence) -> list[Place]:
    """List places off a path where its packets were seen; the first path gets those of no path."""
    known = [(p["path"], place_of(e)) for p in evidence["shown"] for e in p["elsewhere"]]
    places = [place for name, place in known if name == path["path"]]
    if path is evidence["paths"][0]:
        of_some = {place for _, place in known}
        odd = [place for place, kinds in kinds_at(evidence).items() if _UNEXPECTED in kinds]
        places += [place for place in odd if place not in of_some]
    expected = {place_of(h) for h in path["hops"]}
    return [place for place in dict.fromkeys(places) if place not in expected]


def worst(states: Iterable[str]) -> str:
    """Return the worst of several states; QUIET without any."""
    given = set(states)
    return next((s for s in _WORST_FIRST if s in given), QUIET)


# --- one path ---------------------------------------------------------------------------------

_WIDTH, _ROW, _COLUMN, _LEFT = 360, 40, 20, 20
#: Pixels of a namespace beside a long note, and of it and the interface beside a short one.
_SHORT, _LONG = 84, 170


def of_path(path: Mapping[str, Any], evidence: Evidence) -> str:
    """Draw one path from top to bottom: a station a hop, then unexpected places."""
    hops = stations(path, evidence)
    strange = elsewhere(path, evidence)[:_MOST_ELSEWHERE]
    columns = _columns(hops)
    height = _ROW * (len(hops) + len(strange)) + 4
    broken = next((s for s in hops if s.state == BROKEN), None)
    whole = "it is whole" if begun(path, evidence) else "no packet was sent"
    summary = f"it broke at {broken.place} ({broken.note})" if broken else whole
    picture = svg.svg(_WIDTH, height, "path", f"The path {path['path']}: {summary}.")
    _bands(picture, [s.place.namespace for s in hops])
    spots = [(_LEFT + _COLUMN * c, _ROW * n + _ROW // 2) for n, c in enumerate(columns)]
    for station, (x, y) in zip(hops, spots, strict=True):
        for before in station.after:
            _edge(picture, spots[before], (x, y), way({hops[before].state, station.state}))
    labels = _LEFT + _COLUMN * (max(columns, default=0) + 1)
    for station, spot in zip(hops, spots, strict=True):
        _stop(picture, station, spot, labels)
    for number, place in enumerate(strange, start=len(hops)):
        spot = (_LEFT, _ROW * number + _ROW // 2)
        _stop(picture, Station(place, ODD, "unexpected", ()), spot, labels)
    return svg.text_of(picture)


def way(ends: set[str]) -> str:
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


def _bands(picture: Element, namespaces: Sequence[str]) -> None:
    """Draw one band behind consecutive hops in one namespace."""
    start = 0
    for number in range(1, len(namespaces) + 1):
        if number == len(namespaces) or namespaces[number] != namespaces[start]:
            kind = "band node" if namespaces[start] == NODE else "band"
            svg.rectangle(
                picture, (0, start * _ROW + 2), (_WIDTH, (number - start) * _ROW - 4), kind
            )
            start = number


def _edge(picture: Element, begin: tuple[int, int], end: tuple[int, int], state: str) -> None:
    (x1, y1), (x2, y2) = begin, end
    bend = f"C {x1} {y1 + _ROW} {x2} {y1} {x2} {y1 + _ROW}" if x1 != x2 else ""
    SubElement(picture, "path", {"class": f"edge {state}", "d": f"M {x1} {y1} {bend} L {x2} {y2}"})


def _stop(picture: Element, station: Station, spot: tuple[int, int], labels: int) -> None:
    x, y = spot
    _mark(picture, station.state, x, y)
    place = station.place
    long = len(station.note) > svg.NAME_LENGTH
    # a long note has room beside the namespace, but not beside the interface
    svg.text(picture, (labels, y - 3), "where", place.namespace, _SHORT if long else _LONG)
    name = place.interface or "(vanished)"
    name += f" {place.direction.value}" if place.direction else ""
    svg.text(picture, (labels, y + 12), "interface", name, _LONG)
    spot = (_WIDTH - 8, y - 3 if long else y + 5)
    room = _WIDTH - 8 - labels - (_SHORT if long else _LONG) - 6
    note = svg.text(picture, spot, f"note {station.state}", station.note, room)
    note.set("text-anchor", "end")


def _mark(picture: Element, state: str, x: int, y: int) -> None:
    """Draw the sign of a state, which people can also read without colours."""
    if state == ODD:
        points = f"{x},{y - 8} {x + 8},{y} {x},{y + 8} {x - 8},{y}"
        SubElement(picture, "polygon", {"class": "mark odd", "points": points})
        return
    circle = {"class": f"mark {state}", "cx": str(x), "cy": str(y), "r": "8"}
    SubElement(picture, "circle", circle)
    signs = {
        SEEN: f"M {x - 4} {y} l 3 3 l 5 -6",
        BROKEN: f"M {x - 4} {y - 4} l 8 8 m 0 -8 l -8 8",
    }
    if state in signs:
        SubElement(picture, "path", {"class": f"sign {state}", "d": signs[state]})
