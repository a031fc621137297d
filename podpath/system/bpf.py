"""Write eBPF programs, and attach them to tracepoints of the kernel (bpf(2)).

A program lives as long as the descriptors of its process: nothing is left, however podpath ends.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from contextlib import suppress

from podpath.system import linux

#: Registers: of results, of arguments, kept over calls, and of the stack's end.
R0, R1, R2, R3, R4, R6, R7, R8, R10 = 0, 1, 2, 3, 4, 6, 7, 8, 10
#: Functions of the kernel (linux/bpf.h, ___BPF_FUNC_MAPPER).
MAP_LOOKUP_ELEM, KTIME_GET_NS, PROBE_READ_KERNEL = 1, 5, 113
RINGBUF_RESERVE, RINGBUF_SUBMIT = 131, 132
#: Widths of loads and stores (linux/bpf_common.h).
WORD, HALF, BYTE, DOUBLE = 0x00, 0x08, 0x10, 0x18

_MAP_CREATE, _MAP_UPDATE_ELEM, _MAP_DELETE_ELEM = 0, 2, 3
_PROG_LOAD, _RAW_TRACEPOINT_OPEN = 5, 17
_MAP_TYPE_HASH, _MAP_TYPE_RINGBUF, _PROG_TYPE_RAW_TRACEPOINT = 1, 27, 17
_NO_PREALLOC = 1  # linux/bpf.h, BPF_F_NO_PREALLOC
#: A signal that arrives while the kernel verifies a program ends that call, and it is made again.
_LOADS = 5
_PSEUDO_MAP_FD = 1
_INSTRUCTION = struct.Struct("=BBhi")


def move(target: int, source: int) -> bytes:
    """Copy a register."""
    return _INSTRUCTION.pack(0xBF, target | source << 4, 0, 0)


def constant(target: int, value: int) -> bytes:
    """Put a number of 32 bits in a register."""
    return _INSTRUCTION.pack(0xB7, target, 0, value)


def add(target: int, value: int) -> bytes:
    """Add a number to a register."""
    return _INSTRUCTION.pack(0x07, target, 0, value)


def add_register(target: int, source: int) -> bytes:
    """Add a register to another."""
    return _INSTRUCTION.pack(0x0F, target | source << 4, 0, 0)


def load(target: int, source: int, offset: int, width: int = DOUBLE) -> bytes:
    """Load from the memory that a register points to."""
    return _INSTRUCTION.pack(0x61 | width, target | source << 4, offset, 0)


def store(target: int, offset: int, source: int, width: int = DOUBLE) -> bytes:
    """Store a register in the memory that another points to."""
    return _INSTRUCTION.pack(0x63 | width, target | source << 4, offset, 0)


def load_map(target: int, descriptor: int) -> bytes:
    """Put the address of a map in a register."""
    first = _INSTRUCTION.pack(0x18, target | _PSEUDO_MAP_FD << 4, 0, descriptor)
    return first + _INSTRUCTION.pack(0, 0, 0, 0)


def skip_unless_zero(register: int, instructions: int) -> bytes:
    """Skip instructions if a register is not zero."""
    return _INSTRUCTION.pack(0x55, register, instructions, 0)


def call(function: int) -> bytes:
    """Call a function of the kernel."""
    return _INSTRUCTION.pack(0x85, 0, 0, function)


def leave() -> bytes:
    """End the program."""
    return _INSTRUCTION.pack(0x95, 0, 0, 0)


def ring_buffer(size: int) -> int:
    """Create a ring buffer, and return its descriptor.

    Args:
        size: its size in bytes, a power of two.

    Raises:
        OSError: the kernel refuses.
    """
    return linux.bpf(_MAP_CREATE, struct.pack("=IIII", _MAP_TYPE_RINGBUF, 0, 0, size))


class Numbers:
    """A set of 32-bit numbers that programs can look up."""

    def __init__(self, most: int) -> None:
        """Create an empty set of at most so many numbers.

        Raises:
            OSError: the kernel refuses.
        """
        size = struct.calcsize("=I")
        attributes = struct.pack("=IIIII", _MAP_TYPE_HASH, size, size, most, _NO_PREALLOC)
        self.descriptor = linux.bpf(_MAP_CREATE, attributes)
        self._numbers: frozenset[int] = frozenset()

    def set(self, numbers: Iterable[int]) -> None:
        """Replace the content.

        Raises:
            OSError: there are more numbers than the set can have.
        """
        new = frozenset(numbers)
        for number in self._numbers - new:
            self._call(_MAP_DELETE_ELEM, ctypes.c_uint32(number), None)
        for number in new - self._numbers:
            self._call(_MAP_UPDATE_ELEM, ctypes.c_uint32(number), ctypes.c_uint32(1))
        self._numbers = new

    def _call(self, command: int, key: ctypes.c_uint32, value: ctypes.c_uint32 | None) -> None:
        address = 0 if value is None else ctypes.addressof(value)
        attributes = self.descriptor, ctypes.addressof(key), address, 0
        linux.bpf(command, struct.pack("=I4xQQQ", *attributes))


def attach(tracepoint: str, instructions: Iterable[bytes]) -> int:
    """Attach a program to a tracepoint; return the descriptor that keeps it attached.

    Args:
        tracepoint: name of the tracepoint, whose arguments R1 points to at the beginning.
        instructions: the program.

    Raises:
        OSError: the kernel refuses.
    """
    program = b"".join(instructions)
    code, licence = ctypes.create_string_buffer(program), ctypes.create_string_buffer(b"GPL")
    load_ = struct.pack(
        "=IIQQ",
        _PROG_TYPE_RAW_TRACEPOINT,
        len(program) // _INSTRUCTION.size,
        ctypes.addressof(code),
        ctypes.addressof(licence),
    )
    loaded = _loaded(load_)
    name = ctypes.create_string_buffer(tracepoint.encode())
    try:
        return linux.bpf(_RAW_TRACEPOINT_OPEN, struct.pack("=QI", ctypes.addressof(name), loaded))
    finally:
        os.close(loaded)


def _loaded(attributes: bytes) -> int:
    for _ in range(_LOADS - 1):
        with suppress(BlockingIOError):
            return linux.bpf(_PROG_LOAD, attributes)
    return linux.bpf(_PROG_LOAD, attributes)
