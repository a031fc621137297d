"""Record the packets that the kernel drops, each with the reason: the tracepoint skb:kfree_skb.

The tracepoint has no identity of the packet. A program of eBPF on it therefore copies the packet's
first bytes, and the interface and the network namespace that the packet was in. It passes over
packets of other namespaces than those asked for: what they drop would fill the record. It needs
neither tracefs nor any setting of the host, and ends with this process.

A kernel without BTF or ring buffers (before 5.8), or a container without the rights, has no such
record: packets that it dropped then have no reason.
"""

import mmap
import struct
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice

from podpath.system import bpf, btf

#: Bytes of a packet that are kept, from its network header on: IPv6 and TCP with their options.
HEAD = 160
#: Bytes of the ring, a power of two: room for some 4000 packets.
_RING = 1 << 20
_NAME = 16  # linux/if.h, IFNAMSIZ
_EVENT = struct.Struct(f"=QQIIII{_NAME}sH6x{HEAD}s")
_TIME, _LOCATION, _REASON, _OF_DEVICE, _OF_SOCKET, _LENGTH = 0, 8, 16, 20, 24, 28
_DEVICE, _PROTOCOL = 32, 32 + _NAME
_PACKET = _PROTOCOL + 8
_BUSY, _DISCARDED = 1 << 31, 1 << 30  # linux/bpf.h, BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT
_RECORD_HEADER = 8
_REASON_PREFIX = "SKB_DROP_REASON_"
# on the program's stack
_POINTER, _SCRATCH, _DEVICE_NETNS, _SOCKET_NETNS = -8, -16, -20, -24
#: Namespaces that can be asked for at once.
_MOST_NAMESPACES = 4096
_LOOKUP = 5  # instructions


@dataclass(frozen=True, slots=True)
class Drop:
    """One packet that the kernel dropped.

    Attributes:
        time: on the monotonic clock, in ns.
        reason: SKB_DROP_REASON_..., without that beginning; empty if the kernel gives none.
        location: address of the code that dropped the packet.
        netns: inode of the network namespace; 0 if the packet was in none.
        interface: name of the interface that the packet was on; empty if it was on none.
        protocol: EtherType.
        length: length of the packet in bytes.
        head: its first bytes, from the network header on.
    """

    time: int
    reason: str
    location: int
    netns: int
    interface: str
    protocol: int
    length: int
    head: bytes


class Recorder:
    """Record of the packets that the kernel drops on this machine, as long as the process lives."""

    def __init__(self) -> None:
        """Attach the program.

        Raises:
            OSError: the kernel refuses.
            ValueError: the kernel does not describe its types.
        """
        types = btf.Types(btf.PATH.read_bytes())
        self._reasons: Mapping[int, str] = {}
        with suppress(ValueError):  # before Linux 5.17 the tracepoint had no reasons
            self._reasons = types.names("skb_drop_reason")
        self._ring = bpf.ring_buffer(_RING)
        self._namespaces = bpf.Numbers(_MOST_NAMESPACES)
        program = _program(types, self._namespaces.descriptor, self._ring, bool(self._reasons))
        self._link = bpf.attach("kfree_skb", program)
        page = mmap.PAGESIZE
        self._consumer = mmap.mmap(self._ring, page)
        self._data = mmap.mmap(
            self._ring, page + 2 * _RING, mmap.MAP_SHARED, mmap.PROT_READ, offset=page
        )

    def begin(self, namespaces: Iterable[int]) -> None:
        """Record the packets of some network namespaces, and forget those until now.

        Args:
            namespaces: inode of each namespace; packets of more than 4096 have no record.
        """
        self._namespaces.set(islice(namespaces, _MOST_NAMESPACES))
        self._consume(self._produced())

    def names(self, reason: str) -> bool:
        """Return whether this kernel names a reason, such as "CPU_BACKLOG" (since Linux 5.18)."""
        return f"{_REASON_PREFIX}{reason}" in self._reasons.values()

    def take(self) -> list[Drop] | None:
        """Return the packets that were dropped since the last call; None if there were too many."""
        full = self._produced() - self._consumed() > _RING - _EVENT.size - 2 * _RECORD_HEADER
        drops = [self._read(record) for record in self._records()]
        return None if full else drops

    def _records(self) -> Iterator[bytes]:
        position = self._consumed()
        while position < self._produced():
            start = mmap.PAGESIZE + position % _RING
            (header,) = struct.unpack_from("=I", self._data, start)
            if header & _BUSY:
                return
            length = header & ~_DISCARDED
            if not header & _DISCARDED:
                yield self._data[start + _RECORD_HEADER : start + _RECORD_HEADER + length]
            position += _RECORD_HEADER + (length + 7 & ~7)
            self._consume(position)

    def _read(self, record: bytes) -> Drop:
        time, location, reason, device, socket, length, name, protocol, head = _EVENT.unpack(record)
        text = self._reasons.get(reason, "").removeprefix(_REASON_PREFIX)
        interface = name.partition(b"\0")[0].decode(errors="replace") if device else ""
        return Drop(
            time,
            text,
            location,
            device or socket,
            interface,
            int.from_bytes(protocol.to_bytes(2, "little"), "big"),
            length,
            head,
        )

    def _produced(self) -> int:
        return int(struct.unpack_from("=Q", self._data, 0)[0])

    def _consumed(self) -> int:
        return int(struct.unpack_from("=Q", self._consumer, 0)[0])

    def _consume(self, position: int) -> None:
        struct.pack_into("=Q", self._consumer, 0, position)


@cache
def recorder() -> Recorder | None:
    """Return the recorder of this process; None if this kernel or its rights allow none."""
    try:
        return Recorder()
    except (OSError, ValueError):
        return None


def _program(types: btf.Types, namespaces: int, ring: int, has_reason: bool) -> Iterator[bytes]:
    """Write the program: one record for each packet, of the layout of _EVENT."""
    yield bpf.move(bpf.R6, bpf.R1)
    yield bpf.load(bpf.R7, bpf.R6, 0)  # the packet, struct sk_buff
    yield from _leave_unless_of_interest(types, namespaces)
    yield bpf.load_map(bpf.R1, ring)
    yield bpf.constant(bpf.R2, _EVENT.size)
    yield bpf.constant(bpf.R3, 0)
    yield bpf.call(bpf.RINGBUF_RESERVE)
    yield bpf.skip_unless_zero(bpf.R0, 1)
    yield bpf.leave()
    yield bpf.move(bpf.R8, bpf.R0)
    yield bpf.call(bpf.KTIME_GET_NS)
    yield bpf.store(bpf.R8, _TIME, bpf.R0)
    yield bpf.load(bpf.R1, bpf.R6, 8)
    yield bpf.store(bpf.R8, _LOCATION, bpf.R1)
    yield bpf.load(bpf.R1, bpf.R6, 16) if has_reason else bpf.constant(bpf.R1, 0)
    yield bpf.store(bpf.R8, _REASON, bpf.R1, bpf.WORD)
    for at, netns in ((_OF_DEVICE, _DEVICE_NETNS), (_OF_SOCKET, _SOCKET_NETNS)):
        yield bpf.load(bpf.R1, bpf.R10, netns, bpf.WORD)
        yield bpf.store(bpf.R8, at, bpf.R1, bpf.WORD)
    yield from _copy(bpf.R8, _LENGTH, 4, bpf.R7, types.offset("sk_buff", "len"))
    yield from _copy(bpf.R8, _PROTOCOL, 8, bpf.R7, types.offset("sk_buff", "protocol"))
    yield from _copy(bpf.R10, _POINTER, 8, bpf.R7, types.offset("sk_buff", "dev"))
    yield from _through(types.offset("net_device", "name"), _NAME, bpf.R8, _DEVICE)
    yield from _copy(bpf.R10, _POINTER, 8, bpf.R7, types.offset("sk_buff", "head"))
    yield from _copy(bpf.R10, _SCRATCH, 2, bpf.R7, types.offset("sk_buff", "network_header"))
    yield bpf.move(bpf.R1, bpf.R8)
    yield bpf.add(bpf.R1, _PACKET)
    yield bpf.constant(bpf.R2, HEAD)
    yield bpf.load(bpf.R3, bpf.R10, _POINTER)
    yield bpf.load(bpf.R4, bpf.R10, _SCRATCH, bpf.HALF)
    yield bpf.add_register(bpf.R3, bpf.R4)
    yield bpf.call(bpf.PROBE_READ_KERNEL)
    yield bpf.move(bpf.R1, bpf.R8)
    yield bpf.constant(bpf.R2, 0)
    yield bpf.call(bpf.RINGBUF_SUBMIT)
    yield bpf.constant(bpf.R0, 0)
    yield bpf.leave()


def _leave_unless_of_interest(types: btf.Types, namespaces: int) -> Iterator[bytes]:
    """Pass over messages of netlink, and packets of other namespaces; leave the two on the stack.

    Messages of netlink have no protocol, and are dropped all the time.
    """
    yield from _copy(bpf.R10, _SCRATCH, 2, bpf.R7, types.offset("sk_buff", "protocol"))
    yield bpf.load(bpf.R1, bpf.R10, _SCRATCH, bpf.HALF)
    yield bpf.constant(bpf.R0, 0)
    yield bpf.skip_unless_zero(bpf.R1, 1)
    yield bpf.leave()
    inode = types.offset("net", "ns", "inum")
    for field, of_field, netns in (
        (
            types.offset("sk_buff", "dev"),
            types.offset("net_device", "nd_net", "net"),
            _DEVICE_NETNS,
        ),
        (
            types.offset("sk_buff", "sk"),
            types.offset("sock_common", "skc_net", "net"),
            _SOCKET_NETNS,
        ),
    ):
        yield from _copy(bpf.R10, _POINTER, 8, bpf.R7, field)
        yield from _through(of_field, 8, bpf.R10, _POINTER)
        yield from _through(inode, 4, bpf.R10, netns)
    yield from _lookup(namespaces, _DEVICE_NETNS)
    yield bpf.skip_unless_zero(bpf.R0, _LOOKUP + 2)
    yield from _lookup(namespaces, _SOCKET_NETNS)
    yield bpf.skip_unless_zero(bpf.R0, 1)
    yield bpf.leave()


def _lookup(map_: int, at: int) -> Iterator[bytes]:
    """Look up the number on the stack: R0 is zero if the map does not have it."""
    yield bpf.load_map(bpf.R1, map_)
    yield bpf.move(bpf.R2, bpf.R10)
    yield bpf.add(bpf.R2, at)
    yield bpf.call(bpf.MAP_LOOKUP_ELEM)


def _copy(target: int, at: int, size: int, source: int, offset: int) -> Iterator[bytes]:
    """Copy from kernel memory at a register's address; zeros if it cannot be read."""
    yield bpf.move(bpf.R1, target)
    yield bpf.add(bpf.R1, at)
    yield bpf.constant(bpf.R2, size)
    yield bpf.move(bpf.R3, source)
    yield bpf.add(bpf.R3, offset)
    yield bpf.call(bpf.PROBE_READ_KERNEL)


def _through(offset: int, size: int, target: int, at: int) -> Iterator[bytes]:
    """Copy from what the pointer on the stack points to."""
    yield bpf.move(bpf.R1, target)
    yield bpf.add(bpf.R1, at)
    yield bpf.constant(bpf.R2, size)
    yield bpf.load(bpf.R3, bpf.R10, _POINTER)
    yield bpf.add(bpf.R3, offset)
    yield bpf.call(bpf.PROBE_READ_KERNEL)


#: Address -> function that symbols() has found there. The table has more than 100,000 lines.
_symbols: dict[int, str] = {}


def symbols(addresses: Collection[int]) -> dict[int, str]:
    """Return the kernel's functions at addresses, by /proc/kallsyms; empty if that is hidden."""
    unknown = set(addresses) - _symbols.keys()
    if unknown:
        try:
            with open("/proc/kallsyms", "rb") as table:
                _symbols.update(symbols_in(table, unknown))
        except (OSError, ValueError):
            return dict.fromkeys(addresses, "")
    return {address: _symbols[address] for address in addresses}


def symbols_in(table: Iterable[bytes], addresses: Iterable[int]) -> dict[int, str]:
    """Return the last symbol of a table that begins at or before each address. Pure.

    Args:
        table: lines "ADDRESS TYPE NAME ...", in any order.
        addresses: addresses to look up.
    """
    ordered = sorted(addresses)
    nearest = [(0, b"")] * len(ordered)
    for line in table:
        start = int(line[:16], 16)
        place = bisect_left(ordered, start)
        if place < len(ordered) and start > nearest[place][0]:
            nearest[place] = start, line
    found, best = {}, (0, b"")
    for address, candidate in zip(ordered, nearest, strict=True):
        best = max(best, candidate)
        found[address] = best[1].split()[2].decode() if best[0] else ""
    return found
