"""Lost packets that a plain exchange loses, too, and those that are a finding of their own."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from podpath.model import NODE, Cause, Direction, Loss, Observation, Packet, Place, Sighting
from podpath.paths import plain
from podpath.paths.judgement import Judgement, judge
from podpath.paths.probes import REQUEST, Echo, Http

from .. import samples

RULE = 'rule "drop" of chain FORWARD, table ip filter'
DROPPED = Cause("NETFILTER_DROP", "nft_do_chain", "eth0", (f"{RULE} (+3 packets)",))


def judged(sightings: Iterable[Sighting]) -> Judgement:
    """The sightings, compared with the paths of a ping."""
    expected = [(Echo(samples.IDENTIFIER), samples.paths())]
    return judge(expected, Observation(tuple(sightings)), samples.noise())


def stray() -> Sighting:
    """The request at a third pod."""
    request = samples.exchange(1)[2]
    return replace(request, namespace="bystander", interface="eth0", direction=Direction.IN)


def loss(judgement: Judgement, *causes: Cause) -> Loss:
    """Why the first packet was lost, after its second sighting."""
    place = Place(NODE, samples.host_end("client"), Direction.IN)
    return Loss("ping", 1, judgement.crossings[0].path.name, place, NODE, causes)


def test_lost_request_is_of_a_ping() -> None:
    (one,) = plain.lost(judged(samples.exchange(1)[:2]))

    assert (one.traffic, one.source, one.destination) == ("ping", "client", "server")
    assert one.requirement == "PATH-ICMP"


def test_lost_answer_is_of_the_same_ping() -> None:
    """Its request came from the other end."""
    seen = samples.exchange(1)
    request = len(samples.paths()[REQUEST].hops)

    (one,) = plain.lost(judged(seen[: request + 1]))

    assert (one.source, one.destination) == ("client", "server")


def test_lost_segment_is_of_http() -> None:
    """Without an answer, the client's SYN is all there is."""
    syn = samples.tcp("client", "server", flags="S", sequence=(1, 0))
    ends = (samples.address("client"), samples.address("server"))
    seen = samples.walk(samples.paths()[REQUEST], syn, 1000)[:2]
    found = judge(
        [(Http("nonce", ends=ends), samples.paths())], Observation(tuple(seen)), samples.noise()
    )

    (one,) = plain.lost(found)

    assert (one.traffic, one.requirement) == ("http", "PATH-HTTP")


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(samples.exchange(1), id="nothing-lost"),
        pytest.param([], id="nothing-seen"),
        pytest.param([*samples.exchange(1)[:2], stray()], id="seen-elsewhere"),
    ],
)
def test_other_findings_are_no_loss(seen: list[Sighting]) -> None:
    assert plain.lost(judged(seen)) == []


@pytest.mark.parametrize(
    ("packet", "is_loss"),
    [
        (Packet("icmp", kind=3, size=84), True),
        (samples.tcp("server", "client", flags="RA", sequence=(0, 2)), True),
        (Packet("icmp", kind=11, size=84), False),
    ],
    ids=["unreachable", "reset", "expired"],
)
def test_answer_of_a_rule_that_rejects_is_of_the_loss(packet: Packet, *, is_loss: bool) -> None:
    """It goes back the way that the lost packet came."""
    seen = samples.exchange(1)[:3]
    bridge = next(s for s in seen if s.interface == samples.network().bridge)
    back = replace(bridge, packet=packet, direction=Direction.OUT)

    assert bool(plain.lost(judged([*seen, back]))) is is_loss


def test_reasons_are_compared_without_counters_and_interfaces() -> None:
    judgement = judged(samples.exchange(1)[:2])
    again = replace(DROPPED, interface="eth1", rules=(f"{RULE} (+1 packet)",))

    assert plain.is_alike([loss(judgement, DROPPED)], [loss(judgement, again)])
    assert not plain.is_alike([loss(judgement, Cause("TC_INGRESS", "", "eth0"))], [])
    assert plain.is_alike([], [])


def test_rules_that_dropped_all_are_named() -> None:
    judgement = judged(samples.exchange(1)[:2])

    assert plain.rules(judgement, [loss(judgement, DROPPED)]) == {RULE}


def test_loss_without_a_rule_has_none() -> None:
    judgement = judged(samples.exchange(1)[:2])

    assert not plain.rules(judgement, [])
    assert not plain.rules(judgement, [loss(judgement, DROPPED, Cause("TC_EGRESS", "", "eth0"))])
    elsewhere = judged([*samples.exchange(1)[:2], stray()])
    assert not plain.rules(elsewhere, [loss(elsewhere, DROPPED)])


@pytest.mark.parametrize(
    ("requirement", "simpler"),
    [
        ("PATH-ICMP", []),
        ("PATH-HTTP", ["ping"]),
        ("PATH-UDP", ["ping", "http"]),
        ("PATH-MTU", ["ping", "http", "udp"]),
    ],
)
def test_simpler_traffic_is_tried_first(requirement: str, simpler: list[str]) -> None:
    assert [one.traffic for one in plain.simpler(requirement, "client", "server")] == simpler
