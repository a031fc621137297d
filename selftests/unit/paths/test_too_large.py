"""Packets that a link with a wrong MTU drops: of a bridge, and of TCP connections."""

import pytest

from podpath.model import Cause, Difference, Direction, Hop, Loss, Packet, Path, Place, Topology
from podpath.paths import too_large
from podpath.paths.crossing import Crossing, compare
from podpath.paths.judgement import Judgement

from .. import samples

_END = samples.host_end("client")
_UNFORWARDED = Cause("PKT_TOO_BIG", "ip_forward", samples.UPLINK)
_REFUSED = Cause("NOT_SPECIFIED", "__dev_forward_skb2", "eth0")
_BACK = (
    Hop("node", samples.UPLINK, Direction.IN),
    Hop("node", samples.BRIDGE, Direction.OUT),
    Hop("node", _END, Direction.OUT),
    Hop("client", "eth0", Direction.IN),
)
_OUT = (
    Hop("client", "eth0", Direction.OUT),
    Hop("node", _END, Direction.IN),
    Hop("node", samples.BRIDGE, Direction.IN),
    Hop("server", "eth0", Direction.IN),
)


def _narrow(bridge: int) -> Topology:
    """A client whose host end has a smaller MTU, on a bridge with another one."""
    ends = samples.with_node_link(samples.topology(), _END, mtu=1400)
    return samples.with_node_link(ends, samples.BRIDGE, mtu=bridge)


def _lost(packet: Packet, hops: tuple[Hop, ...], *, size: int, seen: int = 1) -> Crossing:
    """A packet that was seen at the first hops of its path alone."""
    path = Path(f"{hops[0].namespace} -> {hops[-1].namespace}", hops)
    places = (hop.place for hop in hops[:seen])
    return compare(path, [samples.sighting(packet, p, frame=bytes(size)) for p in places])


def _cause(topology: Topology, reason: Cause, *lost: Crossing) -> object:
    """What explains the losses, of which the kernel gave a reason for the first one alone."""
    differences = tuple(d for crossing in lost for d in crossing.differences)
    judgement = Judgement(lost, differences, 0, 0, tuple(c.path for c in lost))
    path = lost[0].path
    losses = [Loss("packet", 1, path.name, path.hops[0].place, path.hops[0].namespace, (reason,))]
    network = samples.network(isGateway=True)
    return too_large.cause(judgement, differences, losses, [], topology, network)


@pytest.mark.parametrize(
    ("bridge", "size", "is_told"), [(1400, 1514, True), (1500, 1514, False), (1400, 1414, False)]
)
def test_node_forwards_to_a_bridge_what_its_least_port_takes(
    bridge: int, size: int, *, is_told: bool
) -> None:
    """A bridge has the least MTU of its ports."""
    packet = samples.echo("server", "client", 8, 1)

    lost = _lost(packet, _BACK, size=size)

    assert bool(_cause(_narrow(bridge), _UNFORWARDED, lost)) is is_told


@pytest.mark.parametrize(
    ("packet", "hops", "is_told"),
    [
        (samples.tcp("client", "server", sequence=(1461, 1)), _OUT, True),
        (samples.tcp("server", "client", sequence=(1461, 1)), _OUT[::-1], True),
        (samples.tcp("client", "server", sequence=(1461, 1)), _BACK, False),
        (samples.echo("client", "server", 8, 1), _OUT, False),
    ],
    ids=["repeated", "answer", "another-connection", "no-connection"],
)
def test_connection_repeats_what_was_too_large(
    packet: Packet, hops: tuple[Hop, ...], *, is_told: bool
) -> None:
    """Its further packets are lost in consequence, in smaller pieces."""
    first = _lost(samples.tcp("client", "server", sequence=(1, 1)), _OUT, size=1514)
    later = _lost(packet, hops, size=80, seen=2)

    assert bool(_cause(_narrow(1400), _REFUSED, first, later)) is is_told


def test_packet_that_was_seen_nowhere_on_its_path_has_no_cause() -> None:
    packet = samples.echo("client", "server", 8, 1)
    elsewhere = Place("bystander", "eth0", Direction.IN)
    path = Path("client -> server", _OUT)
    lost = compare(path, [samples.sighting(packet, elsewhere, frame=bytes(1514))])

    assert _cause(_narrow(1400), _REFUSED, lost) is None


_NOTHING = "nothing arrived for source port 1159, 17305"


@pytest.mark.parametrize(
    ("where", "seen", "is_told"),
    [
        ("udp of 4000 bytes of pod client to 192.0.2.1", _NOTHING, True),
        ("udp port 29000 of 192.0.2.2, asked for from client with 4000 bytes", _NOTHING, True),
        ("udp of 4000 bytes of pod server to 192.0.2.1", _NOTHING, False),
        ("udp of pod client to 192.0.2.1", _NOTHING, False),
        ("udp of 4000 bytes of pod client to 192.0.2.1", "10.88.0.2 for source port 1159", False),
    ],
    ids=["beyond", "mapped", "another-pod", "small", "not-translated"],
)
def test_datagram_in_pieces_is_lost_at_an_end_with_a_smaller_mtu(
    where: str, seen: str, *, is_told: bool
) -> None:
    lost = [Difference("masquerade", where, "192.0.2.2", seen)]

    assert bool(too_large.of_flows(lost, _narrow(1400), samples.network())) is is_told
