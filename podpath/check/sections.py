"""Sections of a configuration, with their places in the file. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podpath.check.findings import Finding, Level
from podpath.check.positions import Positions, Way
from podpath.cni import delegation, reference
from podpath.cni.document import LOOPBACK
from podpath.cni.fields import Malformed


@dataclass(frozen=True, slots=True)
class Section:
    """An object of the file: the whole document, or the configuration of one plugin.

    Attributes:
        data: its keys and values, the keys in their usual case.
        way: way to it in the document.
        positions: lines of the file.
        is_main: True if the plugin makes the pods' interface.
        is_delegate: True if another plugin of the chain passes it on.
    """

    data: Mapping[str, Any]
    way: Way
    positions: Positions
    is_main: bool = False
    is_delegate: bool = False

    @property
    def plugin(self) -> str:
        """Type of the plugin; empty for the document."""
        kind = self.data.get("type")
        return kind if isinstance(kind, str) else ""

    @property
    def ipam(self) -> Mapping[str, Any]:
        """Section "ipam"; empty without one."""
        ipam = self.data.get("ipam")
        return ipam if isinstance(ipam, dict) else {}

    def wrong(self, text: str, *keys: str | int, remedy: str = "") -> Finding:
        """Return a mistake at a value of the section; in line 1 if it is of the whole file."""
        return Finding(Level.WRONG, text, remedy, self.positions.line(*self.way, *keys) or 1)

    def note(self, text: str, *keys: str | int, remedy: str = "") -> Finding:
        """Return a note at a value of the section."""
        return Finding(Level.NOTE, text, remedy, self.positions.line(*self.way, *keys))


def of_chain(document: Mapping[str, Any], positions: Positions) -> tuple[Section, ...]:
    """Return the sections of the plugins, and those of their delegates after each.

    A plugin's .conf is a chain of one. What is no object with a "type" is left out.
    """
    listed: Sequence[object] = document["plugins"] if _is_list(document) else [document]
    found: list[Section] = []
    is_main = False
    for number, data in enumerate(listed):
        if not isinstance(data, dict) or not isinstance(data.get("type"), str):
            continue
        way: Way = ("plugins", number) if _is_list(document) else ()
        is_first = not is_main and data["type"] != LOOPBACK
        is_main = is_main or is_first
        section = Section(reference.normalized(data), way, positions, is_main=is_first)
        found += [section, *(_delegates(section) if is_first else ())]
    return tuple(found)


def _is_list(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("plugins"), list)


def _delegates(section: Section) -> Iterator[Section]:
    try:
        delegated = delegation.of(section.data)
    except Malformed:  # the chain is reported to be so
        return
    if delegated:
        key: Way = ("delegates", 0) if "delegates" in section.data else ("delegate",)
        stated = delegated.section.keys() - delegated.assumed
        yield Section(
            {name: value for name, value in delegated.section.items() if name in stated},
            (*section.way, *key),
            section.positions,
            is_main=True,
            is_delegate=True,
        )
