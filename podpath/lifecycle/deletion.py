"""What the deletion of any pod leaves on a node, or takes from it: LIFE-DELETE tells of it."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from ipaddress import ip_address

from podpath.cni.network import Network
from podpath.lifecycle import growth
from podpath.model import NODE, Address, Difference, Subnet, shape
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.nodes.hung import HungCalls
from podpath.nodes.kind import Setup

REQUIREMENT = "LIFE-DELETE"
CONSEQUENCE = "the deletion of any pod has these differences"
#: Requirements whose tests delete pods, too.
DELETING = frozenset({"LIFE-CHURN", "LIFE-PARALLEL", "LIFE-PORTMAP"})
#: Requirement that tells of what appears on the node as pods come and go, in other words.
OTHERS = "LIFE-OTHERS"
#: Places of LIFE-OTHERS: what is configured in a bridge; a setting of a link of the node.
_ENTRIES = "configured FDB entries of "
_LINK = re.compile(r"(?:node (?P<link>\S+)|lower link of pod \S+) (?P<setting>.+)")
#: Kind of the addresses of links, and that setting of one; and kind of its difference from what
#: TOPO-BRIDGE-GATEWAY expects.
_ADDRESSES, _GATEWAY = "addresses", "gateway address"
#: Kinds of differences of things on a node.
_OF_NODE = frozenset({"left behind", "lost", "changed", _GATEWAY})
#: Kinds of things that keep a pod from being reached by an address.
_REACHING = frozenset({_ADDRESSES, "neighbours", "routing"})
_SAME = {
    "routes of the node": "routing",
    "rules of the node": "routing",
    "addresses of the node": _ADDRESSES,
}


def differences(node: Node, pods: Deployment, network: Network) -> list[Difference]:
    """Create a pod, delete it, and return what the node has gained or lost.

    Raises:
        CouldNotTest: pods that podpath did not create came or went, or the node cannot be read.
        DoesNotConform: the plugin failed.
    """
    before = growth.settled(node, network)
    with pods.temporary("transient"):
        pass
    return growth.growth(node, network, before).differences


def on_fresh_node(setup: Setup, hung: HungCalls, network: Network) -> list[Difference]:
    """Create and delete a pod on a node without an earlier deletion; return what it gained or lost.

    An earlier deletion may have left the same for good.

    Args:
        setup: what the run's nodes are.
        hung: the calls of plugins that hung in this run so far.
        network: the configuration, and how its plugin wires pods.

    Raises:
        CouldNotTest: no such node can be made, or it cannot be read.
        DoesNotConform: the plugin failed.
    """
    with setup.kind.start_fresh(setup) as fresh:
        pods = Deployment(fresh, hung)
        with pods.temporary("stayer"):
            return differences(fresh, pods, network)


def is_of_node(found: Iterable[Difference]) -> bool:
    """Return whether all these differences are of things on a node, and none of packets. Pure."""
    return all(difference.kind in _OF_NODE for difference in found)


def is_alike(found: Iterable[Difference], of_any: Iterable[Difference]) -> bool:
    """Return whether the deletion of any pod has all these differences, but for names. Pure."""
    return set(map(shape, found)) <= set(map(shape, of_any))


def is_of_same_kind(found: Iterable[Difference], of_any: Iterable[Difference]) -> bool:
    """Return whether the deletion of any pod leaves what LIFE-OTHERS found on the node. Pure."""
    left = list(of_any)
    kinds = {_kind(difference) for difference in left}
    return all(_kind(one) in kinds or _is_of_link(one, left) for one in found)


def _kind(difference: Difference) -> tuple[str, str]:
    where = str(difference.where)
    if where.startswith(_ENTRIES):
        return "left behind", "FDB"
    return difference.kind, _SAME.get(where, where)


def _is_of_link(difference: Difference, left: Iterable[Difference]) -> bool:
    """Return whether a link of the node differs in what any deletion leaves of such a link."""
    if _is_of_addresses(difference):
        link = str(difference.where).removesuffix(f" {_ADDRESSES}").removeprefix(f"{NODE} ")
        before, now = (set(t.split(", ")) for t in (difference.expected, difference.seen))
        is_left = any(d.where == _ADDRESSES and d.seen.endswith(f" on {link}") for d in left)
        return is_left and before - {"none"} < now
    place = _LINK.fullmatch(str(difference.where))
    if difference.kind != "changed" or place is None:
        return False
    settings = (d.seen.partition(": ") for d in left if d.where == "links")
    return any(
        text.partition(" ")[2] == place["setting"]
        and place["link"] in (None, text.partition(" ")[0])
        and value != difference.expected  # else the deletion puts it back
        for text, _, value in settings
    )


def _is_of_addresses(difference: Difference) -> bool:
    """Return whether a difference is one in the addresses of a link of all pods."""
    is_changed = difference.kind == "changed" and str(difference.where).endswith(_ADDRESSES)
    return is_changed or difference.kind == _GATEWAY


def keeps_addresses(of_any: Iterable[Difference], subnets: Collection[Subnet]) -> bool:
    """Return whether any deletion leaves something of an address that pods may get again. Pure."""
    left = (a for d in of_any if d.where in _REACHING for a in _addresses_in(d.seen))
    return any(address in subnet for address in left for subnet in subnets)


def _addresses_in(text: str) -> Iterator[Address]:
    """Yield the addresses in a text, with a prefix length or without."""
    for word in text.split():
        with suppress(ValueError):
            yield ip_address(word.partition("/")[0])


def is_kept_from_ipam(found: Sequence[Difference], of_any: Iterable[Difference]) -> bool:
    """Return whether IPAM lacks no call but DEL, and the deletion of any pod leaves a lease. Pure.

    Args:
        found: what CNI-DELEGATE found.
        of_any: what the deletion of any pod leaves.
    """
    lacks_del = [d.expected for d in found] == [f"{d.seen}, DEL" for d in found]
    return lacks_del and any((d.kind, d.where) == ("left behind", "leases") for d in of_any)
