"""How what is differs from what must be."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One named way in which what is differs from what must be.

    kind: a stable name such as "missing hop"; where: namespace, interface and direction, as far
    as they apply; packet: what it is about, for path differences.
    """

    kind: str
    where: str
    expected: str
    seen: str
    packet: str = ""

    def __str__(self) -> str:
        about = f" [{self.packet}]" if self.packet else ""
        return f"{self.kind} at {self.where}: expected {self.expected}, saw {self.seen}{about}"


def listed(values: Iterable[object]) -> str:
    """What a difference says of several values, in an order that is always the same."""
    return ", ".join(sorted(map(str, values))) or "none"
