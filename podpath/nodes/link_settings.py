"""Settings of the node's own links that no attachment is about: MTU, queue, flags."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import NODE, Difference
from podpath.nodes.base import Node

#: IFF_* of linux/if.h. Promiscuity is left out: links on the uplink and sniffers turn it on.
_FLAGS = {0x1: "up", 0x2: "broadcast", 0x80: "no ARP", 0x1000: "multicast"}
#: Files of a link in sysfs -> name of the setting.
_FILES = {"mtu": "MTU", "tx_queue_len": "length of the transmit queue"}


def of_node(node: Node) -> dict[str, str]:
    """Return the settings of the node's uplink, and of lo: link and setting -> value."""
    return _read(node, ("lo", node.uplink))


def of_all_pods(node: Node, network: Network) -> dict[str, str]:
    """Return the same, and those of the links that belong to all pods, such as the bridge."""
    return _read(node, ("lo", node.uplink, *sorted(network.shared_links)))


#: Command that lists links with what marks() and addresses_in() read.
LISTING = ("ip", "-json", "address", "show")


def marks(node: Node, network: Network) -> tuple[str, ...]:
    """Return the marks of the node's own links, as marks_in does.

    Raises:
        CouldNotTest: they cannot be listed.
    """
    ended = node.run(LISTING)
    if ended.returncode != 0:
        raise CouldNotTest(f"the node's links cannot be listed: {ended.stderr.strip()}")
    return tuple(marks_in(ended.stdout, ("lo", node.uplink, *network.shared_links)))


def marks_in(listing: str, names: Container[str]) -> Iterator[str]:
    """Yield what was done to links beside their settings: promiscuity, and other names. Pure.

    The kernel lists a link as promiscuous if somebody set that, and not for a sniffer's sake
    (net/core/dev.c, dev_get_flags).

    Args:
        listing: the output of LISTING.
        names: links to look at.
    """
    for link in json.loads(listing or "[]"):
        name = link.get("ifname")
        if name in names:
            if "PROMISC" in link.get("flags", ()):
                yield f"{name} promiscuous"
            yield from (f"{name} also named {other}" for other in link.get("altnames", ()))


def addresses_in(listing: str, names: Container[str]) -> Iterator[str]:
    """Yield the addresses of links, without those that the kernel gives them by itself. Pure.

    Args:
        listing: the output of LISTING.
        names: links to look at.
    """
    for link in json.loads(listing or "[]"):
        if link.get("ifname") in names:
            for held in link.get("addr_info", ()):
                if "local" in held and held.get("scope") != "link" and not held.get("temporary"):
                    yield f"{held['local']}/{held['prefixlen']} on {link['ifname']}"


def left(now: Iterable[str], before: Iterable[str]) -> list[Difference]:
    """List the marks that links did not have before. Pure."""
    known = set(before)
    return [Difference("left behind", "links", "gone", m) for m in now if m not in known]


def changes(before: Mapping[str, str], *later: Mapping[str, str]) -> list[Difference]:
    """List the settings that changed for a while or for good, each once. Pure.

    A link counts if it is there before and later.

    Args:
        before: settings at first.
        later: settings at one or more later moments.
    """
    seen = {
        (name, now[name]): Difference("changed", f"{NODE} {name}", value, now[name])
        for now in later
        for name, value in before.items()
        if now.get(name, value) != value
    }
    return list(seen.values())


def texts(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return a text for each setting. Pure."""
    return tuple(f"{name}: {value}" for name, value in settings.items())


def _read(node: Node, links: Iterable[str]) -> dict[str, str]:
    settings = {}
    for link in links:
        place = node.root(f"/sys/class/net/{link}")
        with suppress(OSError, ValueError):  # the node has no such link
            flags = int((place / "flags").read_text(), 16)
            for file, name in _FILES.items():
                settings[f"{link} {name}"] = (place / file).read_text().strip()
            settings[f"{link} flags"] = ", ".join(_named(flags)) or "none"
    return settings


def _named(flags: int) -> Iterator[str]:
    return (name for flag, name in _FLAGS.items() if flags & flag)
