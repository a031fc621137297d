"""Where the host's own settings hinder a proof: then a test says nothing about the plugin."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from podpath import firewall, sysctl
from podpath.conflist import Conflist
from podpath.model import Family
from podpath.nodes.base import Node

#: Requirements that pods' traffic shows.
_OF_TRAFFIC = ("PATH-*", "LIFE-*", "K8S-*", "TOPO-FDB")
#: The plugin that has pods' packets accepted where the node's policy is to drop them.
_ACCEPTING = "firewall"


@dataclass(frozen=True, slots=True)
class Hindrance:
    """A setting under which a requirement cannot be shown in pods that start with it.

    requirements: patterns for their ids; effect: what pods then do, whatever the plugin does.
    """

    family: Family
    name: str
    value: int
    requirements: tuple[str, ...]
    effect: str


#: Each was seen to turn the reference plugins red.
HINDRANCES = (
    Hindrance(Family.IPV4, "arp_ignore", 8, _OF_TRAFFIC, "pods answer no ARP request"),
    Hindrance(
        Family.IPV4, "proxy_arp_pvlan", 1, _OF_TRAFFIC, "pods answer ARP requests for one another"
    ),
    Hindrance(
        Family.IPV4,
        "drop_gratuitous_arp",
        1,
        ("LIFE-REUSE",),
        "pods ignore the announcement of a new MAC address",
    ),
)


def of(
    requirements: Iterable[str],
    families: Collection[Family],
    conflist: Conflist,
    node: Node | None,
) -> list[str]:
    """What hinders the proof of requirements on this host, a sentence each, with the remedy.

    families: the IP versions that the proof is about; node: the one that it is made on, if it is
    there. Raises CouldNotTest.
    """
    ids = list(requirements)
    found = [
        _sentence(one, setting)
        for one in HINDRANCES
        if one.family in families
        and _concerns(one.requirements, ids)
        and (setting := sysctl.having(one.family, one.name, one.value))
    ]
    if _concerns(_OF_TRAFFIC, ids):
        found += _of_node(node, families, conflist)
    return found


def _concerns(patterns: Iterable[str], ids: Iterable[str]) -> bool:
    return any(fnmatchcase(i, p) for i in ids for p in patterns)


def _sentence(one: Hindrance, setting: str) -> str:
    remedy = f"{setting.partition(' = ')[0]}={sysctl.KERNELS[one.family][one.name]}"
    return (
        f"pods start with {setting} on this host, with which {one.effect}."
        f" For this test: sysctl -w {remedy}"
    )


def _of_node(node: Node | None, families: Iterable[Family], conflist: Conflist) -> Iterator[str]:
    """Of a node that is the user's; podpath's own has a packet filter of its own."""
    if node is None or not node.shared or _ACCEPTING in conflist.plugins:
        return
    for family in families:
        yield from firewall.hindering(node, family, bridged=bool(conflist.bridge))
