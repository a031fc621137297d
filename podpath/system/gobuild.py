"""Read what Go's linker wrote into a program about its build, without running the program.

Format: go/src/debug/buildinfo/buildinfo.go. The information stays when symbols are stripped.
"""

import mmap
import struct
from pathlib import Path

from podpath.model.gobuild import GoBuild

_ELF = b"\x7fELF"
_MAGIC = b"\xff Go buildinf:"
_ALIGNMENT = 16
_HEADER = 32
#: Flags at _FLAGS: big endian, and strings inside the section (since Go 1.18).
_POINTER_SIZE, _FLAGS = 14, 15
_BIG_ENDIAN, _INLINE = 1, 2
#: Bytes around the text of the modules.
_SENTINEL = 16
_MOST_TEXT = 2**20
_LOADED = 1


def read(path: str | Path, *functions: str) -> GoBuild | None:
    """Return the build of a Go program; None for any other file.

    Args:
        path: the file.
        functions: beginnings of the names of functions to search for. The table of functions stays
            when symbols are stripped.

    Raises:
        OSError: the file cannot be read.
    """
    with Path(path).open("rb") as file:
        if file.read(4) != _ELF:
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                text = _text(data)
            except (struct.error, IndexError, ValueError):
                return None
            if text is None:
                return None
            names = frozenset(n for n in functions if data.find(n.encode()) >= 0)
            return parse(text, names)


def is_program(path: str | Path) -> bool:
    """Return whether a file is a program, and not a script.

    Raises:
        OSError: the file cannot be read.
    """
    with Path(path).open("rb") as file:
        return file.read(4) == _ELF


def parse(text: str, functions: frozenset[str] = frozenset()) -> GoBuild:
    """Read the text that `go version -m` prints about a build. Pure."""
    package, versions, settings = "", {}, {}
    module = ""
    for line in text.splitlines():
        key, *values = line.split("\t")
        if key == "path" and values:
            package = values[0]
        elif key in ("mod", "dep") and len(values) > 1:
            module = values[0]
            versions[module] = values[1]
        elif key == "=>" and len(values) > 1 and module:
            versions[module] = values[1]
        elif key == "build" and values:
            name, _, value = values[0].partition("=")
            settings[name] = value.strip('"')
    return GoBuild(package, versions, settings, functions)


def _text(data: mmap.mmap) -> str | None:
    start = data.find(_MAGIC)
    while start >= 0 and start % _ALIGNMENT:
        start = data.find(_MAGIC, start + 1)
    if start < 0:
        return None
    flags = data[start + _FLAGS]
    if flags & _INLINE:
        _, end = _inline(data, start + _HEADER)
        modules, _ = _inline(data, end)
    else:
        word = (">" if flags & _BIG_ENDIAN else "<") + ("Q" if data[start + 14] == 8 else "I")
        modules = _pointed_to(data, start + _ALIGNMENT + struct.calcsize(word), word)
    return modules[_SENTINEL:-_SENTINEL].decode(errors="replace")


def _inline(data: mmap.mmap, offset: int) -> tuple[bytes, int]:
    """Return a string behind its length, and the offset behind it (encoding/binary.Uvarint)."""
    length = shift = 0
    while True:
        byte = data[offset]
        offset += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    end = offset + min(length, _MOST_TEXT)
    return data[offset:end], end


def _pointed_to(data: mmap.mmap, offset: int, word: str) -> bytes:
    """Return the string whose header a pointer leads to: builds before Go 1.18."""
    (header,) = struct.unpack_from(word, data, offset)
    at, length = struct.unpack_from(f"{word[0]}2{word[1]}", data, _offset(data, header))
    begin = _offset(data, at)
    return data[begin : begin + min(length, _MOST_TEXT)]


def _offset(data: mmap.mmap, address: int) -> int:
    """Return the place in an ELF file of an address in memory. Raises ValueError."""
    order = ">" if data[5] == 2 else "<"
    if data[4] == 2:  # 64 bits
        (table,) = struct.unpack_from(f"{order}Q", data, 32)
        size, count = struct.unpack_from(f"{order}2H", data, 54)
    else:
        (table,) = struct.unpack_from(f"{order}I", data, 28)
        size, count = struct.unpack_from(f"{order}2H", data, 42)
    for number in range(count):
        at = table + number * size
        if data[4] == 2:
            kind, _, offset, begin, _, length = struct.unpack_from(f"{order}2I4Q", data, at)
        else:
            kind, offset, begin, _, length = struct.unpack_from(f"{order}5I", data, at)
        if kind == _LOADED and begin <= address < begin + length:
            return int(offset + address - begin)
    raise ValueError(f"no segment has the address {address:#x}")
