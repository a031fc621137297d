"""Builds of Go programs, as their linkers of several years wrote them."""

import struct
from pathlib import Path

import pytest

from podpath.model.gobuild import GoBuild
from podpath.system import gobuild

TEXT = (
    "path\texample.org/acme/cmd/cni\n"
    "mod\texample.org/acme\t(devel)\t\n"
    "dep\texample.org/lib\tv1.0.0\th1:x=\n"
    "dep\texample.org/old\tv0.1.0\n"
    "=>\texample.org/new\tv0.2.0\th1:y=\n"
    'build\t-ldflags="-s -X example.org/acme.V=v2"\n'
)
BUILD = GoBuild(
    "example.org/acme/cmd/cni",
    {"example.org/acme": "(devel)", "example.org/lib": "v1.0.0", "example.org/old": "v0.2.0"},
    {"-ldflags": "-s -X example.org/acme.V=v2"},
    frozenset({"example.org/lib.Main"}),
)
MODULES = b"0" * 16 + TEXT.encode() + b"1" * 16
MAGIC = b"\xff Go buildinf:"
NAMES = b"example.org/lib.Main\0"


def inline() -> bytes:
    """A file since Go 1.18: both strings are behind their lengths."""
    length = bytes([len(MODULES) & 0x7F | 0x80, len(MODULES) >> 7])
    return b"\x7fELF".ljust(64, b"\0") + MAGIC + bytes([8, 2]) + bytes(16) + b"\x02go" + length


def pointed_to(word: str, order: str) -> bytes:
    """A file before Go 1.18: a pointer leads to the string's header."""
    bits, big = (2 if word == "Q" else 1), order == ">"
    size = struct.calcsize(word)
    base, begin = 0x400000, 256
    head = b"\x7fELF" + bytes([bits, 2 if big else 1])
    if bits == 2:
        segment = struct.pack(f"{order}2I6Q", 1, 4, 0, base, base, 4096, 4096, 0)
        elf = head.ljust(32, b"\0") + struct.pack(f"{order}Q", 64)
        elf = elf.ljust(54, b"\0") + struct.pack(f"{order}2H", len(segment), 1)
    else:
        segment = struct.pack(f"{order}8I", 1, 0, base, base, 4096, 4096, 4, 0)
        elf = head.ljust(28, b"\0") + struct.pack(f"{order}I", 64)
        elf = elf.ljust(42, b"\0") + struct.pack(f"{order}2H", len(segment), 1)
    elf = (elf.ljust(64, b"\0") + segment).ljust(160, b"\0")
    pointers = struct.pack(f"{order}2{word}", base, base + 208)
    elf += (MAGIC + bytes([size, big]) + pointers).ljust(48, b"\0")
    elf += struct.pack(f"{order}2{word}", base + begin, len(MODULES))
    return elf.ljust(begin, b"\0")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(inline(), id="inline"),
        pytest.param(pointed_to("Q", "<"), id="64-bit"),
        pytest.param(pointed_to("Q", ">"), id="64-bit-big-endian"),
        pytest.param(pointed_to("I", "<"), id="32-bit"),
    ],
)
def test_build_of_a_program(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "cni"
    file.write_bytes(content + MODULES + NAMES)

    assert gobuild.read(file, "example.org/lib.Main", "example.org/lib.Other") == BUILD


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"#!/bin/sh\n",
        b"\x7fELF",
        b"\x7fELF".ljust(64, b"\0") + MAGIC,
        b"\x7fELF".ljust(64, b"\0") + MAGIC + bytes([8, 0]) + bytes(16),
        pointed_to("Q", "<").replace(struct.pack("<Q", 0x400000 + 208), b"\xff" * 8),
        inline()[:-1] + b"\xff",
    ],
)
def test_any_other_file_has_no_build(tmp_path: Path, content: bytes) -> None:
    """A damaged program has none, or an empty one."""
    file = tmp_path / "cni"
    file.write_bytes(content)

    assert gobuild.read(file) in (None, GoBuild())
