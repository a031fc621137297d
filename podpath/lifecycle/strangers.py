"""Rules, routes and connections of other programs on the node, which no pod may take with it."""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import TypeVar

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import NODE, Difference
from podpath.nodes import inventory
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.system import netns
from podpath.system.netlink import conntrack
from podpath.system.netlink.conntrack import Connection
from podpath.topology import reading

T = TypeVar("T")

#: A table of its own, and rules in iptables' tables, of addresses of documentation ranges
#: (RFC 5737, RFC 3849): they meet no packet.
_OTHER, _OTHER_V6 = "203.0.113.77", "2001:db8:77::77"
_BEYOND, _BEYOND_V6 = "203.0.113.78", "2001:db8:77::78"
TABLE = "podpath_other"
#: A table of routes that no other program uses; and a port.
_ROUTES = 7777
_IPTABLES = (
    ("filter", "FORWARD", f"-s {_OTHER} -j ACCEPT"),
    ("nat", "PREROUTING", f"-s {_OTHER} -j ACCEPT"),
    ("nat", "POSTROUTING", f"-s {_OTHER} -j ACCEPT"),
)
#: Leases of another network.
_LEASES = f"/var/lib/cni/networks/{TABLE}"
#: Kinds of things that other programs have.
_KINDS = frozenset({"rules", "routing", "interfaces", "IPsec", "files"})
#: Connections through the node, as one that it masqueraded: seconds for which it tracks them.
_PROTOCOLS = {"TCP": socket.IPPROTO_TCP, "UDP": socket.IPPROTO_UDP}
_CONNECTIONS = {
    name: Connection(
        *(protocol, ip_address(_OTHER), ip_address(_BEYOND), (_ROUTES, _ROUTES)),
        ip_address(_BEYOND),
    )
    for name, protocol in _PROTOCOLS.items()
}
_SECONDS = 600
#: Neighbours of the node on its own links, of which the kernel keeps so few for a minute at least
#: (arp(7), gc_thresh1 and gc_stale_time): address on the uplink, and on a link of all pods.
_NEIGHBOURS = ("203.0.113.79", "203.0.113.80")
_MAC = "02:00:cb:00:71:4d"
#: addr_assign_type of a link whose MAC address was set (include/uapi/linux/netdevice.h).
_SET = "3"


def _more(action: str) -> Iterator[str]:
    """Yield commands that add or delete what not every kernel has."""
    option = "-A" if action == "add" else "-D"
    yield f"nft {action} table inet {TABLE}"
    yield f"nft {action} table bridge {TABLE}"
    yield f"ip link {action} {TABLE}" + " type bridge" * (action == "add")
    yield f"ip xfrm policy {action} dir out src {_OTHER} dst {_BEYOND}"
    lease = f"{_LEASES}/{_OTHER}"
    yield f"mkdir -p {_LEASES} && echo other >{lease}" if action == "add" else f"rm -r {_LEASES}"
    for family, address in (("-4", _OTHER), ("-6", _OTHER_V6)):
        yield f"ip {family} rule {action} from {address} lookup {_ROUTES}"
        yield f"ip {family} route {action} blackhole {address} table {_ROUTES}"
    for program, address in (("iptables", _OTHER), ("ip6tables", _OTHER_V6)):
        for table, chain in (
            *(("filter", "INPUT"), ("mangle", "FORWARD"), ("raw", "PREROUTING")),
            *(("nat", "OUTPUT"), ("filter", "FORWARD"), ("nat", "POSTROUTING")),
        ):
            yield _where_there(program, table, f"{option} {chain} -s {address} -j RETURN")
    for program, address, beyond in (
        ("iptables", _OTHER, _BEYOND),
        ("ip6tables", _OTHER_V6, _BEYOND_V6),
    ):
        for rule in (
            f"POSTROUTING -s {address} ! -d {beyond} -j MASQUERADE",
            f"PREROUTING -d {address} -p tcp --dport {_ROUTES} -j DNAT --to-destination {beyond}",
        ):
            yield _where_there(program, "nat", f"{option} {rule}")


def _where_there(program: str, table: str, text: str) -> str:
    """Return the command that changes a table of iptables, if there is one: a table would stay."""
    return f"! {program}-save | grep -q '^[*]{table}' || {program} -w -t {table} {text}"


def _sets() -> Iterator[str]:
    """Yield commands that add a set with an element to the tables of nftables."""
    for family, kind, element in (("ip", "ipv4_addr", _OTHER), ("inet", "ipv6_addr", _OTHER_V6)):
        yield f"nft 'add set {family} {TABLE} others {{ type {kind}; }}'"
        yield f"nft 'add element {family} {TABLE} others {{ {element} }}'"


_ADD = "; ".join(
    [
        "set -e",
        f"nft add table ip {TABLE}",
        f"nft add chain ip {TABLE} kept",
        f"nft add rule ip {TABLE} kept ip saddr {_OTHER} counter accept",
        *(f"iptables -w -t {table} -A {chain} {rule}" for table, chain, rule in _IPTABLES),
        *(f"{{ {command} || :; }}" for command in (*_more("add"), *_sets())),
    ]
)
_DELETE = "; ".join(
    [
        f"nft delete table ip {TABLE}",
        *(f"iptables -w -t {table} -D {chain} {rule}" for table, chain, rule in _IPTABLES),
        *_more("delete"),
        "true",
    ]
)


def can_have_rules(node: Node, pods: Deployment) -> bool:
    """Return whether the node's kernel has tables of IPv4 (CONFIG_NFTABLES_IPV4) for rules.

    Args:
        node: a node that no other program uses.
        pods: the node's pods.
    """
    with pods.around():
        made = node.run(["nft", "add", "table", "ip", TABLE])
        node.run(["nft", "delete", "table", "ip", TABLE])
    return "Operation not supported" not in made.stderr


def lost(node: Node, network: Network, pods: Deployment) -> list[Difference]:
    """List the rules and connections of other programs that vanish as pods come and go.

    Args:
        node: a node that no other program uses.
        network: the configuration, and how its plugin wires pods.
        pods: the node's pods.

    Raises:
        CouldNotTest: the rules cannot be made.
    """
    with (
        pods.temporary("stayer"),
        _others_rules(node, pods),
        tracked(node) as connections,
        _neighbours(node, network) as neighbours,
    ):
        before = inventory.read(node, network)
        with pods.temporary("passer-1"):
            pass
        now = inventory.read(node, network)
        differences = forgotten(node, connections) + _unknown(node, neighbours)
    return [d for d in now.since(before) if d.kind == "lost" and is_other(d)] + differences


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """A neighbour that the node knows.

    Attributes:
        address: its address.
        link: the node's link.
        mac: the MAC address of that link.
    """

    address: str
    link: str
    mac: str


@contextmanager
def _neighbours(node: Node, network: Network) -> Iterator[list[_Neighbour]]:
    """Have the node know neighbours on its own links, but for bridges that forget theirs."""
    links = dict.fromkeys(filter(None, (node.uplink, *sorted(network.shared_links))))
    made = [
        _Neighbour(address, link, _mac(node, link))
        for address, link in zip(_NEIGHBOURS, links, strict=False)
        if not _has_mac_of_port(node, link)
    ]
    for one in made:
        of_link = ("dev", one.link, "nud", "stale")
        node.run(["ip", "neigh", "replace", one.address, "lladdr", _MAC, *of_link])
    known = reading.neighbours(node.network_namespace())
    try:
        yield [one for one in made if one.address in known]
    finally:
        for one in made:
            node.run(["ip", "neigh", "delete", one.address, "dev", one.link])


def _unknown(node: Node, neighbours: Iterable[_Neighbour]) -> list[Difference]:
    """List the neighbours that the node has forgotten, but for those by a link with another MAC.

    The kernel itself flushes these (net/ipv4/arp.c, arp_netdev_event).
    """
    known = reading.neighbours(node.network_namespace())
    return [
        Difference("lost", f"neighbours of the {NODE}", f"{one.address} on {one.link}", "gone")
        for one in neighbours
        if one.address not in known and one.mac == _mac(node, one.link)
    ]


def _has_mac_of_port(node: Node, link: str) -> bool:
    """Return whether a link is a bridge whose MAC address changes as ports come and go.

    The kernel gives a bridge the lowest MAC address of its ports until one is set
    (net/bridge/br_stp_if.c, br_stp_recalculate_bridge_id).
    """
    is_bridge = bool(_attribute(node, link, "bridge/bridge_id"))
    return is_bridge and _attribute(node, link, "addr_assign_type") != _SET


def _mac(node: Node, link: str) -> str:
    """Return the MAC address of a link; empty without such a link."""
    return _attribute(node, link, "address")


def _attribute(node: Node, link: str, name: str) -> str:
    """Return an attribute of a link in sysfs; empty without such a link or attribute."""
    with suppress(OSError):
        return node.root(f"/sys/class/net/{link}/{name}").read_text().strip()
    return ""


def forgotten(node: Node, tracked_connections: Mapping[str, Connection]) -> list[Difference]:
    """List the connections of other programs that the node no longer tracks.

    Args:
        node: the node.
        tracked_connections: name and connection, as tracked() yields them.
    """
    still = _in_node(node, conntrack.connections, list(tracked_connections.values()))
    return [
        Difference("lost", "tracked connections", f"{name} of {one.source}", "gone")
        for name, one in tracked_connections.items()
        if one not in still
    ]


@contextmanager
def tracked(node: Node) -> Iterator[dict[str, Connection]]:
    """Have the node track connections of others; yield those that it does, none on some kernels."""
    for one in _CONNECTIONS.values():
        _in_node(node, partial(conntrack.track, one, _SECONDS), None)
    none: list[Connection] = []
    known = _in_node(node, conntrack.connections, none)
    try:
        yield {name: one for name, one in _CONNECTIONS.items() if one in known}
    finally:
        for one in _CONNECTIONS.values():
            _in_node(node, partial(conntrack.forget, one), None)


def _in_node(node: Node, ask: Callable[[], T], otherwise: T) -> T:
    """Ask the kernel in the node's namespace; return the last argument if it refuses."""
    with suppress(OSError, ValueError):
        return netns.run_in(node.network_namespace(), ask)
    return otherwise


def is_other(difference: Difference) -> bool:
    """Return whether a difference is of what podpath made in the place of other programs. Pure."""
    marks = (_OTHER, _OTHER_V6, TABLE)
    is_kind = difference.where in _KINDS
    return is_kind and any(mark in difference.expected for mark in marks)


@contextmanager
def _others_rules(node: Node, pods: Deployment) -> Iterator[None]:
    with pods.around():  # it is podpath itself that changes the node
        made = node.run(["sh", "-c", _ADD])
    try:
        if made.returncode != 0:
            raise CouldNotTest(f"no rules could be made on the node: {made.stderr.strip()}")
        yield
    finally:
        with pods.around():
            node.run(["sh", "-c", _DELETE])
