"""Where a packet crosses an interface."""

from enum import Enum
from typing import NamedTuple


class Direction(Enum):
    """Which way a frame crossed an interface, seen from the namespace that holds it."""

    IN = "in"
    OUT = "out"


class Place(NamedTuple):
    """One interface, in one direction: a hop expects a packet there, a sighting is of one.

    A tuple, because every sighting makes one, and dictionaries of sightings are keyed by it.

    Attributes:
        namespace: NODE or the pod's name.
        interface: Its name; empty if the interface vanished before podpath read the name.
        direction: None where both directions are meant.
    """

    namespace: str
    interface: str
    direction: Direction | None = None

    def __str__(self) -> str:
        interface = self.interface or "(an interface that vanished)"
        direction = [self.direction.value] if self.direction else []
        return " ".join([self.namespace, interface, *direction])
