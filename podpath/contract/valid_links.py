"""Links of valid attachments, what is learned of them, and changes of these, as by GC."""

import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_interface

from podpath.cni.network import Network
from podpath.contract import links
from podpath.contract.attachments import Attachment
from podpath.model import NODE, Difference, Interface, Topology
from podpath.nodes.base import Node
from podpath.system import limits, netns, waiting
from podpath.topology import reading

_DISCARD = 9  # port of a service that discards what it gets (RFC 863)
#: Least seconds after which a bridge forgets: otherwise nothing that it learned stays for a check.
_LASTING = 60.0


@dataclass(frozen=True, slots=True)
class State:
    """State of valid attachments at one time.

    Attributes:
        settings: link and setting -> value.
        learned: the node's neighbours and the bridge's FDB entries of the attachments, as texts.
    """

    settings: dict[str, str] = field(default_factory=dict)
    learned: frozenset[str] = frozenset()


def read(attachments: Sequence[Attachment], network: Network) -> State:
    """Read the state of attachments, whose containers have just sent something.

    Raises:
        CouldNotTest: the kernel cannot be asked.
    """
    if not attachments:
        return State()
    node = attachments[0].runtime.node
    topology = reading.read(node.network_namespace(), node.named_namespaces(), [])
    ends = set().union(*(links.host_ends(node, a.name) for a in attachments))
    settings: dict[str, str] = {}
    for link in topology.node.interfaces:
        if link.name in ends or link.name in network.shared_links:
            settings |= _settings(f"{NODE} {link.name}", link, is_shared=link.name not in ends)
    settings |= _routes(topology, {*ends, *network.shared_links})
    for attachment in attachments:
        link_inside = topology.named[attachment.name].interface(attachment.interface)
        if link_inside:
            where = f"container {attachment.interface}"
            settings |= _settings(where, link_inside, is_shared=False)
    addresses = {address for a in attachments for address in _addresses(a)}
    known = reading.neighbours(node.network_namespace())
    learned = {f"neighbour {a} {mac}" for a, mac in known.items() if a in addresses}
    bridges = {link.name: link.bridge for link in topology.node.interfaces if link.bridge}
    learned |= {
        f"FDB entry {entry.mac} on {entry.port}"
        for entry in topology.node.fdb
        if entry.port in ends
        and (bridge := bridges.get(entry.bridge))
        and bridge.ageing >= _LASTING
    }
    return State(settings, frozenset(learned))


def routes(node: Node, network: Network) -> dict[str, str]:
    """Return the node's routes by links of all pods: link -> routes.

    Raises:
        CouldNotTest: the kernel cannot be asked.
    """
    topology = reading.read(node.network_namespace(), node.named_namespaces(), [])
    return _routes(topology, network.shared_links)


def _routes(topology: Topology, names: Iterable[str]) -> dict[str, str]:
    """Return the routes by links, but for those to link-local addresses. Pure."""
    present = {link.name for link in topology.node.interfaces}.intersection(names)
    by_link = {
        name: sorted(
            str(route)
            for route in topology.node.routes
            if route.device == name and not route.destination.is_link_local
        )
        for name in present
    }
    return {f"{NODE} {name} routes": ", ".join(own) or "none" for name, own in by_link.items()}


def changed(
    attachments: Sequence[Attachment], network: Network, work: Callable[[], object]
) -> list[Difference]:
    """Do some work, such as a call of GC, and list what it changed for attachments.

    What vanished of the learned counts if it does so twice: the kernel forgets by itself, too.

    Raises:
        CouldNotTest: the kernel cannot be asked.
    """
    before = _spoken(attachments, network)
    work()
    now = read(attachments, network)
    differences = changes(before.settings, now.settings)
    if lost := before.learned - now.learned:
        again = _spoken(attachments, network)
        work()
        lost &= again.learned - read(attachments, network).learned
        differences += [Difference("lost", NODE, text, "gone") for text in sorted(lost)]
    return differences


def changes(before: dict[str, str], now: dict[str, str]) -> list[Difference]:
    """List the settings that changed. Pure."""
    return [
        Difference("changed", name, value, now.get(name, "gone"))
        for name, value in before.items()
        if now.get(name, "gone") != value
    ]


def _settings(where: str, link: Interface, *, is_shared: bool) -> dict[str, str]:
    """Return the settings of a link; MTU and MAC of a shared one follow links that come and go."""
    lasting = sorted(str(a) for a in link.addresses if not a.is_link_local)
    settings = {
        "state": "up" if link.up else "down",
        "addresses": ", ".join(lasting) or "none",
        "promiscuous": str(link.promiscuous),
        "flags": ", ".join(sorted(link.flags)) or "usual",
    }
    if not is_shared:
        settings |= {"MTU": str(link.mtu), "MAC": link.mac, "master": str(link.master)}
    if port := link.port:
        settings |= {
            "hairpin": str(port.hairpin),
            "isolated": str(port.isolated),
            "learning": str(port.learning),
            "VLANs": ", ".join(map(str, port.vlans)),
        }
        settings |= {name: str(is_on) for name, is_on in port.switches.items()}
    if bridge := link.bridge:
        settings |= {"STP": str(bridge.stp), "VLAN filtering": str(bridge.vlan_filtering)}
        settings |= {"ageing": f"{bridge.ageing:g} s"}
    return {f"{where} {name}": value for name, value in settings.items()}


def _addresses(attachment: Attachment) -> list[str]:
    reported = attachment.addresses
    return [str(entry["address"]).partition("/")[0] for entry in reported]


def _spoken(attachments: Sequence[Attachment], network: Network) -> State:
    """Let each container send something, so that the node learns of it, and read the state."""
    expected = {text for a in attachments for text in _addresses(a)}
    for attachment in attachments:
        names = attachment.runtime.node.named_namespaces()
        netns.run_in(names[attachment.name], partial(_speak, attachment))
    return waiting.until(
        lambda: read(attachments, network),
        lambda state: _names(state.learned, expected),
        limits.current().in_kernel,
    )


def _names(learned: Iterable[str], addresses: set[str]) -> bool:
    return addresses <= {text.split()[1] for text in learned}


def _speak(attachment: Attachment) -> None:
    """Send a datagram to each gateway: what precedes it, ARP or ND, has the container's MAC."""
    for entry in attachment.addresses:
        with suppress(OSError, ValueError):
            own = ip_interface(entry["address"])
            to = str(entry.get("gateway") or own.network.network_address + 1)
            family = socket.AF_INET6 if own.version == 6 else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                name = attachment.interface.encode()
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name)
                sender.sendto(b"", (to, _DISCARD))
