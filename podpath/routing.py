"""How pods and the node must route: one function a requirement. Pure.

As in wiring.py, each returns the differences; none means conforming.
"""

from ipaddress import ip_interface, ip_network

from podpath.conflist import Conflist
from podpath.expected import POD_INTERFACE
from podpath.model import (
    ANYWHERE,
    NODE,
    Difference,
    Family,
    Interface,
    Network,
    Route,
    Topology,
    listed,
)

#: What the kernel gives every lo that is up (net/ipv4/devinet.c, net/ipv6/addrconf.c).
_LOOPBACK = frozenset({ip_interface("127.0.0.1/8"), ip_interface("::1/128")})

Differences = list[Difference]


def routes(topology: Topology, conflist: Conflist, pod: str) -> Differences:
    """The pod's routes are the connected one and those that are configured, no others."""
    found = []
    for family in Family:
        wanted = _configured(conflist, family, topology, pod)
        present = {
            r
            for r in topology.of_pod(pod).routes
            if r.destination.version == family.value and not _kernels_own(r)
        }
        for kind, both, only in (
            ("missing route", ("present", "absent"), wanted - present),
            ("unexpected route", ("absent", "present"), present - wanted),
        ):
            found += [
                Difference(kind, f"pod {pod} {_text(route)}", *both)
                for route in sorted(only, key=str)
            ]
    return found


def _text(route: Route) -> str:
    via = f"via {route.gateway or 'the link'} dev {route.device}"
    return " ".join([str(route.destination), via, *route.particulars])


def _kernels_own(route: Route) -> bool:
    """IPv6's link-local and multicast routes, which every link that is up has."""
    return route.destination.version == Family.IPV6.value and (
        route.destination.is_link_local or route.destination.is_multicast
    )


def _configured(conflist: Conflist, family: Family, topology: Topology, pod: str) -> set[Route]:
    mine = [a for a in topology.pods[pod].addresses if a.version == family.value]
    ranges = [r for r in conflist.ranges_of(family) if any(a in r for a in mine)]
    if not ranges:
        return set()
    gateway = ranges[0].gateway
    wanted = {Route(ranges[0].subnet, None, POD_INTERFACE)}
    for route in conflist.routes:
        if route.destination.version == family.value:
            wanted.add(Route(route.destination, route.gateway or gateway, POD_INTERFACE))
    if conflist.is_default_gateway:
        wanted.add(Route(ip_network((ANYWHERE[family], 0)), gateway, POD_INTERFACE))
    return wanted


def rules(topology: Topology, pod: str) -> Differences:
    """The pod's routing policy is the kernel's own."""
    return [
        Difference("unexpected rule", f"pod {pod}", "the kernel's own rules only", rule.text)
        for rule in topology.of_pod(pod).rules
    ]


def loopback(topology: Topology, pod: str) -> Differences:
    """The pod's lo holds the loopback address of each IP version that it has, and no other."""
    lo = topology.of_pod(pod).interface("lo")
    where = f"pod {pod} lo"
    if lo is None:
        return [Difference("missing interface", where, "present", "absent")]
    held = set(lo.addresses)
    found = []
    if not any(a.version == Family.IPV4.value for a in held & _LOOPBACK):
        found.append(Difference("missing address", where, "127.0.0.1/8", listed(held)))
    if held - _LOOPBACK:
        found.append(
            Difference("unexpected address", where, "127.0.0.1/8 only", listed(held - _LOOPBACK))
        )
    return found


def host_end(topology: Topology, pod: str) -> Differences:
    """The host end holds no address but the link's own: a bridge port is no router."""
    end = topology.host_end(pod)
    if end is None:
        return [
            Difference("peer", f"pod {pod} {POD_INTERFACE}", "an interface of the node", "none")
        ]
    held = [a for a in end.addresses if not a.ip.is_link_local or a.version == Family.IPV4.value]
    where = f"{NODE} {end.name} (pod {pod})"
    return [Difference("unexpected address", where, "none", listed(held))] if held else []


def node(topology: Topology, conflist: Conflist) -> Differences:
    """What the node has for its pods is sent to the bridge, by the connected route alone."""
    subnets = [r.subnet for r in conflist.ranges]
    found = []
    for route in topology.node.routes:
        inside = [s for s in subnets if _within(route.destination, s)]
        connected = route.destination in subnets and not route.gateway and not route.particulars
        if inside and not (connected and route.device == conflist.bridge):
            where = f"{NODE} {_text(route)}"
            found.append(Difference("unexpected route", where, "absent", "present"))
    ends = topology.host_ends()
    for rule in topology.node.rules:
        about = [n for n in (rule.source, rule.destination) if n is not None]
        pods = any(_within(n, s) for n in about for s in subnets)
        if pods or ends & set(rule.interfaces) or conflist.bridge in rule.interfaces:
            found.append(Difference("unexpected rule", NODE, "none that is about pods", rule.text))
    return found


def _within(one: Network, other: Network) -> bool:
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]


def settings(topology: Topology, conflist: Conflist, pod: str) -> Differences:
    """A pod does not forward, and neither it, its host end nor the bridge answers for others.

    Nor do their interfaces hear less than others of their kind, or the pod's more.
    """
    space = topology.of_pod(pod)
    links: dict[str, Interface | None] = {
        f"pod {pod} {POD_INTERFACE}": space.interface(POD_INTERFACE),
        f"host end of pod {pod}": topology.host_end(pod),
        f"{NODE} {conflist.bridge}": topology.node.interface(conflist.bridge),
    }
    found = [
        Difference("proxy ARP", where, "off", "on")
        for where, link in links.items()
        if link is not None and link.proxy_arp
    ]
    found += [
        Difference("flags", where, "none unusual", listed(link.flags))
        for where, link in links.items()
        if link is not None and link.flags
    ]
    inside = space.interface(POD_INTERFACE)
    if inside and inside.promiscuous:
        found.append(Difference("promiscuous", f"pod {pod} {POD_INTERFACE}", "off", "on"))
    for family in Family:
        if family in space.forwarding or (inside and family in inside.forwarding):
            found.append(Difference("forwarding", f"pod {pod} IPv{family.value}", "off", "on"))
    return found
