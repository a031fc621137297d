"""Read entries of bridges' FDBs from the kernel's messages. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from podpath.errors import CouldNotTest
from podpath.model import FdbEntry
from podpath.system.netlink.messages import NeighbourMessage


def entries(messages: Iterable[NeighbourMessage], names: Mapping[int, str]) -> Iterator[FdbEntry]:
    """Read the entries of bridges.

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
