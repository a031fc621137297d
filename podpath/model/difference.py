"""Differences between an expectation and an observation."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from podpath.model.place import Place

#: Words that name one pod, link, address or file.
_NAMES = re.compile(r"\S*(?:\d|veth)\S*")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between an expectation and an observation.

    Attributes:
        kind: stable name of the kind of difference, for example "missing hop".
        where: place of a packet or an interface, or the name of anything else.
        expected: text of the expected value.
        seen: text of the observed value.
        packet: text of the packet that differs; empty if the difference is not in a packet.
    """

    kind: str
    where: Place | str
    expected: str
    seen: str
    packet: str = ""

    def __str__(self) -> str:
        about = f" [{self.packet}]" if self.packet else ""
        return f"{self.kind} at {self.where}: expected {self.expected}, saw {self.seen}{about}"


def shape(difference: Difference) -> tuple[str, ...]:
    """Return the texts of a difference without the names of single pods and links."""
    texts = (difference.kind, str(difference.where), difference.expected, difference.seen)
    return tuple(_NAMES.sub("#", text) for text in texts)


def listed(values: Iterable[object]) -> str:
    """Join values for the text of a difference, in an order that is always the same."""
    return ", ".join(sorted(map(str, values))) or "none"
