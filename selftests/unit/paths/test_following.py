"""Lost packets that follow from a violation of TOPO, and those that do not."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from podpath.model import Cause, Loss, Observation, Sighting, Topology
from podpath.paths import following, forwarding
from podpath.paths.judgement import Judgement, judge
from podpath.paths.probes import Echo
from podpath.topology.following import Cause as Violation

from .. import samples

END = samples.host_end("client")
TOO_BIG = Cause("", "__dev_forward_skb2", "eth0")
FILTERED = Cause("NETFILTER_DROP", "nft_do_chain", "eth0")


def small_link(**changes: Any) -> Topology:
    """The sample, with a smaller MTU at the client's host end."""
    return samples.with_node_link(samples.topology(), END, mtu=1400, **changes)


def lost_at_once(size: int, seen: int = 1) -> list[Sighting]:
    """The first sightings of a ping with frames of a size, and no further ones."""
    return [replace(s, frame=bytes(size)) for s in samples.exchange(1)[:seen]]


def judged(sightings: Iterable[Sighting]) -> Judgement:
    """The sightings, compared with the paths of one ping."""
    expected = [(Echo(samples.IDENTIFIER, 1), samples.paths())]
    return judge(expected, Observation(tuple(sightings)), samples.noise())


def cause(
    sightings: list[Sighting], topology: Topology, *causes: Cause, packets: int = 1
) -> Violation | None:
    """The violation that explains the loss of the packet after its first sightings."""
    judgement = judged(sightings)
    path = judgement.crossings[0].path
    loss = Loss("ping", packets, path.name, sightings[-1].place, "client", causes)
    losses = [loss] if causes else []
    network = samples.network()
    return following.cause(judgement, judgement.differences, losses, topology, network)


def test_packet_that_is_too_large_for_the_other_end_follows_from_its_mtu() -> None:
    violation = cause(lost_at_once(1514), small_link(), TOO_BIG)

    assert violation is not None
    assert violation.requirement == "TOPO-MTU"
    assert [d.where for d in violation.differences] == ["host end of pod client"]


@pytest.mark.parametrize(
    ("size", "seen", "topology", "causes"),
    [
        pytest.param(1418, 1, small_link(), (TOO_BIG,), id="fits"),
        pytest.param(1514, 2, small_link(), (TOO_BIG,), id="lost-elsewhere"),
        pytest.param(1514, 1, samples.topology(), (TOO_BIG,), id="right-mtu"),
        pytest.param(1514, 1, small_link(up=False), (TOO_BIG,), id="down"),
        pytest.param(1514, 1, small_link(), (FILTERED,), id="filtered"),
        pytest.param(1514, 1, small_link(), (TOO_BIG, FILTERED), id="either"),
        pytest.param(1514, 1, small_link(), (), id="no-reason"),
    ],
)
def test_loss_for_another_reason_is_a_finding_of_its_own(
    size: int, seen: int, topology: Topology, causes: tuple[Cause, ...]
) -> None:
    """A wrong MTU hides no other fault."""
    assert cause(lost_at_once(size, seen), topology, *causes) is None


def test_packet_that_changed_is_a_finding_of_its_own() -> None:
    (first,) = lost_at_once(1514)
    elsewhere = replace(first, namespace="bystander")

    assert cause([first, elsewhere], small_link(), TOO_BIG) is None


def test_each_lost_packet_needs_a_reason() -> None:
    """One that the kernel reported no drop of may be another fault's."""
    first = [replace(s, frame=bytes(1514)) for s in samples.exchange(2)]
    sent = [s for s in first if s.place == first[0].place]
    expected = [(Echo(samples.IDENTIFIER, 2), samples.paths())]
    judgement = judge(expected, Observation(tuple(sent)), samples.noise())
    name, place = judgement.crossings[0].path.name, sent[0].place

    def explained(packets: int) -> bool:
        losses = [Loss("ping", packets, name, place, "client", (TOO_BIG,))]
        network, differences = samples.network(), judgement.differences
        return bool(following.cause(judgement, differences, losses, small_link(), network))

    assert [explained(1), explained(2)] == [False, True]


def test_packets_that_end_at_a_missing_port_follow_from_it() -> None:
    topology = samples.with_node_link(samples.topology(), END, master=None, port=None)
    judgement = judged(samples.exchange(1)[:1])
    losses = forwarding.losses(judgement, topology, samples.BRIDGE, ())
    network = samples.network()

    violation = following.cause(judgement, judgement.differences, losses, topology, network)
    filtered = [*losses, replace(losses[0], causes=(FILTERED,))]

    assert violation is not None
    assert violation.requirement == "TOPO-BRIDGE-PORT"
    assert following.cause(judgement, judgement.differences, filtered, topology, network) is None
