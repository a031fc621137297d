"""Lost packets that follow from a violation of TOPO, and those that do not."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from podpath import profiles
from podpath.model import (
    NODE,
    Cause,
    Difference,
    Direction,
    Loss,
    Observation,
    Place,
    Sighting,
    Topology,
)
from podpath.paths import expected, following, forwarding, without_route
from podpath.paths.judgement import Judgement, judge
from podpath.paths.probes import REPLY, REQUEST, Echo
from podpath.topology.cause import Cause as Violation

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
    return following.cause(judgement, judgement.differences, losses, [], topology, network)


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
        return bool(following.cause(judgement, differences, losses, [], small_link(), network))

    assert [explained(1), explained(2)] == [False, True]


def test_packets_that_end_at_a_missing_port_follow_from_it() -> None:
    topology = samples.with_node_link(samples.topology(), END, master=None, port=None)
    judgement = judged(samples.exchange(1)[:1])
    losses = forwarding.losses(judgement, topology, samples.BRIDGE, ())
    network = samples.network()

    violation = following.cause(judgement, judgement.differences, losses, [], topology, network)
    filtered = [*losses, replace(losses[0], causes=(FILTERED,))]

    assert violation is not None
    assert violation.requirement == "TOPO-BRIDGE-PORT"
    assert (
        following.cause(judgement, judgement.differences, filtered, [], topology, network) is None
    )


BRIDGED = 'rule "ip protocol icmp drop" of chain forward, table bridge broken (+1 packet)'
ROUTED = 'rule "ip protocol icmp drop" of chain forward, table ip filter (+1 packet)'


@pytest.mark.parametrize(
    ("namespace", "rule", "where"),
    [
        pytest.param(NODE, BRIDGED, NODE, id="bridge"),
        pytest.param("server", ROUTED, "pod server", id="pod"),
        pytest.param(NODE, ROUTED, "", id="node"),
    ],
)
def test_packets_that_a_filter_on_the_path_drops_follow_from_it(
    namespace: str, rule: str, where: str
) -> None:
    """The node's other tables are no hooks on the path."""
    judgement = judged(samples.exchange(1)[:2])
    path, dropped = judgement.crossings[0].path.name, replace(FILTERED, rules=(rule,))
    losses = [Loss("ping", 1, path, None, namespace, (dropped,))]
    either = [replace(losses[0], causes=(dropped, TOO_BIG))]

    def followed(by: list[Loss]) -> Violation | None:
        topology, network = samples.topology(), samples.network()
        return following.cause(judgement, judgement.differences, by, [], topology, network)

    violation = followed(losses)
    expected = [where] if where else []
    assert [d.where for d in (violation.differences if violation else ())] == expected
    assert followed(either) is None


@pytest.mark.parametrize("queues", [("clsact",), ()])
def test_packets_that_traffic_control_drops_follow_from_its_queue(queues: tuple[str, ...]) -> None:
    judgement = judged(samples.exchange(1)[:1])
    topology = samples.with_node_link(samples.topology(), END, queues=queues)
    dropped = Cause("TC_INGRESS", "sch_handle_ingress", END)
    losses = [Loss("ping", 1, judgement.crossings[0].path.name, None, NODE, (dropped,))]
    network = samples.network()

    violation = following.cause(judgement, judgement.differences, losses, [], topology, network)
    assert (violation.requirement if violation else "") == ("TOPO-HOOKS" if queues else "")


PTP = samples.network(profile=profiles.for_plugin("ptp"), isGateway=False)


ENTRY = ("node", samples.host_end("client"), Direction.IN)


def routed_ping(*steps: tuple[str, str, Direction]) -> Judgement:
    """A routed ping whose request was seen at the client and at these places alone."""
    return seen_at(("client", "eth0", Direction.OUT), *steps)


def seen_at(*places: tuple[str, str, Direction]) -> Judgement:
    """A routed ping whose request was seen at these places alone."""
    base = samples.routed()
    legs = {
        leg: expected.path(base, PTP, "unicast", source=source, destination=destination)
        for leg, source, destination in (
            (REQUEST, "client", "server"),
            (REPLY, "server", "client"),
        )
    }
    request = samples.echo("client", "server", 8, 1)
    seen = [samples.sighting(request, place, 1000 * n) for n, place in enumerate(places)]
    pair = [(Echo(samples.IDENTIFIER, 1), legs)]
    return judge(pair, Observation(tuple(seen)), samples.noise())


def narrow(pod: str) -> Topology:
    """A node that routes, with a smaller MTU at one pod's host end."""
    return samples.with_node_link(samples.routed(), samples.host_end(pod), mtu=1400)


def large(judgement: Judgement) -> Judgement:
    """The same with frames of 1514 bytes."""
    crossings = tuple(
        replace(
            c, at_hops=tuple(tuple(replace(s, frame=bytes(1514)) for s in h) for h in c.at_hops)
        )
        for c in judgement.crossings
    )
    return replace(judgement, crossings=crossings)


UNFORWARDED = Cause("PKT_TOO_BIG", "ip_forward", "veth2")
ERROR = Difference(
    "unexpected sighting", Place("client", "eth0", Direction.IN), "", "", "icmp 3, 9"
)


@pytest.mark.parametrize(
    ("pod", "reason", "further", "follows"),
    [
        pytest.param("server", UNFORWARDED, [ERROR], True, id="of-the-next-link"),
        pytest.param("bystander", UNFORWARDED, [ERROR], False, id="of-another-link"),
        pytest.param("server", FILTERED, [ERROR], False, id="filtered"),
        pytest.param(
            "server",
            UNFORWARDED,
            [replace(ERROR, where=Place("bystander", "eth0", Direction.IN))],
            False,
            id="an-error-elsewhere",
        ),
    ],
)
def test_packet_that_the_node_does_not_forward_follows_from_the_next_links_mtu(
    pod: str, reason: Cause, further: list[Difference], *, follows: bool
) -> None:
    """The error that the node sends back follows, too."""
    judgement = large(routed_ping(ENTRY))
    judgement = replace(judgement, differences=(*judgement.differences, *further))
    path = judgement.crossings[0].path.name
    losses = [Loss("ping", 1, path, Place(*ENTRY), "node", (reason,))]

    violation = following.cause(judgement, judgement.differences, losses, [], narrow(pod), PTP)

    assert bool(violation) is follows
    assert not violation or violation.requirement == "TOPO-MTU"


@pytest.mark.parametrize(
    ("said", "follows"),
    [
        ("ping: local error: message too long, mtu=1400", True),
        ("ping: local error: message too long, mtu=1300", False),
        ("", False),
    ],
)
def test_packet_that_the_sender_keeps_follows_from_the_mtu_that_it_learned(
    said: str, *, follows: bool
) -> None:
    judgement = seen_at()

    violation = following.cause(judgement, judgement.differences, [], [said], narrow("server"), PTP)

    assert bool(violation) is follows


def unrouted(pod: str) -> Topology:
    """A node that routes, without the route to a pod."""
    base = samples.routed()
    kept = [r for r in base.node.routes if samples.address(pod) not in r.destination]
    return samples.with_node(base, routes=tuple(kept))


@pytest.mark.parametrize("further", [[], [("node", samples.UPLINK, Direction.OUT)]])
def test_packet_to_a_pod_without_a_route_follows_from_the_route(
    further: list[tuple[str, str, Direction]],
) -> None:
    """The node drops it, or sends it out by its default route."""
    judgement = routed_ping(ENTRY, *further)

    violation = following.cause(judgement, judgement.differences, [], [], unrouted("server"), PTP)

    assert violation is not None
    assert violation.requirement == "TOPO-NODE-ROUTE"
    assert [str(d.where) for d in violation.differences] == [
        "node 10.88.0.3/32 via the link dev veth3"
    ]


@pytest.mark.parametrize(
    ("steps", "topology"),
    [
        pytest.param([ENTRY], samples.routed(), id="route-present"),
        pytest.param([ENTRY], unrouted("bystander"), id="route-of-another-pod"),
        pytest.param([], unrouted("server"), id="lost-before-the-node"),
        pytest.param(
            [ENTRY, ("bystander", "eth0", Direction.IN)], unrouted("server"), id="seen-by-another"
        ),
    ],
)
def test_other_losses_of_a_routed_packet_are_findings_of_their_own(
    steps: list[tuple[str, str, Direction]], topology: Topology
) -> None:
    judgement = routed_ping(*steps)

    assert following.cause(judgement, judgement.differences, [], [], topology, PTP) is None


def node_ping(*places: tuple[str, str, Direction]) -> Judgement:
    """A ping of the node to the client, whose request was seen at these places alone."""
    base, network = samples.topology(), samples.network(isGateway=True)
    legs = {
        REQUEST: expected.path(base, network, "from-node", destination="client"),
        REPLY: expected.path(base, network, "to-node", source="client"),
    }
    request = samples.echo("server", "client", 8, 1)
    seen = [samples.sighting(request, place, 1000 * n) for n, place in enumerate(places)]
    pair = [(Echo(samples.IDENTIFIER, 1), legs)]
    return judge(pair, Observation(tuple(seen)), samples.noise())


def without_gateway() -> Topology:
    """A node whose bridge lacks the gateway's address, and with it the route to its pods."""
    base = samples.with_node_link(samples.topology(), samples.BRIDGE, addresses=())
    kept = [r for r in base.node.routes if samples.address("client") not in r.destination]
    return samples.with_node(base, routes=tuple(kept))


def test_packets_of_a_node_without_the_gateways_address_follow_from_it() -> None:
    judgement = node_ping(("node", samples.UPLINK, Direction.OUT))
    network = samples.network(isGateway=True)

    violation = following.cause(
        judgement, judgement.differences, [], [], without_gateway(), network
    )

    assert violation is not None
    assert violation.requirement == "TOPO-BRIDGE-GATEWAY"


def test_bridged_packets_do_not_follow_from_the_gateways_address() -> None:
    """A bridge needs no route."""
    judgement = judged(samples.exchange(1)[:2])
    network = samples.network(isGateway=True)
    differences = judgement.differences

    assert following.cause(judgement, differences, [], [], without_gateway(), network) is None


@pytest.mark.parametrize(
    ("topology", "requirement"),
    [
        (unrouted("server"), "TOPO-NODE-ROUTE"),
        (unrouted("bystander"), None),
        (samples.routed(), None),
    ],
    ids=["server", "bystander", "none"],
)
def test_pods_that_others_rely_on_need_routes(topology: Topology, requirement: str | None) -> None:
    cause = without_route.of_pods(topology, PTP)

    assert (cause and cause.requirement) == requirement


def test_repeated_segment_of_earlier_traffic_follows_from_the_missing_route() -> None:
    """A pod repeats an answer for seconds if nobody acknowledges it."""
    judgement = routed_ping(ENTRY, ("node", samples.UPLINK, Direction.OUT))
    ends = "ee:ee:ee:ee:ee:01 to ee:ee:ee:ee:ee:02, 10.88.0.4 to "

    def stray(place: Place, destination: str) -> Difference:
        packet = "TCP 80 to 50426 [SA] seq 1, 0 bytes"
        return Difference("unexpected sighting", place, "nothing", f"{ends}{destination}", packet)

    def followed(*strays: Difference) -> Violation | None:
        seen = replace(judgement, differences=(*judgement.differences, *strays))
        return following.cause(seen, seen.differences, [], [], unrouted("server"), PTP)

    sent = Place("bystander", "eth0", Direction.OUT)
    entered = Place("node", samples.host_end("bystander"), Direction.IN)

    assert followed(stray(sent, "10.88.0.3"), stray(entered, "10.88.0.3"))
    assert followed(stray(sent, "10.88.0.2")) is None
    assert followed(stray(Place("client", "eth0", Direction.IN), "10.88.0.3")) is None


def test_bridged_pods_need_no_routes() -> None:
    assert without_route.of_pods(without_gateway(), samples.network(isGateway=True)) is None
