"""A first look at the pods, for what a conflist does not state. Pure.

An unknown IPAM does not state ranges and routes. An unknown plugin need not name its bridge, and
may add a default route by itself.

The prefix length and the gateway of an address are those of the plugin's result. Where it names no
gateway, a pod's default route does. TOPO then compares them with the kernel's, and all pods with
each other.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from podpath.cni.fields import Malformed
from podpath.cni.ipam import Ipam, Range
from podpath.cni.network import Network
from podpath.cni.routes import ConfiguredRoute
from podpath.model import (
    ANYWHERE,
    POD_INTERFACE,
    Address,
    AddressWithPrefix,
    Family,
    PodNetwork,
    Topology,
)
from podpath.profiles import Profile


def completed(network: Network, topology: Topology) -> Network:
    """Return the network with the addresses, routes and bridge that its first pods show.

    A network whose conflist states them is returned as it is.
    """
    if network.profile.is_lent:
        network = replace(network, profile=_with_master(network.profile, topology))
    elif network.ipam.is_stated:
        return network
    ipam = (
        _with_routes(network.ipam, topology) if network.ipam.is_stated else _seen(network, topology)
    )
    conflist = replace(network.conflist, ipam=ipam, is_gateway=_is_gateway(network, topology, ipam))
    return replace(network, conflist=conflist)


def _with_master(profile: Profile, topology: Topology) -> Profile:
    """Return the profile with the master that the host ends have, if all have the same one."""
    ends = [topology.host_end(pod) for pod in topology.pods]
    indexes = {end.master for end in ends if end}
    master = topology.node.by_index(indexes.pop()) if len(indexes) == 1 else None
    if profile.master is None or master is None or master.kind != profile.master.kind:
        return profile
    return replace(profile, master=replace(profile.master, default=master.name))


def _with_routes(ipam: Ipam, topology: Topology) -> Ipam:
    """Return an IPAM with the routes that the plugin adds to the configured ones."""
    configured = dict.fromkeys(route.destination for route in ipam.routes)
    routes = (r for pod in topology.pods for r in _routes(topology, pod, ipam.ranges))
    added = dict.fromkeys(r for r in routes if r.destination not in configured)
    return replace(ipam, routes=(*ipam.routes, *added))


def _seen(network: Network, topology: Topology) -> Ipam:
    """Return the IPAM with the ranges and routes of the pods."""
    ranges = tuple(dict.fromkeys(r for pod in topology.pods for r in _ranges(topology, pod)))
    metric = network.ipam.metric
    routes = dict.fromkeys(
        r for pod in topology.pods for r in _routes(topology, pod, ranges, metric)
    )
    by_family = (tuple(r for r in ranges if r.subnet.version == f.value) for f in Family)
    return replace(network.ipam, sets=tuple(filter(None, by_family)), routes=tuple(routes))


def _ranges(topology: Topology, pod: str) -> Iterator[Range]:
    """Yield the range of each address of a pod: the whole network of the address."""
    pod_network = topology.pods[pod]
    reported = {address.ip: (address, gateway) for address, gateway in _reported(pod_network)}
    link = topology.of_pod(pod).interface(POD_INTERFACE)
    held = {a.ip: a for a in (link.addresses if link else ())}
    for address in sorted(pod_network.addresses, key=lambda a: a.version):
        single = ip_interface(address)
        prefixed, gateway = reported.get(address, (held.get(address, single), None))
        yield Range.around(prefixed, gateway or _default_gateway(topology, pod, address.version))


def _reported(pod: PodNetwork) -> Iterator[tuple[AddressWithPrefix, Address | None]]:
    """Yield each address of a pod's result and its gateway; pass over what is malformed."""
    for entry in _objects(pod.result.get("ips")):
        with suppress(ValueError):
            gateway = entry.get("gateway")
            yield (
                ip_interface(str(entry.get("address"))),
                ip_address(str(gateway)) if gateway else None,
            )


def _objects(value: object) -> Iterable[dict[str, Any]]:
    return [e for e in value if isinstance(e, dict)] if isinstance(value, list) else []


def _default_gateway(topology: Topology, pod: str, version: int) -> Address | None:
    anywhere = ip_network((ANYWHERE[Family(version)], 0))
    routes = topology.of_pod(pod).routes
    return next((r.gateway for r in routes if r.destination == anywhere and r.gateway), None)


def _routes(
    topology: Topology, pod: str, ranges: Iterable[Range], metric: int = 0
) -> Iterator[ConfiguredRoute]:
    """Yield the routes of a pod's result, and its default routes by the ranges' gateways.

    Routes on the link to a network or a gateway are those of the profile.
    """
    on_link = {r.subnet for r in ranges} | {ip_network(r.gateway) for r in ranges if r.gateway}
    described = set()  # destinations of routes with attributes
    for entry in _objects(topology.pods[pod].result.get("routes")):
        with suppress(ValueError, Malformed):
            route = ConfiguredRoute.parse(entry, metric)
            if route.gateway or route.destination not in on_link:
                yield route
                if route.particulars:
                    described.add(route.destination)
    for version in {r.subnet.version for r in ranges}:
        anywhere = ip_network((ANYWHERE[Family(version)], 0))
        gateway = _default_gateway(topology, pod, version)
        is_gateway = gateway is not None and any(r.gateway == gateway for r in ranges)
        if is_gateway and anywhere not in described:
            yield ConfiguredRoute(anywhere, gateway)


def _is_gateway(network: Network, topology: Topology, ipam: Ipam) -> bool:
    """Return whether the node is the pods' gateway.

    A plugin that the profile does not name need not know the key "isGateway".
    """
    if network.conflist.wiring_plugin in network.profile.plugins:
        return network.conflist.is_gateway
    held = {a.ip for link in topology.node.interfaces for a in link.addresses}
    return any(r.gateway in held for r in ipam.ranges)
