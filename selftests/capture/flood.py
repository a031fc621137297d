"""A flood of other traffic from one pod's namespace to another pod, bounded in count and time.

A process of its own sends it: this one has enough to do.
"""

import ctypes
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_BATCH = 500
_PER_SECOND = 100_000
_MOST = 2_000_000
_SECONDS = 20.0
_SOL_PACKET, _PACKET_QDISC_BYPASS = 263, 20


class _Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class _Message(ctypes.Structure):
    """struct mmsghdr, of sendmmsg(2)."""

    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(_Vector)),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("sent", ctypes.c_uint32),
    ]


def _checksum(header: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def datagram(macs: tuple[str, str], addresses: tuple[str, str], port: int) -> bytes:
    """An Ethernet frame with a UDP datagram; each pair is source, destination."""
    source, destination = (bytes.fromhex(mac.replace(":", "")) for mac in macs)
    ends = b"".join(socket.inet_aton(address) for address in addresses)
    udp = struct.pack("!HHHH", 7, port, 8 + 18, 0) + bytes(18)
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + ends
    header = header[:10] + _checksum(header).to_bytes(2, "big") + header[12:]
    return destination + source + b"\x08\x00" + header + udp


@dataclass
class Flood:
    """How many frames an interface sent since the flood began, by the kernel's count."""

    counter: Path
    start: int
    began: float

    @property
    def frames(self) -> int:
        """So many."""
        return int(self.counter.read_text()) - self.start

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.frames / (time.monotonic() - self.began)

    def wait_for(self, more: int) -> None:
        """Wait until so many more frames were sent."""
        enough, deadline = self.frames + more, time.monotonic() + _SECONDS
        while self.frames < enough and time.monotonic() < deadline:
            time.sleep(0.001)


@contextmanager
def flooding(namespace: str, interface: str, counter: Path, frame: bytes) -> Iterator[Flood]:
    """Send the frame again and again while the block runs, which begins once it flows.

    counter: of the frames at the interface's peer.
    """
    flood = Flood(counter, int(counter.read_text()), time.monotonic())
    process = subprocess.Popen(
        ["nsenter", f"--net={namespace}", sys.executable, __file__, interface, frame.hex()],
        stdin=subprocess.PIPE,
    )
    try:
        flood.wait_for(1000)
        yield flood
    finally:
        process.kill()
        process.communicate()


def _pour(interface: str, frame: bytes) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(frame, len(frame))
    vector = _Vector(ctypes.addressof(buffer), len(frame))
    messages = (_Message * _BATCH)(
        *(_Message(vectors=ctypes.pointer(vector), vector_count=1) for _ in range(_BATCH))
    )
    start, sent = time.monotonic(), 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        sender.setsockopt(_SOL_PACKET, _PACKET_QDISC_BYPASS, 1)
        sender.bind((interface, 0))
        while sent < _MOST and (passed := time.monotonic() - start) < _SECONDS:
            sent += max(libc.sendmmsg(sender.fileno(), messages, _BATCH, 0), 0)
            if (early := sent / _PER_SECOND - passed) > 0:
                time.sleep(early)


if __name__ == "__main__":
    _pour(sys.argv[1], bytes.fromhex(sys.argv[2]))
