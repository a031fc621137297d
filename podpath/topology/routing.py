"""Check how pods and the node route: one function for each requirement. Pure."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_interface, ip_network

from podpath.cni import reference
from podpath.cni.ipam import Range
from podpath.cni.network import Network
from podpath.model import (
    ANYWHERE,
    NODE,
    POD_INTERFACE,
    Address,
    Difference,
    Family,
    Namespace,
    Route,
    Subnet,
    Topology,
    is_within,
    listed,
)
from podpath.profiles import GATEWAY, HOST_END, RouteRule, filled
from podpath.topology import neighbours, routes
from podpath.topology.comparison import Differences, no_host_end


def route(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that a pod has the routes of its profile and the configured ones, and no others.

    Permanent neighbours, to which a route may lead, must be those of the profile, too.
    """
    differences = _neighbours(topology, network, pod)
    for family in Family:
        expected = _configured(network, family, topology, pod)
        present = {
            r
            for r in topology.of_pod(pod).routes
            if r.destination.version == family.value and not _kernels_own(r)
        }
        present -= set(_own_addresses(topology.of_pod(pod)))
        expected = _as_reported(expected, present, topology, network, pod)
        both = (
            set(routes.with_attributes(some, network.ipam.routes)) for some in (expected, present)
        )
        differences += routes.exactly(f"pod {pod}", *both)
    return differences


def _neighbours(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that the permanent neighbours of a pod are those of the profile."""
    end = topology.host_end(pod)
    expected = {
        filled(rule.address, address, ip_range.subnet, ip_range.gateway): (
            rule.mac if rule.mac != HOST_END else end.mac if end else "the host end's"
        )
        for address, ip_range in _ranged(topology, network, pod)
        for rule in network.profile.neighbours
    }
    expected.pop("", None)  # a pod without a gateway has no neighbour there
    own = {(a.ip, link.mac) for link in topology.node.interfaces for a in link.addresses}
    held = {
        str(n.address): n.mac
        for n in topology.of_pod(pod).neighbours
        if n.device == POD_INTERFACE
        and not n.address.is_multicast
        # an entry that spares a request to the node for its own MAC address
        and ((n.address, n.mac) not in own or str(n.address) in expected)
    }
    return [
        Difference(
            neighbours.NEIGHBOUR,
            f"pod {pod} {address}",
            expected.get(address, "none"),
            held.get(address, "none"),
        )
        for address in sorted(expected.keys() | held.keys())
        if expected.get(address) != held.get(address)
    ]


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
            via = None if route.on_link else route.gateway or gateway
            expected.add(
                Route(
                    *(route.destination, via, POD_INTERFACE, route.particulars),
                    metric=route.metric,
                    scope=route.scope or 0,
                )
            )
    if network.conflist.is_default_gateway:
        expected.add(Route(ip_network((ANYWHERE[family], 0)), gateway, POD_INTERFACE))
    return expected


def _as_reported(
    expected: set[Route], present: set[Route], topology: Topology, network: Network, pod: str
) -> set[Route]:
    """Return the routes of a pod as changed by a chained plugin that podpath does not know.

    Such as route-override, which adds and deletes routes by a gateway: the chain's result tells.
    """
    chained = network.conflist.plugins[network.conflist.main + 1 :]
    if not any(reference.others(chained)) or pod not in topology.pods:
        return expected
    reported = topology.pods[pod].result.get("routes")
    entries = [e for e in reported if isinstance(e, dict)] if isinstance(reported, list) else []
    ways = {(str(e.get("dst")), str(e.get("gw"))) for e in entries}
    destinations = {destination for destination, _ in ways}
    added = {r for r in present if (str(r.destination), str(r.gateway)) in ways}
    deleted = {
        r for r in expected - present if r.gateway and str(r.destination) not in destinations
    }
    return (expected - deleted) | added


def _ranged(topology: Topology, network: Network, pod: str) -> Iterator[tuple[Address, Range]]:
    """Yield a pod's addresses that are in a range, each with it; TOPO-ADDR reports the others."""
    for address in topology.everybody[pod].addresses:
        if ip_range := network.ipam.range_of(address):
            yield address, ip_range


def _routes(
    rules: Iterable[RouteRule], address: Address, ip_range: Range, device: str
) -> Iterator[Route]:
    """Yield the routes of an address; a rule with a gateway has none without one."""
    for rule in filter(lambda rule: rule.has(address), rules):
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


def node_addr(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that the host end has the addresses of its profile: none for a bridge port."""
    end = topology.host_end(pod)
    if end is None:
        return [no_host_end(pod)]
    filled_in = (
        (filled(text, address, ip_range.subnet, ip_range.gateway), address)
        for address, ip_range in _ranged(topology, network, pod)
        for text in network.profile.host_end.addresses
    )
    own = ((ip_interface(text), address) for text, address in filled_in if text)
    expected = {str(held) for held, address in own if held.version == address.version}
    # The kernel gives each link that is up an IPv6 link-local address.
    kernels = {str(a) for a in end.addresses if a.version == 6 and a.ip.is_link_local} - expected
    held = {str(a) for a in end.addresses} - kernels
    where = f"{NODE} {end.name} (pod {pod})"
    differences = []
    if missing := expected - held:
        differences.append(Difference("missing address", where, listed(missing), listed(held)))
    if extra := held - expected:
        differences.append(Difference("unexpected address", where, listed(expected), listed(extra)))
    return differences


def node_route(topology: Topology, network: Network) -> Differences:
    """Check that the node reaches its pods only by the routes of their profile.

    No routing rule may name the pods' subnets, host ends or bridge, and no permanent neighbour may
    have another MAC address than its pod.
    """
    addresses = [a for pod in topology.everybody.values() for a in pod.addresses]
    subnets = network.ipam.subnets(addresses)
    present = {r for r in topology.node.routes if any(is_within(r.destination, s) for s in subnets)}
    present -= set(_own_addresses(topology.node))
    present -= set(_of_shared_links(topology, network))
    differences = routes.exactly(NODE, set(_node_routes(topology, network)), present)
    return [*differences, *_node_rules(topology, network, subnets), *neighbours.of_node(topology)]


def _node_rules(topology: Topology, network: Network, subnets: Iterable[Subnet]) -> Differences:
    """Check that the rules that name pods are those of the profile, one for each address."""
    missing = dict.fromkeys(_policy(topology, network))
    ends = topology.host_ends() | network.own_links(topology)
    differences = []
    for rule in topology.node.rules:
        key = (rule.table, rule.source, rule.destination)
        if key in missing and not rule.interfaces:
            del missing[key]
            continue
        prefixes = [n for n in (rule.source, rule.destination) if n is not None]
        names_pods = any(is_within(n, s) for n in prefixes for s in subnets)
        if names_pods or ends & set(rule.interfaces):
            differences.append(
                Difference("unexpected rule", NODE, "none that is about pods", rule.text)
            )
    for table, source, destination in missing:
        names = " ".join(f"{end} {n}" for end, n in (("from", source), ("to", destination)) if n)
        differences.append(Difference("missing rule", f"{NODE} {names}", f"table {table}", "none"))
    return differences


def _policy(
    topology: Topology, network: Network
) -> Iterator[tuple[int, Subnet | None, Subnet | None]]:
    """Yield the routing rules that the node must have: table, source and destination."""
    for pod in topology.everybody:
        for address, ip_range in _ranged(topology, network, pod):
            for rule in network.profile.node_rules:
                source, destination = (
                    ip_network(filled(text, address, ip_range.subnet, ip_range.gateway))
                    if text
                    else None
                    for text in (rule.source, rule.destination)
                )
                yield rule.table, source, destination


def _of_shared_links(topology: Topology, network: Network) -> Iterator[Route]:
    """Yield the connected routes of the node's own links, whose networks pods may share.

    These are the lower link, and ports of the bridge beside host ends; the node's address may be on
    such a port, or on the bridge.
    """
    ports = network.ports(topology)
    shared = {network.lower(topology), *ports, network.bridge if ports else ""}
    for link in filter(None, map(topology.node.interface, sorted(shared))):
        for address in link.addresses:
            yield Route(address.network, None, link.name)


def _node_routes(topology: Topology, network: Network) -> Iterable[Route]:
    for pod in topology.everybody:
        end = topology.host_end(pod)
        devices = {
            "master": network.bridge,
            HOST_END: end.name if end else "?",
            GATEWAY: network.vlan_gateway,
        }
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
