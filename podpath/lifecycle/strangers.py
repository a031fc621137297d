"""Rules of another program on the node, which pods that come and go must leave alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import Difference
from podpath.nodes import inventory
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment

#: A table of its own, and rules in iptables' tables, of an address of a documentation range
#: (RFC 5737): they meet no packet.
_OTHER = "203.0.113.77"
_TABLE = "podpath_other"
_IPTABLES = (
    ("filter", "FORWARD", f"-s {_OTHER} -j ACCEPT"),
    ("nat", "PREROUTING", f"-s {_OTHER} -j ACCEPT"),
    ("nat", "POSTROUTING", f"-s {_OTHER} -j ACCEPT"),
)
_ADD = "; ".join(
    [
        "set -e",
        f"nft add table ip {_TABLE}",
        f"nft add chain ip {_TABLE} kept",
        f"nft add rule ip {_TABLE} kept ip saddr {_OTHER} counter accept",
        *(f"iptables -w -t {table} -A {chain} {rule}" for table, chain, rule in _IPTABLES),
    ]
)
_DELETE = "; ".join(
    [
        f"nft delete table ip {_TABLE}",
        *(f"iptables -w -t {table} -D {chain} {rule}" for table, chain, rule in _IPTABLES),
        "true",
    ]
)


def can_have_rules(node: Node, pods: Deployment) -> bool:
    """Return whether the node's kernel has tables of IPv4 (CONFIG_NF_TABLES_IPV4) for rules.

    Args:
        node: a node that no other program uses.
        pods: the node's pods.
    """
    with pods.around():
        made = node.run(["nft", "add", "table", "ip", _TABLE])
        node.run(["nft", "delete", "table", "ip", _TABLE])
    return "Operation not supported" not in made.stderr


def lost_rules(node: Node, network: Network, pods: Deployment) -> list[Difference]:
    """List the rules of another program that vanish as pods come and go.

    Args:
        node: a node that no other program uses.
        network: the configuration, and how its plugin wires pods.
        pods: the node's pods.

    Raises:
        CouldNotTest: the rules cannot be made.
    """
    with pods.temporary("stayer"), _others_rules(node, pods):
        before = inventory.read(node, network)
        with pods.temporary("passer-1"):
            pass
        now = inventory.read(node, network)
    return [d for d in now.since(before) if (d.kind, d.where) == ("lost", "rules") and _is_other(d)]


def _is_other(difference: Difference) -> bool:
    return _OTHER in difference.expected or _TABLE in difference.expected


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
