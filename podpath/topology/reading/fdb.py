"""Read entries of bridges' FDBs."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing

from podpath.errors import CouldNotTest
from podpath.model import FdbEntry
from podpath.system.netlink.messages import NeighbourMessage
from podpath.system.netlink.questions import Questions
from podpath.topology.reading.inside import inside


def known_macs(namespace: str) -> frozenset[str]:
    """Read the MAC addresses that the bridges of the namespace at a path have entries of.

    Raises:
        CouldNotTest: The namespace cannot be entered, or the kernel refuses or gives a value that
            is not sound.
    """

    def work() -> frozenset[str]:
        with closing(Questions()) as kernel:
            return frozenset(entry.mac for entry in entries(kernel.fdb(), {}))

    return inside(namespace, work)


def entries(messages: Iterable[NeighbourMessage], names: Mapping[int, str]) -> Iterator[FdbEntry]:
    """Read the entries of bridges from the kernel's messages. Pure.

    Args:
        messages: Entries of bridges, and of links' own filters.
        names: Index of an interface -> its name.

    Raises:
        CouldNotTest: A message is not sound.
    """
    for message in messages:
        bridge = message.master
        if bridge is None or message.is_of_link:
            continue
        if not message.mac:
            raise CouldNotTest("the kernel gives an FDB entry without a MAC address")
        yield FdbEntry(
            mac=message.mac,
            port=names.get(message.index, "?"),
            bridge=names.get(bridge, "?"),
            learned=not message.is_static and not message.is_sticky,
        )
