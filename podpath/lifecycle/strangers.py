"""Rules, routes and connections of other programs on the node, which no pod may take with it."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import ip_address
from typing import TypeVar

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import Difference
from podpath.nodes import inventory
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.system import netns
from podpath.system.netlink import conntrack
from podpath.system.netlink.conntrack import Connection

T = TypeVar("T")

#: A table of its own, and rules in iptables' tables, of addresses of documentation ranges
#: (RFC 5737, RFC 3849): they meet no packet.
_OTHER, _OTHER_V6 = "203.0.113.77", "2001:db8:77::77"
TABLE = "podpath_other"
_IPTABLES = (
    ("filter", "FORWARD", f"-s {_OTHER} -j ACCEPT"),
    ("nat", "PREROUTING", f"-s {_OTHER} -j ACCEPT"),
    ("nat", "POSTROUTING", f"-s {_OTHER} -j ACCEPT"),
)
#: A table of routes that no other program uses; and a port.
_ROUTES = 7777
#: Connections through the node, as one that it masqueraded: seconds for which it tracks them.
_PROTOCOLS = {"TCP": socket.IPPROTO_TCP, "UDP": socket.IPPROTO_UDP}
_CONNECTIONS = {
    name: Connection(
        *(protocol, ip_address(_OTHER), ip_address("203.0.113.78"), (_ROUTES, _ROUTES)),
        ip_address("203.0.113.78"),
    )
    for name, protocol in _PROTOCOLS.items()
}
_SECONDS = 600


def _more(action: str) -> Iterator[str]:
    """Yield commands that add or delete what not every kernel has.

    Rules are added to tables that are there: a table would stay.
    """
    yield f"nft {action} table inet {TABLE}"
    yield f"nft {action} table bridge {TABLE}"
    for family, address in (("-4", _OTHER), ("-6", _OTHER_V6)):
        yield f"ip {family} rule {action} from {address} lookup {_ROUTES}"
        yield f"ip {family} route {action} blackhole {address} table {_ROUTES}"
    for program, address in (("iptables", _OTHER), ("ip6tables", _OTHER_V6)):
        for table, chain in (
            *(("filter", "INPUT"), ("mangle", "FORWARD"), ("raw", "PREROUTING")),
            *(("nat", "OUTPUT"), ("filter", "FORWARD"), ("nat", "POSTROUTING")),
        ):
            option = "-A" if action == "add" else "-D"
            rule = f"{program} -w -t {table} {option} {chain} -s {address} -j RETURN"
            yield f"! {program}-save | grep -q '^[*]{table}' || {rule}"


_ADD = "; ".join(
    [
        "set -e",
        f"nft add table ip {TABLE}",
        f"nft add chain ip {TABLE} kept",
        f"nft add rule ip {TABLE} kept ip saddr {_OTHER} counter accept",
        *(f"iptables -w -t {table} -A {chain} {rule}" for table, chain, rule in _IPTABLES),
        *(f"{{ {command} || :; }}" for command in _more("add")),
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
    with pods.temporary("stayer"), _others_rules(node, pods), _tracked(node) as tracked:
        before = inventory.read(node, network)
        with pods.temporary("passer-1"):
            pass
        now = inventory.read(node, network)
        still = _in_node(node, conntrack.connections, list(tracked.values()))
    return [d for d in now.since(before) if d.kind == "lost" and _is_other(d)] + [
        Difference("lost", "tracked connections", f"{name} of {one.source}", "gone")
        for name, one in tracked.items()
        if one not in still
    ]


@contextmanager
def _tracked(node: Node) -> Iterator[dict[str, Connection]]:
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


def _is_other(difference: Difference) -> bool:
    marks = (_OTHER, _OTHER_V6, TABLE)
    of_rules = difference.where in ("rules", "routing")
    return of_rules and any(mark in difference.expected for mark in marks)


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
