"""Format findings as text: the path hop by hop, with a mark at the first difference. Pure."""

from collections import Counter
from collections.abc import Sequence

from podpath.model import Count, Difference, Loss, Place, Sighting
from podpath.paths import why
from podpath.paths.crossing import Crossing
from podpath.paths.judgement import Judgement
from podpath.report import by_hand, words
from podpath.report.by_hand import Subject, Way
from podpath.requirements import Level, Requirement

_MOST_CROSSINGS = 3
_MOST_DIFFERENCES = 12
_MOST_ALIKE = 3
_MOST_TIMES = 4
_MOST_LOSSES = 4
_MOST_COUNTS = 12


def path(crossing: Crossing) -> str:
    """Draw one packet's path, a line a hop, then its sightings elsewhere.

    The mark ">" stands at the first hop that differs.
    """
    seen = [s for hop in crossing.at_hops for s in hop] + list(crossing.elsewhere)
    start = min((s.time for s in seen), default=0)
    wrong = {d.where for d in crossing.differences}
    lines = [f"{crossing.path.name}: {crossing.packet}"]
    marked = False
    for hop, sightings in zip(crossing.path.hops, crossing.at_hops, strict=True):
        first = hop.place in wrong and not marked
        marked |= first
        here = (d.kind for d in crossing.differences if d.where == hop.place)
        kinds = ", ".join(dict.fromkeys(here))
        times = _times(sightings, start) or "never"
        note = f"   <- {kinds}" if kinds else ""
        lines.append(f"{'>' if first else ' '} {_columns(hop.place)} {times}{note}")
    for sighting in crossing.elsewhere:
        mark = " " if marked else ">"
        marked = True
        where = _columns(sighting.place)
        lines.append(f"{mark} {where} {_seen(sighting, start)}   <- unexpected sighting")
    return "\n".join(lines)


def _columns(place: Place) -> str:
    direction = place.direction.value if place.direction else ""
    return f"{place.namespace:<10} {place.interface:<16} {direction:<3}"


def _times(sightings: Sequence[Sighting], start: int) -> str:
    """List the first times of a packet at a hop, and the number of further ones."""
    shown = [_seen(s, start) for s in sightings[:_MOST_TIMES]]
    more = len(sightings) - _MOST_TIMES
    return "  ".join([*shown, f"({more} more times)"] if more > 0 else shown)


def _seen(sighting: Sighting, start: int) -> str:
    ttl = "" if sighting.packet.ttl is None else f" ttl {sighting.packet.ttl}"
    return f"+{(sighting.time - start) / 1e6:.3f} ms{ttl}"


def of_judgement(judgement: Judgement) -> str:
    """Draw the paths of the first packets that differ."""
    bad = [c for c in judgement.crossings if c.differences]
    more = len(bad) - _MOST_CROSSINGS
    text = "\n\n".join(path(c) for c in bad[:_MOST_CROSSINGS])
    return f"{text}\n\n({more} more packets differ)" if more > 0 else text


def of_losses(losses: Sequence[Loss], counts: Sequence[Count]) -> str:
    """Format why packets were lost, a line each; if the kernel gave no reason, what it counted."""
    lines = [why.sentence(loss) for loss in losses[:_MOST_LOSSES]]
    more = len(losses) - _MOST_LOSSES
    lines += [f"({more} more)"] if more > 0 else []
    if counts:
        moved = (f"{c.namespace} {c.name} +{c.moved}" for c in counts[:_MOST_COUNTS])
        lines.append(f"counters of lost packets that moved: {', '.join(moved)}")
    return "\n".join(lines)


def of_differences(differences: Sequence[Difference]) -> str:
    """List differences, a line each, and only the first of one kind at one place."""
    alike = Counter[tuple[str, Place | str, str]]()
    shown = []
    for difference in differences:
        alike[difference.kind, difference.where, difference.packet] += 1
        if alike[difference.kind, difference.where, difference.packet] <= _MOST_ALIKE:
            shown.append(str(difference))
    lines = shown[:_MOST_DIFFERENCES]
    more = len(differences) - len(lines)
    return "\n".join([*lines, f"({more} more differences)"] if more > 0 else lines)


def failure(
    requirements: Sequence[Requirement],
    seen: str,
    body: str,
    way: Way,
    subject: Subject,
    suspicion: str = "",
    version: str = "",
    *,
    lost: bool = False,
) -> str:
    """Format a failure: what was seen, what is required, findings, usual causes, commands.

    Args:
        requirements: requirements that the test checks.
        seen: the first difference, or the finding, in one line.
        body: text of the findings.
        way: how the user gets to the node.
        subject: what the commands are about.
        suspicion: sentence on a further cause; empty for none.
        version: version of the CNI specification that the test was run in; empty without one.
        lost: true if a packet is missing on its path.
    """
    seen = next(iter(seen.splitlines()), "")
    parts = [f"{', '.join(r.id for r in requirements)}: {seen}"]
    parts += [f"Required: {requirement.sentence}" for requirement in requirements]
    if body.strip() != seen.strip():
        parts += ["", *(f"  {line}".rstrip() for line in body.splitlines()), ""]
    parts += [f"Perhaps: {suspicion}."] if suspicion else []
    for requirement in requirements:
        if cause := requirement.cause(lost=lost):
            parts.append(f"Usually: {cause}")
        parts += _source(requirement, version)
    commands = [
        c for requirement in requirements for c in by_hand.commands(requirement, way, subject)
    ]
    if commands:
        parts.append(way.introduction)
        parts += [f"  {command}" for command in dict.fromkeys(commands)]
    return "\n".join(parts)


def _source(requirement: Requirement, version: str) -> list[str]:
    """Return a line on whose rule it is, and one on the way out if it is podpath's alone."""
    level = requirement.level_in(version)
    lines = [f"{level}: {requirement.source}."] if requirement.source else []
    if level is Level.JUDGEMENT:
        lines.append(words.say("on purpose", id=requirement.id))
    return lines
