"""Violations of TOPO that decide where packets go, or who hears them, whatever sends them. Pure.

Packets that go astray beside such a violation prove nothing else: it is told in their place.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from podpath.cni.network import Network
from podpath.model import Difference, Family, Topology
from podpath.topology.cause import Cause
from podpath.topology.wiring import Wiring

#: Requirements that are not of each pod.
_OF_NODE = frozenset({"TOPO-BRIDGE-GATEWAY", "TOPO-BRIDGE-MEMBERS"})
_BEYOND = frozenset({"PATH-MASQUERADE", "PATH-PORTMAP", "LIFE-PORTMAP"})
#: On a cluster, podpath waits until the node itself reaches a Service's pod.
_BY_GATEWAY = _BEYOND | {"PATH-GATEWAY", "K8S-SERVICE", "K8S-HAIRPIN", "K8S-PROBE"}
_NEIGHBOURS = frozenset({"PATH-ARP"})
_BROADCASTS = _NEIGHBOURS | {"PATH-BYSTANDER"}
_VLAN = frozenset({"PATH-VLAN"})
#: Kinds of difference that are of one IP version.
_OF_FAMILY = {"proxy ARP": Family.IPV4, "MTU of IPv6": Family.IPV6}
_ISOLATION = frozenset({"PATH-ISOLATION"})
_BETWEEN_PODS = _BROADCASTS | {
    *("PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-UNCHANGED", "PATH-SIZE", "PATH-MTU"),
    *("PATH-CONTAINER", "PATH-CONCURRENT", "LIFE-OTHERS", "LIFE-SURVIVOR"),
}


@dataclass(frozen=True, slots=True)
class _Rule:
    """What of a requirement decides about packets.

    Attributes:
        requirement: Id of the requirement.
        consequence: Reason why tests of these packets count as not run.
        differs: Kind and seen value of the differences; a text for the kind alone; none for all.
        packets: Ids of the requirements on such packets; none for all.
        of_all: Whether the pods that a test does not name count, too.
    """

    requirement: str
    consequence: str
    differs: frozenset[str | tuple[str, str]] = frozenset()
    packets: frozenset[str] = frozenset()
    of_all: bool = False

    def has(self, difference: Difference) -> bool:
        """Return whether a difference is one that decides about packets."""
        named = {difference.kind, (difference.kind, difference.seen)}
        return not self.differs or not named.isdisjoint(self.differs)


_RULES = (
    _Rule(
        "TOPO-LOWER-LINK",
        "a pod's interface is on another link, or of another mode",
    ),
    _Rule(
        "TOPO-SETTINGS",
        "a host end does not answer for the gateway's address",
        frozenset({("proxy ARP", "off")}),
    ),
    _Rule(
        "TOPO-SETTINGS",
        "an interface answers requests for other pods' MAC addresses",
        frozenset({("proxy ARP", "on")}),
        _NEIGHBOURS | _ISOLATION,
        of_all=True,
    ),
    _Rule(
        "TOPO-HOST-END",
        "a host end does not forward, or is a port of a bridge",
        frozenset({"forwarding", "master"}),
    ),
    _Rule(
        "TOPO-BRIDGE-GATEWAY",
        "the node does not forward what comes from the bridge",
        frozenset({"forwarding"}),
        _BEYOND,
    ),
    _Rule(
        "TOPO-BRIDGE-GATEWAY",
        "the bridge lacks the gateway's address",
        frozenset({"gateway address"}),
        _BY_GATEWAY,
    ),
    _Rule(
        "TOPO-BRIDGE-GATEWAY",
        "the bridge keeps VLANs apart unasked, or does not",
        frozenset({"VLAN filtering"}),
    ),
    _Rule(
        "TOPO-BRIDGE-GATEWAY",
        "the gateway's port is in other VLANs",
        frozenset({"VLANs"}),
        _BY_GATEWAY | _VLAN,
    ),
    _Rule(
        "TOPO-BRIDGE-PORT",
        "a host end is no port of the bridge",
        frozenset({"master", "bridge port"}),
    ),
    _Rule(
        "TOPO-BRIDGE-PORT",
        "a port of the bridge is in other VLANs",
        frozenset({"VLANs"}),
    ),
    _Rule(
        "TOPO-BRIDGE-PORT",
        "a port of the bridge is in other VLANs",
        frozenset({"VLANs"}),
        _BROADCASTS | _VLAN,
        of_all=True,
    ),
    _Rule(
        "TOPO-BRIDGE-PORT",
        "a port is not isolated",
        frozenset({("isolation", "off")}),
        _ISOLATION,
    ),
    _Rule(
        "TOPO-BRIDGE-PORT",
        "a port is isolated",
        frozenset({("isolation", "on")}),
        _BETWEEN_PODS,
    ),
    _Rule(
        "TOPO-BRIDGE-PORT",
        "a port sends frames back, or does not get what is for all",
        frozenset({"hairpin", "bcast_flood", "mcast_flood"}),
        _BROADCASTS,
        of_all=True,
    ),
    _Rule(
        "TOPO-BRIDGE-PORT",
        "a port of the bridge gets no requests for neighbours",
        frozenset({("bcast_flood", "off"), ("mcast_flood", "off"), ("neigh_suppress", "on")}),
    ),
    _Rule(
        "TOPO-BRIDGE-MEMBERS",
        "the bridge lacks a port",
        frozenset({"missing port"}),
        _NEIGHBOURS,
    ),
    _Rule(
        "TOPO-MTU",
        "a pod's path has another MTU",
        frozenset({"MTU of IPv6"}),
    ),
    _Rule(
        "TOPO-MTU",
        "a pod's path has another MTU",
        packets=frozenset({"PATH-MTU"}),
    ),
)


def causes(
    requirements: Iterable[str],
    pods: Sequence[str],
    family: Family | None,
    topology: Topology,
    network: Network,
) -> Iterator[Cause]:
    """Yield the violations that decide where the packets of a test go.

    Args:
        requirements: Ids of the test's requirements.
        pods: Names of the pods that it is about.
        family: IP version of its packets; None for all.
        topology: The node and its pods.
        network: The configuration, and how its plugin wires pods.
    """
    ids, wiring = set(requirements), Wiring(topology, network)
    for rule in _RULES:
        if rule.requirement in network.not_applicable or (rule.packets and not ids & rule.packets):
            continue
        if rule.requirement in _OF_NODE:
            of_rule = wiring.differences(rule.requirement)
        else:
            concerned = topology.pods if rule.of_all else pods
            of_rule = [d for p in concerned for d in wiring.differences(rule.requirement, p)]
        found = dict.fromkeys(d for d in of_rule if rule.has(d) and _is_of(d, family))
        if found:
            yield Cause(rule.requirement, rule.consequence, tuple(found))


def _is_of(difference: Difference, family: Family | None) -> bool:
    """Return whether a difference is one for packets of an IP version; None for both."""
    if family is None:
        return True
    if difference.kind == "gateway address":
        held = difference.seen if difference.expected == "none" else difference.expected
        return (":" in held) == (family is Family.IPV6)
    if difference.kind in _OF_FAMILY:
        return family is _OF_FAMILY[difference.kind]
    others = tuple(f"IPv{one.value}" for one in Family if one is not family)
    return not str(difference.where).endswith(others)
