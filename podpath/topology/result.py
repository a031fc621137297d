"""Compare the plugin's result with the kernel. Pure.

Rules: CNI specification 1.0.0, section 5 ("Success"), and for the keys' meaning section 2.
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_interface
from typing import Any

from podpath.cni.network import Network
from podpath.cni.result import names_interfaces
from podpath.cni.routes import MAIN_TABLE
from podpath.model import (
    ANYWHERE,
    POD_INTERFACE,
    Difference,
    Family,
    PodNetwork,
    Topology,
    listed,
)
from podpath.topology.comparison import Differences

#: Keys of the result's "dns".
_DNS = ("nameservers", "domain", "search", "options")


def differences(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that a pod's result has the interfaces, addresses and routes of the kernel."""
    pod_network = topology.pods[pod]
    if not pod_network.result:
        return [Difference("result", f"pod {pod}", "a result", "none")]
    return [
        *(_interfaces(topology, pod) if names_interfaces(pod_network.result) else ()),
        *_addresses(topology, network, pod),
        *_routes(topology, network, pod),
        *_dns(topology, network, pod),
    ]


def _entries(pod_network: PodNetwork, key: str) -> list[Mapping[str, Any]]:
    """List the objects of one of the result's lists, without entries of other types."""
    value = pod_network.result.get(key)
    return [e for e in value if isinstance(e, dict)] if isinstance(value, list) else []


def _interfaces(topology: Topology, pod: str) -> Differences:
    """Check that a result has eth0 with the pod's sandbox, its host end, and all MAC addresses."""
    pod_network = topology.pods[pod]
    entries = _entries(pod_network, "interfaces")
    inside = [e for e in entries if e.get("sandbox")]
    differences = _unequal(
        f"result of pod {pod}, interfaces in the pod",
        POD_INTERFACE,
        listed(e.get("name") for e in inside),
    )
    for entry in inside:
        sandbox = str(entry["sandbox"]).rpartition("/")[2]
        differences += _unequal(f"result of pod {pod}, sandbox", pod_network.netns, sandbox)
    end = topology.host_end(pod)
    outside = {e.get("name") for e in entries if not e.get("sandbox")}
    if end is not None and end.name not in outside:
        differences += _unequal(f"result of pod {pod}, host end", end.name, listed(outside))
    spaces = {True: topology.of_pod(pod), False: topology.node}
    for entry in entries:
        name = str(entry.get("name") or "")
        if name and spaces[bool(entry.get("sandbox"))].interface(name) is None:
            where = f"result of pod {pod}, interface {name}"
            differences.append(Difference("result", where, "present", "absent"))
    without_mac = [str(e.get("name")) for e in entries if not e.get("mac")]
    if without_mac:
        where = f"result of pod {pod}, MAC addresses"
        differences.append(
            Difference("result", where, "one an interface", f"none of {listed(without_mac)}")
        )
    return differences


def _addresses(topology: Topology, network: Network, pod: str) -> Differences:
    pod_network = topology.pods[pod]
    link = topology.of_pod(pod).interface(POD_INTERFACE)
    held = [str(a) for a in link.addresses if not a.is_link_local] if link else []
    entries = _entries(pod_network, "ips")
    where = f"result of pod {pod}, addresses"
    differences = _unequal(where, listed(held), listed(e.get("address") for e in entries))
    for entry in entries:
        if entry.get("gateway") is not None:
            where = f"result of pod {pod}, gateway of {entry.get('address')}"
            differences += _unequal(where, _gateway(network, entry), str(entry["gateway"]))
        if names_interfaces(pod_network.result):
            differences += _index(pod_network, entry)
    return differences


def _gateway(network: Network, entry: Mapping[str, Any]) -> str:
    """Return the gateway of the range of an address of the result, or of its family's first one."""
    try:
        address = ip_interface(str(entry.get("address"))).ip
    except ValueError:
        return "none"
    ranges = network.ipam.ranges_of(Family(address.version))
    ip_range = network.ipam.range_of(address) or next(iter(ranges), None)
    return str(ip_range.gateway) if ip_range else "none"


def _index(pod_network: PodNetwork, entry: Mapping[str, Any]) -> Differences:
    """Check that an address's "interface" is the index of eth0 in the list of interfaces."""
    interfaces, index = _entries(pod_network, "interfaces"), entry.get("interface")
    where = f"result of pod {pod_network.name}, interface of {entry.get('address')}"
    if not isinstance(index, int) or not 0 <= index < len(interfaces):
        return [Difference("result", where, "an index into interfaces", str(index))]
    return _unequal(where, POD_INTERFACE, str(interfaces[index].get("name")))


def _routes(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that the pod has each route of the result, which may omit the connected route."""
    present = {
        (str(r.destination), str(r.gateway), r.elsewhere) for r in topology.of_pod(pod).routes
    }
    by_destination = {(destination, table) for destination, _, table in present}
    differences = []
    for entry in _entries(topology.pods[pod], "routes"):
        destination, gateway = str(entry.get("dst")), entry.get("gw")
        tables = list(_tables(entry, network))
        if str(gateway) in map(str, ANYWHERE.values()):  # it has none (plugins, ipam/dhcp/lease.go)
            gateway = None
        is_present = any(
            (destination, str(gateway), table) in present
            if gateway
            else (destination, table) in by_destination
            for table in tables
        )
        if not is_present:
            text = destination if gateway is None else f"{destination} via {gateway}"
            differences.append(
                Difference("result", f"result of pod {pod}, route {text}", "in the pod", "absent")
            )
    return differences + _unreported(topology, network, pod)


def _unreported(topology: Topology, network: Network, pod: str) -> Differences:
    """List the configured routes that the pod has, and that the result does not name."""
    if network.profile.is_lent or not network.ipam.is_stated:
        return []  # it may add and report routes as it likes
    present = {str(route.destination) for route in topology.of_pod(pod).routes}
    reported = {str(entry.get("dst")) for entry in _entries(topology.pods[pod], "routes")}
    configured = dict.fromkeys(str(route.destination) for route in network.ipam.routes)
    return [
        Difference("result", f"result of pod {pod}, route {text}", "in the result", "absent")
        for text in configured
        if text in present - reported
    ]


def _tables(entry: Mapping[str, Any], network: Network) -> Iterator[tuple[str, ...]]:
    """Yield the tables that a route of the result may be in, as model.Route has them.

    A runtime that reads results up to CNI 1.0.0 keeps the route, and not its table.
    """
    number = entry.get("table")
    if isinstance(number, int):
        yield () if number in MAIN_TABLE else (f"table {number}",)
        return
    yield ()
    for route in network.ipam.routes:
        if str(route.destination) == str(entry.get("dst")):
            yield tuple(p for p in route.particulars if p.startswith("table "))


def _dns(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that a result has no DNS settings but those of the conflist, if these are all."""
    stated, reported = network.conflist.dns, topology.pods[pod].result.get("dns")
    if stated is None or not isinstance(reported, dict):
        return []
    differences = []
    for key in _DNS:
        given = [value for dns in stated for value in _listed(dns.get(key))]
        seen = _listed(reported.get(key))
        if not set(seen) <= set(given):
            where = f"result of pod {pod}, {key} of DNS"
            differences += _unequal(where, listed(given), listed(seen))
    return differences


def _listed(value: object) -> list[str]:
    """Return a text, or the entries of a list, as texts."""
    return [str(v) for v in (value if isinstance(value, list) else [value]) if v]


def _unequal(where: str, expected: str, seen: str) -> Differences:
    return [] if expected == seen else [Difference("result", where, expected, seen)]
