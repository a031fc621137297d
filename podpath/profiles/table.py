"""Read the tables of a TOML file, and reject unknown keys and values with their line. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any, TypeVar

from podpath.profiles.rules import filled

T = TypeVar("T")

_SAMPLE = (IPv4Address("10.0.0.2"), IPv4Network("10.0.0.0/24"), IPv4Address("10.0.0.1"))

_NAMES: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class Malformed(ValueError):
    """Error in a profile file.

    Attributes:
        at: texts that lead to its place in the file, each after the one before.
    """

    def __init__(self, reason: str, at: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.at = at


def line_of(text: str, at: tuple[str, ...]) -> int:
    """Return the line to which these texts lead, counted from 1; 0 if they lead to none."""
    lines = [line.partition("#")[0] for line in text.splitlines()]
    last = 0
    for mark in at:
        word = re.compile(rf"(?<![\w-]){re.escape(mark)}(?![\w-])")
        rest = range(max(last - 1, 0), len(lines))
        last = next((n + 1 for n in rest if word.search(lines[n])), last)
    return last


@dataclass(frozen=True)
class Table:
    """Table of the file.

    Attributes:
        data: its keys and values.
        at: texts that lead to it in the file.
    """

    data: Mapping[str, Any]
    at: tuple[str, ...] = ()

    def only(self, *known: str) -> None:
        """Refuse keys other than the known ones."""
        for key in self.data:
            if key not in known:
                raise self.wrong(f"there is no key {key!r} here, only {', '.join(known)}", key)

    def wrong(self, reason: str, key: str = "") -> Malformed:
        """Return the error at one of the keys, or of the table as a whole."""
        return Malformed(reason, (*self.at, key) if key else self.at)

    def value(self, key: str, kind: type[T], default: T | None = None) -> T:
        """Return the value of a key, which has this type."""
        if key not in self.data and default is not None:
            return default
        if key not in self.data:
            raise self.wrong(f'"{key}" is missing')
        value = self.data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.wrong(f'"{key}" must be {_NAMES[kind]}', key)
        return value

    def one_of(self, key: str, known: tuple[str, ...], default: str | None = None) -> str:
        """Return a text that is one of the known ones."""
        value = self.value(key, str, default)
        if value not in known:
            raise self.wrong(f'"{key}" must be one of {", ".join(known)}, not {value!r}', key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty without the key."""
        values = self.value(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(f'"{key}" must be a list of texts', key)
        return tuple(values)

    def table(self, key: str) -> "Table":
        """Return the table of a key."""
        return Table(self.value(key, dict), (*self.at, key))

    def table_if_any(self, key: str) -> "Table":
        """Return the table of a key, an empty one without the key."""
        return self.table(key) if key in self.data else Table({}, (*self.at, key))

    def tables(self, key: str, mark: str) -> "tuple[Table, ...]":
        """Return the tables in a list; the value of the key `mark` leads to each in the file."""
        tables = []
        for table in self.value(key, list, []):
            if not isinstance(table, dict):
                raise self.wrong(f'"{key}" must be a list of tables', key)
            tables.append(Table(table, (*self.at, key, str(table.get(mark, "")))))
        return tuple(tables)

    def filled(self, key: str, text: str, read: Callable[[str], object]) -> str:
        """Return a text with placeholders, which must be valid once they are filled in.

        Args:
            key: key of the text.
            text: the text.
            read: reader of an address or a network; raises ValueError for a text that is none.
        """
        try:
            read(filled(text, *_SAMPLE))
        except KeyError as error:
            raise self.wrong(f"nothing is called {error} in {text!r}", key) from None
        except ValueError as error:
            raise self.wrong(f"{text!r}, filled in, is none: {error}", key) from None
        return text
