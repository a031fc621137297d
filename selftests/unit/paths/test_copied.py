"""Copies of packets: a finding of PATH-BYSTANDER, where packets take their path otherwise."""

from dataclasses import replace

from podpath.model import Direction, Observation, Sighting
from podpath.paths import copied
from podpath.paths.judgement import Judgement, judge
from podpath.paths.probes import Echo

from .. import samples

PROBE = Echo(samples.IDENTIFIER, 2)
LISTENER = samples.host_end("bystander")


def judged(sightings: list[Sighting]) -> Judgement:
    """The sightings of a ping, compared with its paths."""
    return judge([(PROBE, samples.paths())], Observation(tuple(sightings)), samples.noise())


def copy() -> Sighting:
    """A copy of the first packet, at the host end of a pod that has nothing to do with it."""
    own = samples.exchange()[1]
    return replace(own, interface=LISTENER, direction=Direction.OUT)


def test_copies_off_the_path_are_a_finding_of_their_own() -> None:
    found = judged([*samples.exchange(), copy()])

    cause = copied.cause(found, found.differences)

    assert cause is not None
    assert (cause.requirement, len(cause.differences)) == ("PATH-BYSTANDER", 1)


def test_lost_or_doubled_packets_are_no_copies() -> None:
    lost = judged([*samples.exchange()[:-1], copy()])
    doubled = judged([*samples.exchange(), samples.exchange()[1]])

    assert copied.cause(lost, lost.differences) is None
    assert copied.cause(doubled, doubled.differences) is None
    assert copied.cause(lost, []) is None
