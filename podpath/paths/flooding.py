"""Packets that a bridge floods, as it does not know their MAC address yet, or no more. Pure.

A bridge forgets what it learned after some minutes, when a port goes down, and when it goes down
itself (net/bridge/br_fdb.c), while its pods remember each other.
"""

from collections.abc import Container, Sequence

from podpath.cni.network import Network
from podpath.model import Difference, Topology
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import UNEXPECTED
from podpath.topology import bridge
from podpath.topology.cause import Cause

_PORT, _FDB = "TOPO-BRIDGE-PORT", "TOPO-FDB"


def is_all(judgement: Judgement, known: Container[str]) -> bool:
    """Return whether packets differ in nothing but that a bridge did not know their MAC address.

    Args:
        judgement: The sightings, compared with the expected paths.
        known: MAC addresses of which the bridge had an entry before the traffic.
    """
    differing = [crossing for crossing in judgement.crossings if crossing.differences]
    of_packets = {d for crossing in differing for d in crossing.differences}
    return (
        bool(differing)
        and all(d.kind == UNEXPECTED and d in of_packets for d in judgement.differences)
        and all(s.packet.mac_destination not in known for c in differing for s in c.elsewhere)
    )


def cause(
    judgement: Judgement, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Return the violation because of which the bridge floods all packets that differ, or None.

    Args:
        judgement: The sightings, compared with the expected paths.
        differences: The differences that the test failed with.
        topology: The node and its pods when the traffic was over.
        network: The configuration, and how its plugin wires pods.
    """
    known = {entry.mac for entry in topology.node.fdb if entry.bridge == network.bridge}
    is_known = all(d.kind == "FDB" or d in judgement.differences for d in differences)
    if not network.is_bridged or not is_known or not is_all(judgement, known):
        return None
    pods = topology.pods
    ports = [d for pod in pods for d in bridge.bridge_port(topology, network, pod)]
    if unlearning := [d for d in ports if d.kind == "learning"]:
        return Cause(_PORT, "a port of the bridge learns nothing", tuple(unlearning))
    entries = [d for pod in pods for d in bridge.fdb(topology, network, pod)]
    why = "the bridge does not remember where pods are"
    return Cause(_FDB, why, tuple(dict.fromkeys(entries))) if entries else None
