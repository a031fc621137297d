"""Check two attachments of one container: what is done to one interface leaves the other alone.

Rules: CNI specification 1.1.0, section 3: a container may be added to a network several times, each
time with another interface name.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from podpath.cni.network import Network
from podpath.cni.versions import since
from podpath.contract import answers, links, valid_links, ways
from podpath.contract.attachments import SECOND_INTERFACE, Attachment, attached_beside
from podpath.contract.links import Link
from podpath.model import NODE, Difference
from podpath.nodes import inventory, own_settings
from podpath.nodes.inventory import Inventory

Differences = list[Difference]
#: Kind of thing and text of things in an inventory.
Things = frozenset[tuple[str, str]]
#: Settings of a container's link that are among what Link has.
_OF_LINK = (" MAC", " MTU", " addresses")


@dataclass(frozen=True, slots=True)
class Standing:
    """State of an attachment that calls for another one must leave.

    Attributes:
        link: its interface, by name; empty without one.
        routes: the routes by its interface, and all rules of the container, as texts.
        links: settings of its interface, and of the node's ends of the container's links.
        sysctls: settings of the container's namespace (ip-sysctl).
    """

    link: dict[str, Link]
    routes: frozenset[str]
    links: dict[str, str]
    sysctls: dict[str, str]


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
    alone, before = inventory.read(node, network), state_of(first, network)
    with attached_beside(first) as second:
        if refused := answers.succeeded(second.add()):
            return refused
        both = inventory.read(node, network)
        going, staying = (second, first) if deleted == SECOND_INTERFACE else (first, second)
        differences = changes(before, state_of(first, network), f"ADD of {second.interface}")
        before = state_of(staying, network)
        differences += answers.succeeded(going.delete())
        if going is second:
            differences += second.leftovers(network, alone)
        else:
            differences += lost(inventory.read(node, network), both, own(both, alone))
        differences += changes(before, state_of(staying, network), f"DEL of {going.interface}")
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


def state_of(attachment: Attachment, network: Network) -> Standing:
    """Return the state of an attachment, without the address that a link gets by itself, later.

    Raises:
        CouldNotTest: the kernel cannot be asked.
    """
    node = attachment.runtime.node
    settings = valid_links.read([attachment], network).settings
    shared = tuple(f"{NODE} {link} " for link in network.shared_links)
    return Standing(
        _link_of(attachment),
        ways.of_interface(node, attachment.name, attachment.interface),
        {
            name: value
            for name, value in settings.items()
            if not name.startswith(shared)
            if name.startswith(f"{NODE} ") or not name.endswith(_OF_LINK)
        },
        own_settings.read_in(node, attachment.name),
    )


def changes(before: Standing, now: Standing, why: str) -> Differences:
    """List what calls for another attachment changed.

    Settings of a link that is gone are left out.

    Args:
        before: the attachment's state before the calls.
        now: the same afterwards.
        why: the calls, as in "ADD of net2".
    """
    present = {name: value for name, value in before.links.items() if name in now.links}
    return [
        *ways.lost(before.routes, now.routes, why),
        *links.changes(before.link, now.link),
        *valid_links.changes(present, now.links),
        *own_settings.changes_in_container(before.sysctls, now.sysctls),
    ]


def _link_of(attachment: Attachment) -> dict[str, Link]:
    present = links.links(attachment.runtime.node, attachment.name)
    return {
        name: Link(
            link.mac, tuple(a for a in link.addresses if not a.startswith("fe80:")), mtu=link.mtu
        )
        for name, link in present.items()
        if name == attachment.interface
    }
