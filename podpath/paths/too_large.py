"""Packets that a link with a wrong MTU drops, or that their sender keeps because of it. Pure.

The kernel must say so of each lost packet. On a node that routes, it also tells the sender of them
(RFC 1191, RFC 8201), who then sends no larger ones. A failure with any other difference stays a
finding of its own.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from podpath.cni.network import Network
from podpath.model import NODE, POD_INTERFACE, Difference, Direction, Loss, Path, Place, Topology
from podpath.paths.crossing import Crossing
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import MISSING, PAYLOAD, UNEXPECTED
from podpath.topology import interfaces
from podpath.topology.cause import Cause

REQUIREMENT = "TOPO-MTU"
_WHY = "a link on the path drops what is larger than its MTU"
#: Bytes that a link passes beyond its MTU: an Ethernet header and a VLAN tag
#: (include/linux/netdevice.h, __is_skb_forwardable).
_BEYOND_MTU = 14 + 4
#: Function of the kernel that drops what the other end of a veth does not take.
_VETH_DROPS = "__dev_forward_skb2"
_TOO_BIG = "PKT_TOO_BIG"
#: Beginning of the description of the error that the node then sends.
_ERRORS = ("icmp 3,", "icmpv6 2,")
#: An MTU in what a program says of a message that its kernel refuses (ping of iputils).
#: Where large datagrams of flows are lost, in the words of many_flows.
_LARGE_FLOW = re.compile(
    r"udp of \d+ bytes of pod (?P<pod>\S+) to |asked for from (?P<asker>\S+) with \d+ bytes"
)
_LEARNED = re.compile(r"message too long, mtu[=: ]*(\d+)", re.IGNORECASE)


def cause(
    judgement: Judgement,
    differences: Sequence[Difference],
    losses: Sequence[Loss],
    said: Sequence[str],
    topology: Topology,
    network: Network,
) -> Cause | None:
    """Return the wrong MTU that explains all differences of packets, or None.

    Args:
        judgement: The sightings, compared with the expected paths.
        differences: The differences that the test failed with.
        losses: Why packets were lost, as far as the kernel reported it.
        said: What the programs printed.
        topology: The node and its pods when the traffic was over.
        network: The configuration, and how its plugin wires pods.
    """
    lost = [crossing for crossing in judgement.crossings if crossing.differences]
    every = [*differences, *judgement.differences, *(d for c in lost for d in c.differences)]
    if {d.kind for d in every if not _follows(d, lost)} != {MISSING}:
        return None
    if judgement.crossings:
        found = _of_lost(lost, losses, topology, network)
    else:
        found = [] if losses else _of_unsent(judgement.paths, said, topology, network)
    return Cause(REQUIREMENT, _WHY, tuple(dict.fromkeys(found))) if found else None


def of_flows(
    differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Return the wrong MTUs that explain lost datagrams of flows without sniffers, or None.

    A pod's kernel cuts them into pieces of the size of its eth0, and a veth whose other end has a
    smaller MTU takes none of these.

    Args:
        differences: The differences that the test failed with.
        topology: The node and its pods.
        network: The configuration, and how its plugin wires pods.
    """
    narrow = {
        pod: _wrong(topology, network, pod, f"host end of pod {pod}")
        for pod in topology.pods
        if (host := topology.host_end(pod))
        and (inside := topology.of_pod(pod).interface(POD_INTERFACE))
        and host.mtu < inside.mtu
    }
    found: list[Difference] = []
    for difference in differences:
        flow = _LARGE_FLOW.search(str(difference.where))
        own = narrow.get(flow["pod"] or flow["asker"], []) if flow else []
        if not own or not difference.seen.startswith("nothing arrived for"):
            return None
        found += own
    return Cause(REQUIREMENT, _WHY, tuple(dict.fromkeys(found))) if found else None


def _follows(difference: Difference, lost: Iterable[Crossing]) -> bool:
    """Return whether a lost packet brings a difference with it that is not of this packet.

    A node that does not forward it sends an error back. After a fragment that a veth drops, the
    kernel sends no further ones (net/ipv4/ip_output.c, ip_do_fragment).
    """
    if difference.kind == UNEXPECTED and difference.packet.startswith(_ERRORS):
        return any(difference.where == place for c in lost for place in _back(c))
    return difference.kind == PAYLOAD and any(
        (difference.where, difference.packet) == (crossing.path.hops[0].place, crossing.packet)
        for crossing in lost
    )


def _back(crossing: Crossing) -> Iterator[Place]:
    """Yield the places on the way from where a packet was lost back to its sender."""
    after = _last(crossing)
    for hop in crossing.path.hops if after else ():
        opposite = Direction.OUT if hop.direction is Direction.IN else Direction.IN
        yield hop.place._replace(direction=opposite)
        if hop.place == after:
            return


def _last(crossing: Crossing) -> Place | None:
    """Return where a packet was seen last on its path; None if it never was."""
    seen = (s for hop in crossing.at_hops for s in hop)
    last = max(seen, key=lambda s: s.time, default=None)
    return last.place if last else None


def _of_lost(
    lost: Iterable[Crossing], losses: Iterable[Loss], topology: Topology, network: Network
) -> list[Difference]:
    """List the wrong MTUs that explain all lost packets; none unless each has such a reason.

    A TCP connection repeats what it lost: its other packets follow from the one with the reason.
    """
    reported: Counter[tuple[str, Place | None]] = Counter()
    for loss in losses:
        reasons = {_TOO_BIG if c.location == _VETH_DROPS else c.reason for c in loss.causes}
        if reasons != {_TOO_BIG}:
            return []
        reported[loss.path, loss.after] += loss.packets
    found: list[Difference] = []
    explained, rest = set[frozenset[str]](), set[frozenset[str]]()
    for crossing in lost:
        after, connection = _last(crossing), _connection(crossing)
        own = _too_small(crossing, after, topology, network) if after else []
        if own and reported[crossing.path.name, after] > 0:
            reported[crossing.path.name, after] -= 1
            found += own
            explained.add(connection)
        elif connection:
            rest.add(connection)
        else:
            return []
    return found if rest <= explained else []


def _connection(crossing: Crossing) -> frozenset[str]:
    """Return the two ends of a TCP connection's packet; none of any other packet."""
    sightings = [*(s for hop in crossing.at_hops for s in hop), *crossing.elsewhere]
    is_tcp = sightings[0].packet.protocol == "tcp"
    hops = crossing.path.hops
    return frozenset({hops[0].namespace, hops[-1].namespace} if is_tcp else ())


def _too_small(
    crossing: Crossing, after: Place, topology: Topology, network: Network
) -> list[Difference]:
    """List the wrong MTUs for which the next link does not take a packet."""
    size = max(len(s.frame) for hop in crossing.at_hops for s in hop)
    places = [hop.place for hop in crossing.path.hops]
    later = places[places.index(after) + 1 :] if after in places else []
    ahead = next((p for p in later if p.namespace == NODE and p.direction is Direction.OUT), None)
    bridge = topology.node.interface(network.bridge)
    if bridge and ahead == Place(NODE, bridge.name, Direction.OUT):
        return _of_bridge(topology, network) if size > bridge.mtu + _BEYOND_MTU else []
    for pod in topology.pods:
        host = topology.host_end(pod)
        inside = topology.of_pod(pod).interface(POD_INTERFACE)
        if host is None or inside is None or not (host.up and inside.up):
            continue
        at_host = f"host end of pod {pod}"
        for place, mtu, where in (
            (Place(pod, inside.name, Direction.OUT), host.mtu, at_host),
            (Place(NODE, host.name, Direction.OUT), inside.mtu, f"pod {pod} {POD_INTERFACE}"),
        ):
            if place == after and size > mtu + _BEYOND_MTU:
                return _wrong(topology, network, pod, where)
        if ahead == Place(NODE, host.name, Direction.OUT) and size > host.mtu + _BEYOND_MTU:
            return _wrong(topology, network, pod, at_host)
    return []


def _of_unsent(
    paths: Iterable[Path], said: Iterable[str], topology: Topology, network: Network
) -> list[Difference]:
    """List the wrong MTUs that the sender's kernel has learned: it refuses what is larger."""
    learned = {mtu for text in said for mtu in _LEARNED.findall(text)}
    used = {hop.place for path in paths for hop in path.hops}
    return [
        difference
        for pod in topology.pods
        if (host := topology.host_end(pod)) and Place(NODE, host.name, Direction.OUT) in used
        for difference in _wrong(topology, network, pod, f"host end of pod {pod}")
        if difference.seen in learned
    ]


def _of_bridge(topology: Topology, network: Network) -> list[Difference]:
    """List the wrong MTUs of the bridge, and of the host ends whose least one it takes over."""
    return [
        difference
        for pod in topology.pods
        for difference in interfaces.mtu(topology, network, pod)
        if str(difference.where) in (f"{NODE} {network.bridge}", f"host end of pod {pod}")
    ]


def _wrong(topology: Topology, network: Network, pod: str, where: str) -> list[Difference]:
    return [d for d in interfaces.mtu(topology, network, pod) if d.where == where]
