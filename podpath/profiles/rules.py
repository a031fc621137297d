"""What a profile says: how a kind of plugin wires pods, as values. Pure.

In the texts of addresses and routes, {pod} stands for the pod's address, {gateway}, {subnet} and
{length} for its range's gateway, subnet and prefix length, {all} for the length of a prefix that is
one address alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from podpath.model import Address, Family, Subnet, Topology

#: What a rule may wait for: that it is configured.
FEATURES = ("gateway", "hairpin")

#: What stands for several pods, a hop each.
PLURAL = frozenset({"others", "bystanders"})

_VETH, _MACVLAN = "pods have veth pairs", "pods have macvlan links"

#: The kinds of links that pods may have: requirement -> why it cannot be asked of such a link.
KINDS: Mapping[str, Mapping[str, str]] = {
    "veth": {"TOPO-LOWER-LINK": f"{_VETH}, see TOPO-VETH-PEER"},
    "macvlan": {
        "TOPO-VETH-PEER": f"{_MACVLAN}, see TOPO-LOWER-LINK",
        "TOPO-HOST-END": f"{_MACVLAN}, and so no host ends",
        "TOPO-NODE-ADDR": f"{_MACVLAN}, and so no host ends",
    },
}


@dataclass(frozen=True, slots=True)
class HopRule:
    """One hop of a path, before it is known which pods it joins.

    at: "source", "destination", "node", "others" (every other pod of the network) or "bystanders"
    (these without the destination); interface: "pod" (the pod's eth0), "lo", "source",
    "destination", "others" or "bystanders" (the host end of that pod's eth0), "master" (what they
    are enslaved to), "lower" (what pods' links lie on), "uplink" (the node's own, to the outside);
    the rest as in model.Hop, with `after` naming hops by their id. translated: with other
    addresses, as a Service's for the pod's. early: translated but for the source address, which is
    left for the way out. routed: the MAC addresses are those of the host end and of the pod's eth0,
    to which the node has sent the packet. optional: a packet may also go without it, as the kernel
    sees fit. when: the hop exists only if this is configured, one of FEATURES.
    """

    id: str
    at: str
    interface: str
    direction: str
    after: tuple[str, ...] = ()
    ttl: int = 0
    rewritten: bool = False
    routed: bool = False
    translated: bool = False
    early: bool = False
    optional: bool = False
    when: str = ""


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One route: to a network, via a gateway or else on the link.

    dev: on the node, "host-end" or "master"; in a pod it is eth0. when: as in HopRule.
    """

    to: str
    via: str = ""
    dev: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Master:
    """What host ends are enslaved to: its kind; and the key of the plugin's configuration that
    names it, with the name that it has without.
    """  # noqa: D205

    kind: str
    key: str
    default: str


@dataclass(frozen=True, slots=True)
class Lower:
    """What pods' links lie on: the key of the plugin's configuration that names it.

    Without, it is the interface of the node's default route. mode: the links', of which the paths
    are; mode_key: the key of the configuration that may name another one.
    """

    key: str
    mode: str
    mode_key: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a pod finds the MAC address for packets to another one.

    asked: "destination" or "gateway"; request, solicitation, reply: kinds of path of ARP's
    question, of IPv6's, and of the answer.
    """

    asked: str
    request: str
    solicitation: str
    reply: str

    def question(self, family: Family) -> str:
        """The kind of path of an IP version's question."""
        return self.request if family is Family.IPV4 else self.solicitation


@dataclass(frozen=True, slots=True)
class Profile:
    """How a kind of plugin wires pods.

    plugins: the plugin types it is for; kind: of the pods' links, one of KINDS; lower: what they
    lie on, if they do; master: None where host ends are enslaved to nothing; promiscuous: what
    must be made so for a hop to be seen ("master"); address: a pod's, with its prefix length;
    pod_routes: beside those that are configured; host_end: the addresses that a host end holds;
    node_routes: what the node must have for its pods, and no more; not_applicable: requirement ->
    why it cannot be asked of this kind of plugin; paths: kind of flow -> its hops.
    """

    name: str
    plugins: tuple[str, ...]
    kind: str
    lower: Lower | None
    master: Master | None
    promiscuous: tuple[str, ...]
    address: str
    pod_routes: tuple[RouteRule, ...]
    host_end: tuple[str, ...]
    node_routes: tuple[RouteRule, ...]
    resolution: Resolution
    not_applicable: Mapping[str, str]
    paths: Mapping[str, tuple[HopRule, ...]]

    def master_in(self, section: Mapping[str, object]) -> str:
        """The name of the master in a plugin's configuration; empty if there is none."""
        return str(section.get(self.master.key) or self.master.default) if self.master else ""

    def lower_in(self, section: Mapping[str, object], topology: Topology) -> str:
        """The name of what pods' links must lie on; empty if that is nothing."""
        return str(section.get(self.lower.key) or topology.default_link) if self.lower else ""

    def mode_in(self, section: Mapping[str, object]) -> str:
        """The mode that a plugin's configuration asks for; empty if links have none."""
        return str(section.get(self.lower.mode_key) or self.lower.mode) if self.lower else ""


def filled(text: str, pod: Address, subnet: Subnet, gateway: Address) -> str:
    """A text of a profile, with what it stands for. Raises KeyError for what stands for nothing."""
    values: dict[str, object] = {
        "pod": pod,
        "subnet": subnet,
        "gateway": gateway,
        "length": subnet.prefixlen,
        "all": subnet.max_prefixlen,
    }
    return re.sub(r"\{(\w*)\}", lambda found: str(values[found[1]]), text)
