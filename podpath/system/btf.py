"""Read the kernel's description of its own types: /sys/kernel/btf/vmlinux.

The place of a field in a structure, and the names of an enumeration, differ from kernel to kernel.
The file is of the running kernel. Format: https://docs.kernel.org/bpf/btf.html.
"""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

PATH = Path("/sys/kernel/btf/vmlinux")

_MAGIC = 0xEB9F
_HEADER = struct.Struct("=HBBIIIII")
_TYPE = struct.Struct("=III")
_MEMBER = struct.Struct("=III")
_ENUMERATOR = struct.Struct("=Ii")
_INT, _ARRAY, _STRUCT, _UNION, _ENUM = 1, 3, 4, 5, 6
_FUNC_PROTO, _VAR, _DATASEC, _DECL_TAG, _ENUM64 = 13, 14, 15, 17, 19
#: Kinds of type that name another: typedef, volatile, const, restrict.
_ALIASES = (8, 9, 10, 11)
#: Kind -> bytes that follow a type: once, and for each of its members.
_TAIL = [(0, 0)] * 32
_TAIL[_INT] = _TAIL[_VAR] = _TAIL[_DECL_TAG] = (4, 0)
_TAIL[_ARRAY] = (12, 0)
_TAIL[_STRUCT] = _TAIL[_UNION] = _TAIL[_DATASEC] = _TAIL[_ENUM64] = (0, 12)
_TAIL[_ENUM] = _TAIL[_FUNC_PROTO] = (0, 8)


class Types:
    """The types of a kernel."""

    def __init__(self, raw: bytes) -> None:
        """Index the types.

        Args:
            raw: the file.

        Raises:
            ValueError: it is malformed, or has the other byte order.
        """
        self._raw = raw
        try:
            magic, _, _, header, types, size, strings, _ = _HEADER.unpack_from(raw)
            if magic != _MAGIC:
                raise ValueError("no BTF of this byte order")
            self._strings = header + strings
            self._starts = list(_starts(raw, header + types, header + types + size))
            self._known = frozenset(self._starts)
        except struct.error as error:
            raise ValueError(f"malformed BTF: {error}") from None

    def offset(self, structure: str, *path: str) -> int:
        """Return the offset in bytes of a member of a structure.

        Args:
            structure: name of the structure.
            path: name of the member, of a member of that member's structure, and so on.

        Raises:
            ValueError: the kernel has no such structure or member, or it is a bit field.
        """
        start, bits = self._named(structure, _STRUCT), 0
        for name in path:
            found = self._member(start, name)
            if found is None:
                raise ValueError(f"this kernel has no {name} in struct {structure}")
            bits, start = bits + found[0], found[1]
        if bits % 8:
            raise ValueError(f"{path[-1]} of struct {structure} is a bit field")
        return bits // 8

    def names(self, enumeration: str) -> Mapping[int, str]:
        """Return the names of an enumeration's values.

        Raises:
            ValueError: the kernel has no such enumeration.
        """
        start = self._named(enumeration, _ENUM)
        _, info, _ = _TYPE.unpack_from(self._raw, start)
        first = start + _TYPE.size
        steps = range(first, first + _ENUMERATOR.size * (info & 0xFFFF), _ENUMERATOR.size)
        values = (_ENUMERATOR.unpack_from(self._raw, step) for step in steps)
        return {value: self._text(name) for name, value in values}

    def _named(self, name: str, kind: int) -> int:
        """Return the start of a type with members."""
        number = self._raw.find(b"\0" + name.encode() + b"\0", self._strings) + 1 - self._strings
        wanted = struct.pack("=I", max(number, 0))
        position = self._raw.find(wanted)
        while position != -1:
            if position in self._known:
                _, info, _ = _TYPE.unpack_from(self._raw, position)
                if info >> 24 & 0x1F == kind and info & 0xFFFF:
                    return position
            position = self._raw.find(wanted, position + 1)
        raise ValueError(f"this kernel has no type {name}")

    def _member(self, start: int, name: str) -> tuple[int, int] | None:
        """Return the offset in bits and the start of the type of a member, also of unnamed ones."""
        for member, inner, bits in self._members(start):
            if member == name:
                return bits, inner
            if not member and (found := self._member(inner, name)) is not None:
                return bits + found[0], found[1]
        return None

    def _members(self, start: int) -> Iterator[tuple[str, int, int]]:
        _, info, _ = _TYPE.unpack_from(self._raw, start)
        if info >> 24 & 0x1F not in (_STRUCT, _UNION):
            return
        first = start + _TYPE.size
        for step in range(first, first + _MEMBER.size * (info & 0xFFFF), _MEMBER.size):
            name, number, bits = _MEMBER.unpack_from(self._raw, step)
            # the upper byte is the width of a bit field, if the structure has any
            yield self._text(name), self._resolved(number), bits & 0xFFFFFF if info >> 31 else bits

    def _resolved(self, number: int) -> int:
        """Return the start of a type, of which typedefs and qualifiers are removed."""
        while True:
            start = self._starts[number - 1]  # number 0 is void
            _, info, other = _TYPE.unpack_from(self._raw, start)
            if not number or info >> 24 & 0x1F not in _ALIASES:
                return start
            number = other

    def _text(self, offset: int) -> str:
        start = self._strings + offset
        return self._raw[start : self._raw.index(b"\0", start)].decode()


def _starts(raw: bytes, start: int, end: int) -> Iterator[int]:
    """Yield the place of each type, in the order of their numbers from 1."""
    unpack, tail = _TYPE.unpack_from, _TAIL
    while start < end:
        yield start
        info = unpack(raw, start)[1]
        once, each = tail[info >> 24 & 0x1F]
        start += 12 + once + each * (info & 0xFFFF)
