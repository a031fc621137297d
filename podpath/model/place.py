"""Places at which packets cross interfaces."""

from enum import Enum
from typing import NamedTuple


class Direction(Enum):
    """Direction of a frame across an interface, seen from the interface's namespace."""

    IN = "in"
    OUT = "out"


class Place(NamedTuple):
    """One interface in one direction. A hop expects a packet there, a sighting reports one.

    It is a tuple because every sighting makes one, and dictionaries of sightings use it as key.

    Attributes:
        namespace: NODE or the pod's name.
        interface: name of the interface; empty if it vanished before podpath read the name.
        direction: None for both directions.
    """

    namespace: str
    interface: str
    direction: Direction | None = None

    def __str__(self) -> str:
        interface = self.interface or "(an interface that vanished)"
        direction = [self.direction.value] if self.direction else []
        return " ".join([self.namespace, interface, *direction])
