"""How what is differs from what must be."""

from collections.abc import Iterable
from dataclasses import dataclass

from podpath.model.place import Place


@dataclass(frozen=True, slots=True)
class Difference:
    """One named way in which what is differs from what must be.

    Attributes:
        kind: A stable name such as "missing hop".
        where: The place of a packet or an interface; of anything else, its name.
        expected: What must be there.
        seen: What is there.
        packet: The packet that differs; empty if none does.
    """

    kind: str
    where: Place | str
    expected: str
    seen: str
    packet: str = ""

    def __str__(self) -> str:
        about = f" [{self.packet}]" if self.packet else ""
        return f"{self.kind} at {self.where}: expected {self.expected}, saw {self.seen}{about}"


def listed(values: Iterable[object]) -> str:
    """What a difference says of several values, in an order that is always the same."""
    return ", ".join(sorted(map(str, values))) or "none"
