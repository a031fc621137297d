"""Read and flush neighbour tables: the MAC address that a namespace has for each IP address."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing

from podpath.model import Neighbour
from podpath.system.netlink.messages import NeighbourMessage
from podpath.system.netlink.questions import Questions
from podpath.topology.reading.inside import inside


def neighbours(namespace: str) -> dict[str, str]:
    """Read the neighbour tables of the namespace at a path.

    Returns:
        IP address -> MAC address.

    Raises:
        CouldNotTest: The namespace cannot be entered, or the kernel refuses or gives a value that
            is not sound.
    """

    def work() -> dict[str, str]:
        with closing(Questions()) as kernel:
            return dict(_resolved(kernel.neighbours()))

    return inside(namespace, work)


def _resolved(messages: Iterable[NeighbourMessage]) -> Iterator[tuple[str, str]]:
    """Yield the neighbours whose MAC address is known. Pure."""
    return ((str(n.address), n.mac) for n in messages if n.address and n.mac)


def unresolved(namespace: str) -> frozenset[str]:
    """Read the IP addresses for whose MAC address the namespace at a path asked in vain.

    Raises:
        CouldNotTest: As neighbours().
    """

    def work() -> frozenset[str]:
        with closing(Questions()) as kernel:
            waiting = (n.address for n in kernel.neighbours() if n.is_unresolved)
            return frozenset(str(address) for address in waiting if address)

    return inside(namespace, work)


def permanent(
    messages: Iterable[NeighbourMessage], names: Mapping[int, str]
) -> Iterator[Neighbour]:
    """Read the permanent neighbours. Pure.

    Args:
        messages: Neighbours of all interfaces.
        names: Index of an interface -> its name.
    """
    for message in messages:
        if message.address and message.is_permanent:
            yield Neighbour(message.address, message.mac or "", names.get(message.index, "?"))


def forget_neighbours(namespace: str) -> None:
    """Flush the neighbour tables of the namespace at a path, so that it sends requests again.

    Raises:
        CouldNotTest: The namespace cannot be entered, or the kernel refuses.
    """

    def work() -> None:
        with closing(Questions()) as kernel:
            for neighbour in kernel.neighbours():
                if not neighbour.is_static:
                    kernel.forget(neighbour)

    inside(namespace, work)
