"""Check two attachments of one container: what is done to one interface leaves the other alone.

Rules: CNI specification 1.1.0, section 3: a container may be added to a network several times, each
time with another interface name.
"""

from collections.abc import Iterable

from podpath.cni.network import Network
from podpath.cni.versions import since
from podpath.contract import answers, links, ways
from podpath.contract.attachments import SECOND_INTERFACE, Attachment, attached_beside
from podpath.contract.links import Link
from podpath.model import Difference
from podpath.nodes import inventory
from podpath.nodes.inventory import Inventory

Differences = list[Difference]
#: Kind of thing and text of things in an inventory.
Things = frozenset[tuple[str, str]]


def separate(first: Attachment, network: Network, deleted: str) -> Differences:
    """Attach two interfaces of a container, delete one, check the other, and delete it, too.

    Args:
        first: the container, ready for the ADD of its first interface.
        network: the configuration, and how its plugin wires pods.
        deleted: name of the interface whose attachment is deleted first.

    Raises:
        DoesNotConform: ADD of the first interface failed, or a plugin does not end in time.
    """
    node = first.runtime.node
    none = inventory.read(node, network)
    first.attach()
    is_sound = not checked(first, network)  # else CNI-CHECK reports it
    alone = inventory.read(node, network)
    routes, link = routes_of(first), link_of(first)
    with attached_beside(first) as second:
        if refused := answers.succeeded(second.add()):
            return refused
        both = inventory.read(node, network)
        going, staying = (second, first) if deleted == SECOND_INTERFACE else (first, second)
        differences = ways.lost(routes, routes_of(first), f"ADD of {second.interface}")
        differences += links.changes(link, link_of(first))
        before, routes = link_of(staying), routes_of(staying)
        differences += answers.succeeded(going.delete())
        if going is second:
            differences += second.leftovers(network, alone)
        else:
            differences += lost(inventory.read(node, network), both, own(both, alone))
        differences += ways.lost(routes, routes_of(staying), f"DEL of {going.interface}")
        differences += links.changes(before, link_of(staying))
        differences += checked(staying, network) if is_sound else []
        return differences + answers.succeeded(staying.delete()) + first.leftovers(network, none)


def two_containers(one: Attachment, other: Attachment) -> bool:
    """Return whether two containers can be attached at the same time, as two interfaces must be."""
    return not answers.succeeded([*one.add(), *other.add()])


def own(now: Inventory, before: Inventory) -> Things:
    """Return the things that appeared between two inventories."""
    return frozenset((str(d.where), d.seen) for d in now.since(before) if d.kind == "left behind")


def lost(now: Inventory, before: Inventory, things: Iterable[tuple[str, str]]) -> Differences:
    """List which of the things vanished between two inventories."""
    kept = frozenset(things)
    return [d for d in now.since(before) if d.kind == "lost" and (str(d.where), d.expected) in kept]


def checked(attachment: Attachment, network: Network) -> Differences:
    """Call CHECK of an attachment, if its version and the conflist have it, and list failures.

    A failure says nothing once the kernel gave the bridge another MAC address than its result has.
    """
    if attachment.version not in since("0.4.0") or network.conflist.disable_check:
        return []
    failures = answers.succeeded(attachment.check())
    return [] if failures and _bridge_has_moved(attachment, network) else failures


def _bridge_has_moved(attachment: Attachment, network: Network) -> bool:
    """Return whether the MAC address of the bridge is another one than in the result of ADD.

    That of a bridge that is no gateway follows its ports (br_if.c, br_features_recompute).
    """
    if not network.is_bridged or network.is_bridge_gateway:
        return False
    bridge = links.links(attachment.runtime.node).get(network.bridge)
    interfaces = answers.entries(attachment.result or {}, "interfaces", "mac")
    reported = [i.get("mac") for i in interfaces if i.get("name") == network.bridge]
    return bridge is not None and bool(reported) and reported != [bridge.mac]


def routes_of(attachment: Attachment) -> frozenset[str]:
    """Return the routes by the attachment's interface, and all rules there, as texts."""
    return ways.of_interface(attachment.runtime.node, attachment.name, attachment.interface)


def link_of(attachment: Attachment) -> dict[str, Link]:
    """Return the attachment's link, without the address that a link gets by itself, later."""
    present = links.links(attachment.runtime.node, attachment.name)
    return {
        name: Link(
            link.mac, tuple(a for a in link.addresses if not a.startswith("fe80:")), mtu=link.mtu
        )
        for name, link in present.items()
        if name == attachment.interface
    }
