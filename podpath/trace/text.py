"""Write a trace as text for people. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from podpath.model import Direction
from podpath.model.language import padded
from podpath.model.translation import translated
from podpath.paths.kinds import MISSING
from podpath.trace.legs import reversed_places
from podpath.trace.result import Leg, Mark, Step, Trace, Verdict

#: Function that returns a sentence in the language of the reader.
Say = Callable[[str], str]
#: Sign and colour (SGR) of each mark.
_SIGNS = {Mark.SEEN: ("✓", "32"), Mark.MISSING: ("✗", "31"), Mark.UNEXPECTED: ("!", "33")}
_COLOURS = {
    Verdict.PROVED: "32;1",
    Verdict.SEEN: "36;1",
    Verdict.DIFFERS: "31;1",
    Verdict.LOST: "31;1",
    Verdict.UNPROVED: "33;1",
}
_HEAD_WIDTH, _WAY_WIDTH = 66, 74
_MOST_DIFFERENCES = 6


def lines(trace: Trace, language: str = "en", *, colours: bool = False) -> list[str]:
    """Return the lines of a trace.

    Args:
        trace: the trace.
        language: language of the words; names, packets and differences stay as they are.
        colours: True to colour signs and verdicts for a terminal.
    """
    body = _body(trace, language, colours=colours)
    return [*body, verdict(trace, language, colours=colours)]


def _body(trace: Trace, language: str, *, colours: bool) -> Iterator[str]:
    say = partial(translated, language=language)
    first = trace.legs[0] if trace.legs else None
    yield _head(trace, first, say)
    widths = _widths(trace.legs)
    if first:
        yield from (_step(step, widths, say, colours=colours) for step in first.steps)
        yield from map(say, _others(first, "there"))
    for leg in trace.legs[1:]:
        yield from _back(leg, first, widths, say, colours=colours)
    yield say(_silence(trace))
    # a hop that is missing has its own sign above
    told = [f"  differs: {d}" for d in trace.differences if d.kind != MISSING]
    yield from map(say, told[:_MOST_DIFFERENCES])
    if len(told) > _MOST_DIFFERENCES:
        yield say(f"  and {len(told) - _MOST_DIFFERENCES} more differences, which --json has")
    yield from (say(f"  reason: {_short(reason)}") for reason in trace.reasons)
    yield say(_proof(trace))
    yield from (f"  {gap}" for gap in trace.proof.gaps)
    if trace.unjudged and trace.verdict in (Verdict.SEEN, Verdict.LOST):
        yield say(f"no judgement: {trace.unjudged}")


def _head(trace: Trace, first: Leg | None, say: Say) -> str:
    ends, addresses = trace.ends, trace.ends.addresses
    source = " ".join(filter(None, [ends.source, addresses[0]]))
    named = ends.destination != addresses[1]
    destination = f"{ends.destination} {addresses[1]}" if named else addresses[1]
    packet = say(_short(first.packet) if first else "nothing was sent")
    text = f"{source} -> {destination}   {packet}"
    return f"{padded(text, _HEAD_WIDTH)}   profile {trace.profile}" if trace.profile else text


def _short(packet: str) -> str:
    """Leave out the identifier of a ping and the sequence number of TCP, which are random."""
    return re.sub(r" \(id \d+\)| seq \d+", "", packet)


def _widths(legs: Sequence[Leg]) -> tuple[int, int]:
    places = [step.place for leg in legs for step in leg.steps]
    return (
        max((len(p.namespace) for p in places), default=0),
        max((len(p.interface) for p in places), default=0),
    )


def _step(step: Step, widths: tuple[int, int], say: Say, *, colours: bool) -> str:
    sign, colour = _SIGNS[step.mark]
    place = step.place
    direction = (place.direction or Direction.IN).value
    time = say("not seen") if step.time is None else f"+{step.time / 1e6:.3f} ms"
    ttl = "" if step.ttl is None else f"ttl {step.ttl}"
    mtu = "" if step.mtu is None else f"mtu {step.mtu}"
    cells = [
        f"{place.namespace:<{widths[0]}}",
        f"{place.interface or '(vanished)':<{widths[1]}}",
        f"{direction:<3}",
        padded(time, 11),
        f"{ttl:<7}",
        f"{mtu:<9}",
        ", ".join(map(say, step.notes)),
    ]
    return f"  {_painted(sign, colour, colours=colours)} {'  '.join(cells)}".rstrip()


def _others(leg: Leg, way: str) -> Iterator[str]:
    more = leg.packets - 1
    if more > 0:
        alike = leg.alike - 1
        what = f"{more} more packet{'' if more == 1 else 's'} {way}"
        yield f"  {what}: {alike} of {more} took the same steps"


def _back(
    leg: Leg, first: Leg | None, widths: tuple[int, int], say: Say, *, colours: bool
) -> Iterator[str]:
    title = f"{leg.source} -> {leg.destination}   {_short(leg.packet).partition(',')[0]}"
    seen = [step for step in leg.steps if step.mark == Mark.SEEN]
    there = [(p.place.namespace, p.place.interface) for p in leg.steps if p.time is not None]
    if first and there == reversed_places(first) and len(seen) == len(leg.steps):
        yield say(f"{title}: the same way back, {len(seen)} of {len(leg.steps)}")
    else:
        yield f"{title}"
        yield from (_step(step, widths, say, colours=colours) for step in leg.steps)
    yield from map(say, _others(leg, "back"))


def _silence(trace: Trace) -> str:
    proof = trace.proof
    links = "1 other interface" if proof.interfaces == 1 else f"{proof.interfaces} other interfaces"
    spaces = "1 namespace" if proof.namespaces == 1 else f"{proof.namespaces} namespaces"
    return f"nowhere else: {links} in {spaces} saw none of it"


def _proof(trace: Trace) -> str:
    proof = trace.proof
    head = "missed nothing" if not proof.gaps else "may have missed something"
    return f"{head}: canaries {proof.seen} of {proof.sent}, frames dropped {proof.dropped}"


def verdict(trace: Trace, language: str = "en", *, colours: bool = False) -> str:
    """Return the last line of a trace: its verdict, the way, and its duration."""
    first = trace.legs[0] if trace.legs else None
    name = translated(trace.verdict.value, language)
    word = _painted(name, _COLOURS[trace.verdict], colours=colours)
    text = padded(translated(_way(trace, first), language), _WAY_WIDTH)
    return f"{word}  {text} ({trace.seconds:.1f} s)"


def _way(trace: Trace, first: Leg | None) -> str:
    lost = next((leg for leg in trace.legs if not leg.arrived), None)
    if trace.verdict == Verdict.LOST:
        leg = lost or first
        last = leg.last if leg else None
        where = f"after {last.place}" if last else "before the first interface"
        if not lost:
            where = f"after {last.place}: nothing came back" if last else where
        return where
    steps = [s.place.interface for s in first.steps if s.time is not None] if first else []
    way = " -> ".join(steps)
    if trace.verdict == Verdict.DIFFERS:
        count = len(trace.differences)
        return f"{count} difference{'' if count == 1 else 's'} from the path: {way}"
    if trace.verdict == Verdict.UNPROVED:
        return "podpath may have missed something"
    return f"{way}, both ways" if len(trace.legs) > 1 else way


def _painted(text: str, colour: str, *, colours: bool) -> str:
    return f"\033[{colour}m{text}\033[0m" if colours else text
