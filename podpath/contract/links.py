"""Compare a plugin's result with the links that the kernel has."""

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from podpath.contract.answers import entries
from podpath.errors import CouldNotTest, DoesNotConform, Unmet
from podpath.model import ANYWHERE, Difference, Family, Subnet, canonical, listed
from podpath.nodes.base import Node

#: Place of the difference of a result that does not name CNI_IFNAME.
_SANDBOXED = "interfaces of the result that have a sandbox"
#: Why a test is not run on a container that differs from its result.
LACKING = "the container lacks what the result lists"
#: Place of differences in the container's namespace.
CONTAINER = "container"

Differences = list[Difference]


@dataclass(frozen=True, slots=True)
class Link:
    """One interface of the kernel.

    Attributes:
        mac: its MAC address.
        addresses: its addresses with their prefix lengths.
        unusable: those that wait for duplicate address detection, or failed it (RFC 4862).
        up: True if it is up.
        mtu: its MTU; 0 if it is not known.
    """

    mac: str
    addresses: tuple[str, ...]
    unusable: tuple[str, ...] = ()
    up: bool = True
    mtu: int = 0

    def __str__(self) -> str:
        notes = dict.fromkeys(self.unusable, " (not usable yet)")
        mtu = [f"MTU {self.mtu}"] if self.mtu else []
        addresses = (a + notes.get(a, "") for a in self.addresses)
        return ", ".join([f"MAC {self.mac}", *mtu, *addresses])


def links(node: Node, netns: str = "") -> dict[str, Link]:
    """List the interfaces of a named namespace of the node, or of the node itself: name -> link.

    Raises:
        CouldNotTest: they cannot be listed.
    """
    inside = ["-n", netns] if netns else []
    ended = node.run(["ip", "-json", *inside, "address", "show"])
    if ended.returncode != 0:
        raise CouldNotTest(f"the links of {netns or 'the node'}: {ended.stderr.strip()}")
    by_name = {}
    for interface in json.loads(ended.stdout or "[]"):
        addresses = [a for a in interface.get("addr_info", []) if "local" in a]
        # a link gets its own link-local address later, by itself
        undecided = [a for a in addresses if a["scope"] == "global" and _undecided(a)]
        held, unusable = (
            tuple(f"{a['local']}/{a['prefixlen']}" for a in group)
            for group in (addresses, undecided)
        )
        is_up = "UP" in interface.get("flags", ())
        by_name[interface["ifname"]] = Link(
            interface.get("address", ""), held, unusable, is_up, interface.get("mtu", 0)
        )
    return by_name


def destinations(node: Node, netns: str) -> set[Subnet]:
    """Return the destinations of all routes of a named namespace, in all tables.

    Raises:
        CouldNotTest: they cannot be listed.
    """
    found: set[Subnet] = set()
    for family in Family:
        listing = ["ip", f"-{family.value}", "-json", "-n", netns, "route", "show", "table", "all"]
        ended = node.run(listing)
        if ended.returncode != 0:
            raise CouldNotTest(f"the routes of {netns}: {ended.stderr.strip()}")
        texts = (str(route.get("dst", "")) for route in json.loads(ended.stdout or "[]"))
        found |= {ip_network(f"{ANYWHERE[family]}/0" if t == "default" else t) for t in texts if t}
    return found


def missing_routes(result: Mapping[str, Any], present: Container[Subnet]) -> Differences:
    """List the routes of a result that a container does not have. Pure."""
    return [
        Difference("missing route", CONTAINER, f"a route to {text}", "none")
        for text in (str(route["dst"]) for route in entries(result, "routes", "dst"))
        if _network(text) not in present
    ]


def _network(text: str) -> Subnet | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:  # CNI-ADD-RESULT reports it
        return None


def host_ends(node: Node, netns: str) -> set[str]:
    """Return the names of the node's links that are the other ends of a namespace's veths.

    A namespace that does not exist has none.
    """
    inside, outside = (
        json.loads(node.run(["ip", "-json", *where, "link", "show", "type", "veth"]).stdout or "[]")
        for where in (["-n", netns], [])
    )
    peers = {link.get("link_index") for link in inside}
    return {
        link["ifname"] for link in outside if "link_netnsid" in link and link["ifindex"] in peers
    }


def require(container_links: Mapping[str, Link], interface: str) -> None:
    """Require that a container has the interface that ADD makes: other tests change it.

    Raises:
        Unmet: it has none of that name.
    """
    if interface not in container_links:
        names = listed(container_links)
        fault = (
            f"the container has no interface {interface}, the name in CNI_IFNAME; it has {names}"
        )
        reason = "ADD made no interface named CNI_IFNAME"
        raise Unmet(DoesNotConform(fault), "CNI-ADD-INTERFACE", reason)


@dataclass(frozen=True, slots=True)
class AttachmentState:
    """State of an attachment after ADD: the result, and the links of the kernel.

    Attributes:
        result: result of the last plugin.
        interface: CNI_IFNAME of the calls.
        netns: CNI_NETNS of the calls.
        container_links: links of the container's namespace, by name.
        node_links: links of the node, by name.
    """

    result: Mapping[str, Any]
    interface: str
    netns: str
    container_links: Mapping[str, Link]
    node_links: Mapping[str, Link]

    def links_beside(self, interface: Mapping[str, Any]) -> Mapping[str, Link]:
        """Return the links of the namespace in which an interface of the result must be."""
        return self.container_links if interface.get("sandbox") else self.node_links


def in_kernel(state: AttachmentState) -> Differences:
    """Check that the result names CNI_IFNAME in CNI_NETNS, and that the kernel has all it names."""
    interfaces = entries(state.result, "interfaces", "name")
    named = [i["name"] for i in interfaces if i.get("sandbox")]
    differences = []
    if state.interface not in named:
        differences.append(Difference("result", _SANDBOXED, state.interface, listed(named)))
    for interface in interfaces:
        differences += _interface(state, interface)
    for number, address in enumerate(entries(state.result, "ips", "address")):
        differences += _address(state, interfaces, number, address)
    return differences


def require_sandbox(state: AttachmentState) -> None:
    """Require that an interface of the result has a sandbox, if nothing else is wrong with it.

    Pods' results have none either, then.

    Raises:
        Unmet: none has one.
    """
    interfaces, differences = entries(state.result, "interfaces", "name"), in_kernel(state)
    places = {_SANDBOXED, f"interface {state.interface} of the result"}
    if any(i.get("sandbox") for i in interfaces) or not {d.where for d in differences} <= places:
        return
    if interfaces:
        fault = DoesNotConform("\n".join(map(str, differences)))
        raise Unmet(fault, "TOPO-RESULT", "the result names no interface of the pod")


def unusable(state: AttachmentState, shared: Container[str]) -> Differences:
    """List the IPv6 addresses of the result's interfaces that are tentative, or duplicates.

    Args:
        state: the attachment.
        shared: names of interfaces to leave out: they belong to no container, and have their
            addresses from the first ADD.
    """
    seen = "tentative, or a duplicate: its detection was not waited for"
    differences = []
    reported = entries(state.result, "interfaces", "name")
    of_container = (interface for interface in reported if interface["name"] not in shared)
    for interface in of_container:
        link = state.links_beside(interface).get(interface["name"])
        place = "container" if interface.get("sandbox") else "node"
        where = f"interface {interface['name']} of the {place}"
        differences += [
            Difference("address", where, f"{address} can be used", seen)
            for address in (link.unusable if link else ())
        ]
    return differences


def changes(before: Mapping[str, Link], after: Mapping[str, Link]) -> Differences:
    """List the differences between the links of a namespace before and after."""
    return [
        Difference(
            "changed", f"link {name}", *(str(one.get(name, "none")) for one in (before, after))
        )
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _interface(state: AttachmentState, interface: Mapping[str, Any]) -> Differences:
    name, sandbox = interface["name"], interface.get("sandbox")
    where = f"interface {name} of the result"
    if sandbox and sandbox != state.netns:
        return [Difference("sandbox", where, state.netns, sandbox)]
    present = state.links_beside(interface)
    if name not in present:
        place = "the container" if sandbox else "the node"
        return [Difference("result", where, f"a link in {place}", f"only {listed(present)}")]
    mac = str(interface.get("mac") or "").lower()
    if mac and mac != present[name].mac:
        return [Difference("MAC address", where, present[name].mac, mac)]
    return []


def _address(
    state: AttachmentState,
    interfaces: list[Mapping[str, Any]],
    number: int,
    address: Mapping[str, Any],
) -> Differences:
    where = f"ips[{number}] of the result"
    index = address.get("interface")
    if not isinstance(index, int) or not 0 <= index < len(interfaces):
        expected = f"an index into {len(interfaces)} interfaces"
        return [Difference("interface", where, expected, str(index))]
    interface = interfaces[index]
    link = state.links_beside(interface).get(interface["name"])
    if link and canonical(address["address"]) not in link.addresses:
        seen = listed(link.addresses)
        return [Difference("address", where, f"{address['address']} on {interface['name']}", seen)]
    return []


def _undecided(address: Mapping[str, Any]) -> bool:
    """Return whether duplicate address detection is not done, or has failed (RFC 4862, 5.4)."""
    return bool(address.get("tentative") or address.get("dadfailed"))
