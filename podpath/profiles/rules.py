"""Values of a profile: the wiring of a kind of plugin. Pure.

The texts of addresses and routes have placeholders: {pod} is the pod's address; {gateway}, {subnet}
and {length} are the gateway, the subnet and the prefix length of its range; {all} is the prefix
length of a single address, and {anywhere} the network of all addresses.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from podpath.model import ANYWHERE, Address, Family, Subnet

#: Conditions that a rule may depend on: it applies only if the conflist meets them.
CONDITIONS = ("gateway", "hairpin")

#: Names that stand for several pods, with one hop each.
PLURAL = frozenset({"others", "bystanders"})

#: Name in a rule for the peer of a pod's eth0.
HOST_END = "host-end"

#: Name in a rule for the node's interface to the outside.
UPLINK = "uplink"

#: Names in a rule for the gateway's interface and its port of the bridge, if pods are in a VLAN.
GATEWAY, GATEWAY_PORT = "gateway", "gateway-port"

#: Target of the address resolution of pods whose neighbours are all permanent.
NO_TARGET = "none"

#: Those who may turn on the node's forwarding, the default first.
PLUGIN, ADMINISTRATOR = "plugin", "administrator"

#: Kinds of links that lie on a link of the node -> their modes, as ip-link(8) names them.
MODES: Mapping[str, tuple[str, ...]] = {
    "macvlan": ("bridge", "passthru", "private", "source", "vepa"),
    "ipvlan": ("l2", "l3", "l3s"),
}


def _without_host_end(kind: str) -> Mapping[str, str]:
    return {
        "TOPO-VETH-PEER": f"pods have {kind} links, see TOPO-LOWER-LINK",
        "TOPO-HOST-END": f"pods have {kind} links, and so no host ends",
        "TOPO-NODE-ADDR": f"pods have {kind} links, and so no host ends",
    }


#: Kinds of pods' links: requirement -> reason why it does not apply to such a link.
KINDS: Mapping[str, Mapping[str, str]] = {
    "veth": {"TOPO-LOWER-LINK": "pods have veth pairs, see TOPO-VETH-PEER"},
    **{kind: _without_host_end(kind) for kind in MODES},
}

#: Kinds of links that have the MAC address of their lower link.
SHARING_MAC = frozenset({"ipvlan"})


@dataclass(frozen=True, slots=True)
class HopRule:
    """One hop of a path, before the path's pods are known.

    Attributes:
        id: name of the hop in its path.
        at: "source", "destination", "node", "others" (every other pod of the network) or
            "bystanders" (these without the destination).
        interface: "pod" (the pod's eth0), "lo", "source", "destination", "others" or "bystanders"
            (the host end of that pod's eth0), "master" (the master of the host ends), "lower" (the
            lower link of pods' links), "uplink" (the interface to the outside), "gateway" and
            "gateway-port" (the gateway's interface in pods' VLAN, and its port of the bridge).
        direction: as in model.Hop.
        after: ids of the hops that come before it.
        ttl: as in model.Hop.
        rewritten: as in model.Hop.
        routed: the MAC addresses are those of the host end and of the pod's eth0, to which the
            node has sent the packet.
        translated: the packet has other addresses, as a pod's in place of its Service's.
        early: translated except for the source address, which is translated on the way out.
        optional: the kernel may also send a packet without this hop.
        tagged: the packet has the tag of the pods' VLAN.
        when: one of CONDITIONS, without which the hop does not exist; empty if it always exists.
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
    tagged: bool = False
    when: str = ""


#: The interface of a hop on the link that limits what the source sends.
LIMITER = "limiter"


def limited(rules: Sequence[HopRule]) -> tuple[HopRule, ...]:
    """Return the rules of a path whose source is limited in what it sends.

    What comes in on the source's host end passes the limiter before it goes on.
    """
    entries = {r.id for r in rules if (r.at, r.interface, r.direction) == ("node", "source", "in")}
    through = {identifier: f"{identifier}-{LIMITER}" for identifier in entries}
    with_limiter = []
    for rule in rules:
        after = tuple(through.get(identifier, identifier) for identifier in rule.after)
        with_limiter.append(replace(rule, after=after))
        if rule.id in through:
            hop = replace(rule, id=through[rule.id], interface=LIMITER, after=(rule.id,))
            with_limiter.append(replace(hop, direction="out"))
    return tuple(with_limiter)


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One route.

    Attributes:
        to: destination network.
        via: gateway; empty for a route on the link.
        dev: on the node, "host-end", "master" or "gateway"; empty in a pod, where it is eth0.
        when: as in HopRule.
        family: IP version of the pods' addresses that have the route; None for both.
    """

    to: str
    via: str = ""
    dev: str = ""
    when: str = ""
    family: Family | None = None

    def has(self, address: Address) -> bool:
        """Return whether the route exists for a pod's address."""
        return self.family is None or self.family.value == address.version


@dataclass(frozen=True, slots=True)
class NeighbourRule:
    """One permanent neighbour of a pod.

    Attributes:
        address: its IP address.
        mac: its MAC address, or HOST_END for that of the pod's own host end.
    """

    address: str
    mac: str


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule of the node's routing policy for each address of a pod.

    Attributes:
        table: number of the routing table.
        source: network that the source must be in; empty for any.
        destination: network that the destination must be in; empty for any.
    """

    table: int
    source: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class HostEnd:
    """Settings of the host end of a pod's veth.

    Attributes:
        addresses: its addresses; it must have no others.
        mac: MAC address of all host ends; empty if each has its own.
        proxy_arp: True if it answers ARP for other hosts.
    """

    addresses: tuple[str, ...] = ()
    mac: str = ""
    proxy_arp: bool = False


@dataclass(frozen=True, slots=True)
class Master:
    """Interface to which host ends are enslaved.

    Attributes:
        kind: kind of link.
        key: key of the plugin's configuration that names it.
        default: its name if the configuration has no such key.
        ports: further interfaces that are enslaved to it; UPLINK for the node's uplink.
    """

    kind: str
    key: str
    default: str
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lower:
    """Lower link of pods' links.

    Attributes:
        key: key of the plugin's configuration that names it. Without the key, it is the interface
            of the node's default route.
        mode: mode of pods' links, for which the paths are written.
        mode_key: key of the plugin's configuration that may name another mode.
        arp: True if pods' links resolve addresses; without, they have the flag "no ARP".
    """

    key: str
    mode: str
    mode_key: str = ""
    arp: bool = True


@dataclass(frozen=True, slots=True)
class Resolution:
    """Address resolution: how a pod finds the MAC address for packets to another pod.

    Attributes:
        target: whose address the request asks for, "destination" or "gateway"; NO_TARGET for pods
            that send no request.
        request: kind of path of an ARP request; empty without a request.
        solicitation: kind of path of an IPv6 neighbour solicitation; empty without a request.
        reply: kind of path of the reply; empty without a request.
    """

    target: str
    request: str = ""
    solicitation: str = ""
    reply: str = ""

    def question(self, family: Family) -> str:
        """Return the kind of path of the request of an IP version."""
        return self.request if family is Family.IPV4 else self.solicitation


def filled(text: str, pod: Address, subnet: Subnet, gateway: Address | None) -> str:
    """Return a text of a profile with its placeholders filled in; empty if it lacks the gateway.

    Raises:
        KeyError: a placeholder is unknown.
    """
    if gateway is None and "{gateway}" in text:
        return ""
    values: dict[str, object] = {
        "pod": pod,
        "subnet": subnet,
        "gateway": gateway,
        "length": subnet.prefixlen,
        "all": subnet.max_prefixlen,
        "anywhere": f"{ANYWHERE[Family(pod.version)]}/0",
    }
    return re.sub(r"\{(\w*)\}", lambda placeholder: str(values[placeholder[1]]), text)
