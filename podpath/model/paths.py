"""Expected paths of packets, and their hops."""

from dataclasses import dataclass

from podpath.model.addresses import Address
from podpath.model.place import Direction, Place


@dataclass(frozen=True, slots=True)
class Hop:
    """One interface that a packet must cross, and the hops that it must have crossed before.

    Attributes:
        namespace: NODE, or the pod's name.
        interface: name of the interface.
        direction: IN if the interface receives the packet, OUT if it sends it.
        after: positions in the path of the hops that come before this one.
        ttl: change of the TTL since the packet's origin.
        rewritten: true if the packet has new MAC addresses here.
        macs: the new MAC addresses (source, destination); None if podpath does not know them.
        translated: true if the path's translation is done here.
        early: true if the translation of the source address is still to come.
        optional: true if a packet may also skip this hop.
        vlan: VLAN ID of the tag that the packet has here; None if it has none.
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
    vlan: int | None = None

    @property
    def place(self) -> Place:
        """Place of the hop, comparable with a Sighting's."""
        return Place(self.namespace, self.interface, self.direction)


@dataclass(frozen=True, slots=True)
class Translation:
    """Addresses and port that a packet has at some hops in place of its original ones.

    Attributes:
        addresses: pairs (old, new), one for each translated address.
        ports: pair (old, new) of the translated port; None if no port is translated.
    """

    addresses: tuple[tuple[Address, Address], ...]
    ports: tuple[int, int] | None = None

    @property
    def back(self) -> "Translation":
        """Reverse translation, which an answer gets."""
        ports = self.ports and (self.ports[1], self.ports[0])
        return Translation(tuple((new, old) for old, new in self.addresses), ports)

    def address(self, old: Address | None) -> Address | None:
        """Return the translated address; old itself if the translation leaves it."""
        return next((new for known, new in self.addresses if known == old), old)

    def port(self, old: int) -> int:
        """Return the translated port; old itself if the translation leaves it."""
        return self.ports[1] if self.ports and self.ports[0] == old else old


@dataclass(frozen=True, slots=True)
class Path:
    """Hops of one packet from its origin, in a partial order.

    Attributes:
        name: name of the path in reports.
        hops: hops, each after those that its `after` lists.
        translation: translation at the hops marked as translated.
    """

    name: str
    hops: tuple[Hop, ...]
    translation: Translation | None = None
