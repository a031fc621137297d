"""Requests for neighbours that a bridge answers itself, or keeps from ports, as switches say. Pure.

It does so once it knows the neighbour (net/bridge/br_arp_nd_proxy.c), and it gives no reason for
packets that it does not flood. A failure with any other difference stays a finding of its own.
"""

from collections.abc import Sequence

from podpath.cni.network import Network
from podpath.model import NODE, Difference, Place, Topology
from podpath.paths.crossing import Crossing
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import MISSING
from podpath.topology import bridge
from podpath.topology.cause import Cause

REQUIREMENT = "TOPO-BRIDGE-PORT"
_WHY = "a port of the bridge gets no requests for neighbours"
#: Switches of a port with which the bridge answers in a neighbour's place, or keeps requests back.
_SWITCHES = frozenset({"proxy_arp", "proxy_arp_wifi", "neigh_suppress"})
#: Kinds of ICMPv6 messages that resolve a neighbour (RFC 4861).
_OF_NEIGHBOURS = frozenset({135, 136})


def cause(
    judgement: Judgement, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Return the switches of ports that explain all differences of packets, or None.

    Args:
        judgement: The sightings, compared with the expected paths.
        differences: The differences that the test failed with.
        topology: The node and its pods when the traffic was over.
        network: The configuration, and how its plugin wires pods.
    """
    lost = [crossing for crossing in judgement.crossings if crossing.differences]
    explained = {d for crossing in lost for d in crossing.differences if d.kind == MISSING}
    found: list[Difference] = []
    silent = {(NODE, network.bridge)}
    for pod in topology.pods:
        own = [d for d in bridge.bridge_port(topology, network, pod) if _is_on(d)]
        end = topology.host_end(pod)
        if own and end:
            found += own
            silent |= {(NODE, end.name), *((pod, i.name) for i in topology.of_pod(pod).interfaces)}
    places = {d.where[:2] for d in explained if isinstance(d.where, Place)}
    is_all = explained.issuperset(differences) and explained.issuperset(judgement.differences)
    if not (lost and found and is_all and places <= silent and all(map(_resolves, lost))):
        return None
    return Cause(REQUIREMENT, _WHY, tuple(found))


def _is_on(difference: Difference) -> bool:
    return difference.kind in _SWITCHES and difference.seen == "on"


def _resolves(crossing: Crossing) -> bool:
    """Return whether a packet asks for a neighbour's MAC address, or answers."""
    sightings = [*(s for hop in crossing.at_hops for s in hop), *crossing.elsewhere]
    packet = sightings[0].packet
    is_of_ipv6 = packet.protocol == "icmpv6" and packet.kind in _OF_NEIGHBOURS
    return packet.protocol == "arp" or is_of_ipv6
