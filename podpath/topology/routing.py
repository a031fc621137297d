"""Check how pods and the node route: one function for each requirement. Pure."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from podpath.cni.ipam import Range
from podpath.cni.network import Network
from podpath.model import (
    ANYWHERE,
    NODE,
    POD_INTERFACE,
    Address,
    Difference,
    Family,
    Interface,
    Namespace,
    Route,
    Settings,
    Subnet,
    Topology,
    listed,
)
from podpath.profiles import RouteRule, filled
from podpath.topology.comparison import Differences, no_host_end


def route(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that a pod has the routes of its profile and the configured ones, and no others."""
    differences = []
    for family in Family:
        expected = _configured(network, family, topology, pod)
        present = {
            r
            for r in topology.of_pod(pod).routes
            if r.destination.version == family.value and not _kernels_own(r)
        }
        present -= set(_own_addresses(topology.of_pod(pod)))
        differences += _exactly(f"pod {pod}", expected, present)
    return differences


def _exactly(where: str, expected: set[Route], present: set[Route]) -> Differences:
    return [
        Difference(kind, f"{where} {_text(route)}", *values)
        for kind, values, routes in (
            ("missing route", ("present", "absent"), expected - present),
            ("unexpected route", ("absent", "present"), present - expected),
        )
        for route in sorted(routes, key=str)
    ]


def _text(route: Route) -> str:
    via = f"via {route.gateway or 'the link'} dev {route.device}"
    return " ".join([str(route.destination), via, *route.particulars])


def _kernels_own(route: Route) -> bool:
    """Return whether a route is link-local or multicast IPv6, which every link that is up has."""
    return route.destination.version == Family.IPV6.value and (
        route.destination.is_link_local or route.destination.is_multicast
    )


def _configured(network: Network, family: Family, topology: Topology, pod: str) -> set[Route]:
    ranged = [a for a in _ranged(topology, network, pod) if a[0].version == family.value]
    if not ranged:
        return set()
    gateway = ranged[0][1].gateway  # of the first address (plugins, pkg/ipam, ConfigureIface)
    expected = {
        route
        for address, ip_range in ranged
        for route in _routes(network.profile.pod_routes, address, ip_range, POD_INTERFACE)
    }
    for route in network.ipam.routes:
        if route.destination.version == family.value:
            expected.add(Route(route.destination, route.gateway or gateway, POD_INTERFACE))
    if network.conflist.is_default_gateway:
        expected.add(Route(ip_network((ANYWHERE[family], 0)), gateway, POD_INTERFACE))
    return expected


def _ranged(topology: Topology, network: Network, pod: str) -> Iterator[tuple[Address, Range]]:
    """Yield a pod's addresses that are in a range, each with it; TOPO-ADDR reports the others."""
    for address in topology.everybody[pod].addresses:
        if ip_range := network.ipam.range_of(address):
            yield address, ip_range


def _routes(
    rules: Iterable[RouteRule], address: Address, ip_range: Range, device: str
) -> Iterator[Route]:
    """Yield the routes of some rules; a rule with a gateway has none without one."""
    for rule in rules:
        to, via = (
            filled(text, address, ip_range.subnet, ip_range.gateway) for text in (rule.to, rule.via)
        )
        if to and (via or not rule.via):
            yield Route(ip_network(to), ip_address(via) if via else None, device)


def rule(topology: Topology, pod: str) -> Differences:
    """Check that a pod has no routing rules but the kernel's own."""
    return [
        Difference("unexpected rule", f"pod {pod}", "the kernel's own rules only", rule.text)
        for rule in topology.of_pod(pod).rules
    ]


def host_end(topology: Topology, pod: str) -> Differences:
    """Check that the host end is up, has no master, and forwards the pod's IP versions."""
    end = topology.host_end(pod)
    if end is None:
        return [no_host_end(pod)]
    where = f"{NODE} {end.name} (pod {pod})"
    differences = [] if end.up else [Difference("interface down", where, "up", "down")]
    if end.master is not None:
        master = topology.node.by_index(end.master)
        differences.append(
            Difference("master", where, "none", master.name if master else "unknown")
        )
    for family in Family:
        has = any(a.version == family.value for a in topology.everybody[pod].addresses)
        if has and family not in end.settings.forwarding & topology.node.settings.forwarding:
            differences.append(Difference("forwarding", f"{where} IPv{family.value}", "on", "off"))
    return differences


def node_addr(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that the host end has the addresses of its profile: none for a bridge port."""
    end = topology.host_end(pod)
    if end is None:
        return [no_host_end(pod)]
    held = {
        str(a) for a in end.addresses if not a.ip.is_link_local or a.version == Family.IPV4.value
    }
    texts = (
        filled(text, address, ip_range.subnet, ip_range.gateway)
        for address, ip_range in _ranged(topology, network, pod)
        for text in network.profile.host_end
    )
    expected = set(filter(None, texts))
    where = f"{NODE} {end.name} (pod {pod})"
    differences = []
    if missing := expected - held:
        differences.append(Difference("missing address", where, listed(missing), listed(held)))
    if extra := held - expected:
        differences.append(Difference("unexpected address", where, listed(expected), listed(extra)))
    return differences


def node_route(topology: Topology, network: Network) -> Differences:
    """Check that the node reaches its pods only by the routes of their profile.

    No routing rule may name the pods' subnets, host ends or bridge.
    """
    addresses = [a for pod in topology.everybody.values() for a in pod.addresses]
    subnets = network.ipam.subnets(addresses)
    present = {r for r in topology.node.routes if any(_within(r.destination, s) for s in subnets)}
    present -= set(_own_addresses(topology.node))
    present -= set(_of_lower_link(topology, network))
    differences = _exactly(NODE, set(_node_routes(topology, network)), present)
    ends = topology.host_ends()
    for rule in topology.node.rules:
        prefixes = [n for n in (rule.source, rule.destination) if n is not None]
        names_pods = any(_within(n, s) for n in prefixes for s in subnets)
        if names_pods or (ends | {network.bridge}) & set(rule.interfaces):
            differences.append(
                Difference("unexpected rule", NODE, "none that is about pods", rule.text)
            )
    return differences


def _of_lower_link(topology: Topology, network: Network) -> Iterator[Route]:
    """Yield the connected routes of the lower link, whose network pods may share."""
    lower = topology.node.interface(network.lower(topology))
    if lower is not None:
        for address in lower.addresses:
            yield Route(address.network, None, lower.name)


def _node_routes(topology: Topology, network: Network) -> Iterable[Route]:
    for pod in topology.everybody:
        end = topology.host_end(pod)
        devices = {"master": network.bridge, "host-end": end.name if end else "?"}
        for address, ip_range in _ranged(topology, network, pod):
            for dev, device in devices.items():
                rules = [rule for rule in network.node_routes if rule.dev == dev]
                yield from _routes(rules, address, ip_range, device)


def _own_addresses(space: Namespace) -> Iterable[Route]:
    """Yield IPv6 routes to a link's own single address, as of host ends (addrconf_prefix_route)."""
    for link in space.interfaces:
        for address in link.addresses:
            if address.version == Family.IPV6.value and address.network.num_addresses == 1:
                yield Route(address.network, None, link.name)


def _within(inner: Subnet, outer: Subnet) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def settings(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that a pod forwards nothing, and that no interface on its path answers for others.

    Interfaces on the path are eth0, its host end and the bridge. Their flags must be the usual
    ones, and eth0 must be promiscuous only if "tuning" makes it so. Settings that a new namespace,
    or a new interface of the node, starts with come from the host, and are no differences
    (net/ipv4/devinet.c, devinet_init_net and inetdev_init).
    """
    inherited = topology.pods[pod].inherited
    inside = topology.of_pod(pod).interface(POD_INTERFACE)
    links: dict[str, Interface | None] = {
        f"host end of pod {pod}": topology.host_end(pod),
        f"{NODE} {network.bridge}": topology.node.interface(network.bridge),
    }
    differences = []
    for where, link in links.items():
        if link is not None:
            differences += _proxies(where, link.settings - inherited.node, "off")
    for where, link in links.items():
        if link is not None and link.flags:
            differences.append(Difference("flags", where, "none unusual", listed(link.flags)))
    if inside is not None:
        differences += _switches(f"pod {pod} {POD_INTERFACE}", inside, network)
    now = inside.settings if inside else Settings()
    return differences + switched(f"pod {pod}", now, inherited.pod, network)


def _switches(where: str, link: Interface, network: Network) -> Differences:
    """Check that a pod's interface has the switches that "tuning" turns on, and no others."""
    flags = {"all multicast"} if network.conflist.is_tuned("allmulti") else set()
    differences = []
    if link.flags != flags:
        expected = listed(flags) if flags else "none unusual"
        differences.append(Difference("flags", where, expected, listed(link.flags)))
    if link.promiscuous != network.conflist.is_tuned("promisc"):
        values = ("off", "on") if link.promiscuous else ("on", "off")
        differences.append(Difference("promiscuous", where, *values))
    return differences


def switched(where: str, now: Settings, before: Settings, network: Network) -> Differences:
    """Check that a pod's forwarding and proxies are the initial ones, changed as configured.

    Args:
        where: The place of the settings.
        now: The settings after ADD.
        before: The settings that the namespace started with.
        network: The configuration, and how its plugin wires pods.
    """
    on, off = network.conflist.switched
    extra, missing = now - ((before | on) - off), on - now
    return [
        *_proxies(where, extra, "off"),
        *_forwarding(where, extra, "off"),
        *_proxies(where, missing, "on"),
        *_forwarding(where, missing, "on"),
    ]


def _proxies(where: str, present: Settings, expected: str) -> Differences:
    return [Difference("proxy ARP", where, expected, _OTHER[expected])] if present.proxies else []


def _forwarding(where: str, present: Settings, expected: str) -> Differences:
    return [
        Difference("forwarding", f"{where} IPv{family.value}", expected, _OTHER[expected])
        for family in Family
        if family in present.forwarding
    ]


_OTHER = {"on": "off", "off": "on"}
