"""The hops that a packet is expected at."""

from dataclasses import dataclass

from podpath.model.addresses import Address
from podpath.model.place import Direction, Place


@dataclass(frozen=True, slots=True)
class Hop:
    """One interface that a packet must cross, and the hops that it must have crossed before.

    after: positions in the path; ttl: change from the packet's origin; rewritten: whether the
    MAC addresses are new ones here, and macs what they must be then, from and to, if that is known;
    translated: whether the path's translation has been done, and early that its source address is
    left for later;
    optional: whether the packet may also go without it.
    """

    namespace: str
    interface: str
    direction: Direction
    after: tuple[int, ...] = ()
    ttl: int = 0
    rewritten: bool = False
    macs: tuple[str, str] | None = None
    translated: bool = False
    early: bool = False
    optional: bool = False

    @property
    def place(self) -> Place:
        """Where the packet is expected, comparable with a Sighting's."""
        return Place(self.namespace, self.interface, self.direction)


@dataclass(frozen=True, slots=True)
class Translation:
    """What a packet has at some hops in place of what it was sent with.

    addresses: old and new, for each that is translated; ports: the same of the one port that is.
    """

    addresses: tuple[tuple[Address, Address], ...]
    ports: tuple[int, int] | None = None

    @property
    def back(self) -> "Translation":
        """The other way round, as for an answer."""
        ports = self.ports and (self.ports[1], self.ports[0])
        return Translation(tuple((new, old) for old, new in self.addresses), ports)

    def address(self, old: Address | None) -> Address | None:
        """The new one, if it is one that is translated."""
        return next((new for known, new in self.addresses if known == old), old)

    def port(self, old: int) -> int:
        """The new one, if it is the one that is translated."""
        return self.ports[1] if self.ports and self.ports[0] == old else old


@dataclass(frozen=True, slots=True)
class Path:
    """The hops of one packet from its origin, a partial order.

    translation: what it has at those of them that are translated.
    """

    name: str
    hops: tuple[Hop, ...]
    translation: Translation | None = None
