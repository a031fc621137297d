"""Packets that only change on their way, and those that differ in more."""

from dataclasses import replace

from podpath.model import Observation, Sighting
from podpath.paths import altered
from podpath.paths.judgement import Judgement, judge
from podpath.paths.probes import Echo

from .. import samples


def judged(sightings: list[Sighting]) -> Judgement:
    """The sightings, compared with the paths of a ping."""
    expected = [(Echo(samples.IDENTIFIER), samples.paths())]
    return judge(expected, Observation(tuple(sightings)), samples.noise())


def marked() -> list[Sighting]:
    """A ping whose request gets another type of service before it arrives."""
    seen = samples.exchange(1)
    last = max(n for n, s in enumerate(seen) if s.packet.kind == 8)
    seen[last] = replace(seen[last], packet=replace(seen[last].packet, tos=4))
    return seen


def test_change_alone_is_of_packets_that_change() -> None:
    judgement = judged(marked())

    (difference,) = altered.changes(judgement, judgement.differences)

    assert difference.kind == "TOS changed"


def test_loss_besides_is_a_finding_of_its_own() -> None:
    judgement = judged(marked()[:-1])

    assert altered.changes(judgement, judgement.differences) == []


def test_nothing_that_differs_is_no_change() -> None:
    judgement = judged(samples.exchange(1))

    assert altered.changes(judgement, judgement.differences) == []
