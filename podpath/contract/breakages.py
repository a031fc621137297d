"""Ways to break a container's network, which CHECK must find.

Rules: CNI specification 1.1.0, section 2, CHECK.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from shlex import quote
from typing import Any

from podpath.cni.network import Network
from podpath.contract import links
from podpath.contract.answers import entries
from podpath.contract.attachments import Attachment
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.nodes import leases

_SAVED = "/run/podpath/saved-rules"
_MODE = re.compile(r"\b(macvlan|ipvlan) +mode (\w+)")
_OTHER_MODES = {"macvlan": ("private", "vepa"), "ipvlan": ("l3", "l2")}


@dataclass(frozen=True, slots=True)
class Breakage:
    """Shell commands, run on the node, that break and repair one thing.

    Attributes:
        do: command that breaks it.
        undo: command that repairs it.
        impossible: reason why it cannot be broken here; empty if it can.
    """

    do: str = ""
    undo: str = ":"
    impossible: str = ""


_NO_HOST_END = Breakage(impossible="the result lists no host end")
_NO_DELETION = "podpath does not know how to delete a lease of this IPAM"
_NO_BRIDGE = Breakage(impossible="pods are on no bridge")


def interface(attachment: Attachment, _: Network) -> Breakage:
    """Delete the container's interface."""
    if not attachment.has_link():
        return Breakage(impossible="the container has no such interface, see CNI-ADD-INTERFACE")
    return Breakage(f"ip -n {attachment.name} link delete {attachment.interface}")


def address(attachment: Attachment, _: Network) -> Breakage:
    """Delete the container's first address."""
    first = _first_address(attachment)
    link = links.links(attachment.runtime.node, attachment.name).get(attachment.interface)
    if link is None or first not in link.addresses:
        return Breakage(impossible="the container lacks the address already, see CNI-ADD-INTERFACE")
    inside = f"ip -n {attachment.name}"
    return Breakage(f"{inside} address delete {quote(first)} dev {attachment.interface}")


def route(attachment: Attachment, _: Network) -> Breakage:
    """Delete a route that the result lists."""
    routes = entries(attachment.result or {}, "routes", "dst")
    if not routes:
        return Breakage(impossible="the result lists no routes")
    present = links.destinations(attachment.runtime.node, attachment.name)
    if links.missing_routes({"routes": routes[:1]}, present):
        return Breakage(impossible="the container lacks the route already, see TOPO-ROUTE")
    destination = routes[0]["dst"]
    family = "-6" if ":" in destination else "-4"
    return Breakage(f"ip {family} -n {attachment.name} route delete {quote(destination)}")


def host_end_down(attachment: Attachment, network: Network) -> Breakage:
    """Set the host end of the container's link down."""
    return _of_host_end(attachment, network, "down")


def host_end_unplugged(attachment: Attachment, network: Network) -> Breakage:
    """Detach the host end of the container's link from the bridge."""
    if not network.bridge:
        return _NO_BRIDGE
    return _of_host_end(attachment, network, "nomaster")


def _of_host_end(attachment: Attachment, network: Network, change: str) -> Breakage:
    end = _host_end(attachment, network)
    return Breakage(f"ip link set {quote(end)} {change}") if end else _NO_HOST_END


def _host_end(attachment: Attachment, network: Network) -> str:
    """Return the name of the host end; empty if the result lists none, or several."""
    created = entries(attachment.result or {}, "interfaces", "name")
    outside = [entry["name"] for entry in created if not entry.get("sandbox")]
    ends = [str(name) for name in outside if name not in network.shared_links]
    return ends[0] if len(ends) == 1 else ""


def host_route(attachment: Attachment, network: Network) -> Breakage:
    """Delete the node's route to the container."""
    end = _host_end(attachment, network)
    if not end:
        return _NO_HOST_END
    device = quote(end)
    if not attachment.runtime.node.run(["ip", "-4", "route", "show", "dev", end]).stdout:
        return Breakage(impossible="the node has no route by the host end")
    return Breakage(f"ip -4 route flush dev {device}")


def link_mode(attachment: Attachment, _: Network) -> Breakage:
    """Change the mode of the container's macvlan or ipvlan.

    All ipvlans on a lower link have one mode, so it is set back.
    """
    show = ["ip", "-n", attachment.name, "-d", "link", "show", "dev", attachment.interface]
    shown = _MODE.search(attachment.runtime.node.run(show).stdout)
    if shown is None:
        return Breakage(impossible="its link has no mode")
    kind, mode = shown.groups()
    other = next(m for m in _OTHER_MODES[kind] if m != mode)
    change = f"ip -n {attachment.name} link set {attachment.interface} type {kind} mode"
    return Breakage(f"{change} {other}", f"{change} {mode}")


def bridge_down(_: Attachment, network: Network) -> Breakage:
    """Set the bridge down."""
    if not network.bridge:
        return _NO_BRIDGE
    bridge = quote(network.bridge)
    return Breakage(f"ip link set {bridge} down", f"ip link set {bridge} up")


def gateway(attachment: Attachment, network: Network) -> Breakage:
    """Delete the gateway's address from the bridge, or without a bridge from the host end."""
    if not network.bridge:
        return _addresses_of_host_end(attachment, network)
    if not network.has_gateway:
        return Breakage(impossible="the conflist has no isGateway, so the bridge has no address")
    first = network.ipam.ranges[0]
    link = network.vlan_gateway or network.bridge
    held = links.links(attachment.runtime.node).get(link, links.Link("", ())).addresses
    if f"{first.gateway}/{first.subnet.prefixlen}" not in held:
        return Breakage(impossible=f"{link} lacks the address already, see TOPO-BRIDGE-GATEWAY")
    address, device = f"{first.gateway}/{first.subnet.prefixlen}", f"dev {quote(link)}"
    later = [a for a in held[held.index(address) + 1 :] if (":" in a) == (":" in address)]
    undo = [f"ip address add {address} {device}", *(_behind(a, device) for a in later)]
    return Breakage(f"ip address delete {address} {device}", "; ".join(undo))


def _behind(address: str, device: str) -> str:
    """Return the command that puts an address behind all others of a link.

    A plugin may take the first address of a link for the gateway's (plugins/main/bridge/bridge.go,
    ensureAddr), and the kernel deletes further addresses of a network with the first one.
    """
    return f"ip address delete {quote(address)} {device}; ip address add {quote(address)} {device}"


def _addresses_of_host_end(attachment: Attachment, network: Network) -> Breakage:
    end = _host_end(attachment, network)
    if not end:
        return _NO_HOST_END
    held = links.links(attachment.runtime.node).get(end, links.Link("", ())).addresses
    if not any("." in address for address in held):
        return Breakage(impossible="the host end has no address")
    return Breakage(f"ip -4 address flush dev {quote(end)}")


def masquerading(attachment: Attachment, _: Network) -> Breakage:
    """Delete the rules of masquerading."""
    section = attachment.subject.main.section
    if not section.get("ipMasq"):
        return Breakage(impossible="the conflist has no ipMasq")
    if section.get("ipMasqBackend") == "nftables":
        return Breakage(impossible="podpath does not know the rules of the backend nftables")
    tables = "ip6tables" if ":" in _first_address(attachment) else "iptables"
    return Breakage(
        f"{tables}-save -t nat >{_SAVED} && grep -q MASQUERADE {_SAVED} && {tables} -t nat -F",
        f"{tables}-restore <{_SAVED}",
    )


def lease(attachment: Attachment, network: Network) -> Breakage:
    """Delete the leases of the addresses from the IPAM plugin's store."""
    held = [str(address["address"]).partition("/")[0] for address in _addresses(attachment)]
    store = leases.store(network)
    if not (command := store.deletion(held)):
        return Breakage(impossible=_NO_DELETION)
    if not store.leases(attachment.runtime.node).keys() >= set(held):
        return Breakage(impossible="an address of the result is not leased, see TOPO-ADDR")
    return Breakage(command)


def _first_address(attachment: Attachment) -> str:
    """Return the first address with its prefix length; raise DoesNotConform if there are none."""
    return str(_addresses(attachment)[0]["address"])


def _addresses(attachment: Attachment) -> list[Mapping[str, Any]]:
    """Return the "ips" of the result; raise DoesNotConform if there are none."""
    if not (addresses := attachment.addresses):
        raise DoesNotConform("the result of ADD lists no address")
    return addresses


Make = Callable[[Attachment, Network], Breakage]

#: Breakages of things that the result lists.
LISTED: Mapping[str, Make] = {"interface": interface, "address": address, "route": route}

#: Breakages of other things that the container's network needs.
STATE: Mapping[str, Make] = {
    "host-end-down": host_end_down,
    "host-end-unplugged": host_end_unplugged,
    "host-route": host_route,
    "link-mode": link_mode,
    "bridge-down": bridge_down,
    "gateway": gateway,
    "masquerading": masquerading,
    "lease": lease,
}


@contextmanager
def broken(attachment: Attachment, breakage: Breakage) -> Iterator[None]:
    """Break something for the length of the block, and repair it afterwards.

    Raises:
        CouldNotTest: it cannot be broken, or repaired.
    """
    do(attachment, breakage.do)
    try:
        yield
    finally:
        do(attachment, breakage.undo)


def do(attachment: Attachment, commands: str) -> None:
    """Run shell commands on the node.

    Raises:
        CouldNotTest: they fail.
    """
    ended = attachment.runtime.node.run(["sh", "-c", commands])
    if ended.returncode != 0:
        why = ended.stderr.strip() or f"exit status {ended.returncode}"
        raise CouldNotTest(f"{commands} failed on the node: {why}")
