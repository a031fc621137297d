"""Lines of the keys in a JSON document, which Python's reader does not keep. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json import decoder, scanner

#: Way to a value in a document: keys of objects, and places in lists.
Way = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t\n\r]*")
_scan = scanner.py_make_scanner(decoder.JSONDecoder())  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Positions:
    """Lines of the values of a document.

    Attributes:
        lines: way to a value -> line of its key, or of the value itself in a list.
        repeated: ways that an object has twice, each with the line of the second one.
    """

    lines: Mapping[Way, int]
    repeated: tuple[tuple[Way, int], ...]

    def line(self, *way: str | int) -> int:
        """Return the line of a value, or of the nearest value around it; 0 without any."""
        while way and way not in self.lines:
            way = way[:-1]
        return self.lines.get(way, 0)


def of(text: str) -> Positions:
    """Return the lines of a document, which must be JSON."""
    lines: dict[Way, int] = {}
    repeated = []
    for way, place in _values(text, _skip(text, 0), ()):
        line = text.count("\n", 0, place) + 1
        if way in lines:
            repeated.append((way, line))
        lines[way] = line
    return Positions(lines, tuple(repeated))


def _values(text: str, at: int, way: Way) -> Iterator[tuple[Way, int]]:
    """Yield the way and the place of each value inside the one at a place."""
    if text[at] == "{":
        at = _skip(text, at + 1)
        while text[at] != "}":
            place = at
            key, at = decoder.scanstring(text, at + 1, False)  # type: ignore[attr-defined]
            inner = (*way, key)
            yield inner, place
            at = _skip(text, _skip(text, at) + 1)
            yield from _values(text, at, inner)
            at = _next(text, _end(text, at))
    elif text[at] == "[":
        at = _skip(text, at + 1)
        number = 0
        while text[at] != "]":
            inner = (*way, number)
            yield inner, at
            yield from _values(text, at, inner)
            at = _next(text, _end(text, at))
            number += 1


def _end(text: str, at: int) -> int:
    """Return the place after a value."""
    _, end = _scan(text, at)
    return int(end)


def _next(text: str, at: int) -> int:
    """Return the place of the next member, or of the bracket that closes the value."""
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
