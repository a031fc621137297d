"""Sniffers on every interface of every namespace, with the proof that they missed nothing.

One unbound AF_PACKET socket a namespace sees the frames of all its interfaces, those that appear
later included (packet(7)). The kernel keeps what arrives until it is read, so nothing runs
beside the probe: arm, let the probe happen, collect.

The proof: a canary frame, sent over the namespace's own `lo` from every CPU before and after
the probe, comes back through the same socket; as each CPU hands frames over in order, whatever
it had before the canary is there too (net/core/dev.c, enqueue_to_backlog). And the kernel's
own count of frames that the socket dropped is zero.
"""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from podpath import netns, randomness
from podpath.dissect import dissect, reassemble
from podpath.errors import CouldNotTest
from podpath.model import Direction, Observation, Sighting, TapProof

_ETH_P_ALL = 0x0003
_CANARY_TYPE = 0x88B5  # local experimental EtherType 1 (IEEE 802)
_SO_ATTACH_FILTER = 26
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP = 1
_PACKET_STATISTICS = 6
_PACKET_MR_PROMISC = 1
_BUFFER_BYTES = 64 * 1024 * 1024
_LARGEST_FRAME = 256 * 1024
_CANARY_SECONDS = 5.0
_CLOCK_TOLERANCE_NS = 1_000_000
_DELIVERY = ("host", "broadcast", "multicast", "otherhost", "outgoing")


@dataclass
class _Tap:
    """The socket of one namespace, and what came out of it so far."""

    namespace: str
    sniffer: socket.socket
    promiscuous: tuple[str, ...]
    sightings: list[Sighting] = field(default_factory=list)
    canaries_sent: set[bytes] = field(default_factory=set)
    canaries_seen: set[bytes] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)

    @property
    def waiting(self) -> bool:
        return self.canaries_sent != self.canaries_seen


def _open(namespace: str, path: str, expression: str, promiscuous: Sequence[str]) -> _Tap:
    """Open the socket inside the namespace; what it got before its filter is forgotten later."""

    def work() -> _Tap:
        with ExitStack() as undo:
            everything = socket.htons(_ETH_P_ALL)
            sniffer = undo.enter_context(
                socket.socket(socket.AF_PACKET, socket.SOCK_RAW, everything)
            )
            sniffer.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
            sniffer.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            if expression:
                _attach(sniffer, expression)
            sniffer.setblocking(False)
            for interface in promiscuous:
                request = struct.pack(
                    "iHH8s", socket.if_nametoindex(interface), _PACKET_MR_PROMISC, 0, b""
                )
                sniffer.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, request)
            undo.pop_all()
            return _Tap(namespace, sniffer, tuple(promiscuous))

    try:
        return netns.run_in(path, work)
    except OSError as error:
        raise CouldNotTest(
            f"no sniffer could be opened in namespace {namespace}: {error.strerror or error}"
        ) from None


def _attach(sniffer: socket.socket, expression: str) -> None:
    """Attach a pcap-filter(7) expression, compiled by libpcap, as a classic BPF program."""
    import ctypes

    code = _compile(expression)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HL", len(code) // 8, ctypes.addressof(buffer))
    sniffer.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


_compiled: dict[str, bytes] = {}
_compiling = threading.Lock()


def _compile(expression: str) -> bytes:
    """The expression as an array of struct sock_filter (linux/filter.h)."""
    from scapy.arch.common import compile_filter
    from scapy.data import DLT_EN10MB

    with _compiling:
        if expression not in _compiled:
            try:
                program = compile_filter(expression, linktype=DLT_EN10MB)
            except ImportError:
                raise CouldNotTest(
                    "libpcap is missing", "Install it (Debian: apt-get install libpcap0.8)"
                ) from None
            _compiled[expression] = b"".join(
                struct.pack("HBBI", i.code, i.jt, i.jf, i.k)
                for i in program.bf_insns[: program.bf_len]
            )
        return _compiled[expression]


class Capture:
    """A running capture: see armed()."""

    def __init__(self, taps: list[_Tap]) -> None:
        self._taps = taps
        self._clock = _clock_offset()

    def sightings(self) -> list[Sighting]:
        """All that was seen so far, in order of time, fragments joined."""
        for tap in self._taps:
            _drain(tap)
        return reassemble(s for tap in self._taps for s in tap.sightings)

    def wait_until(self, over: Callable[[Sequence[Sighting]], bool], seconds: float) -> None:
        """Wait until what was seen satisfies over, or the time has passed.

        That it has not is no error: what is missing is the verdict's to say.
        """
        deadline = time.monotonic() + seconds
        while not over(self.sightings()) and time.monotonic() < deadline:
            time.sleep(0.002)

    def handshake(self) -> list[str]:
        """Send canaries in every namespace and wait for them; return what did not work."""
        gaps = []
        for tap in self._taps:
            try:
                _send_canaries(tap)
            except OSError as error:
                gaps.append(f"no canary could be sent over lo in {tap.namespace}: {error.strerror}")
                continue
            deadline = time.monotonic() + _CANARY_SECONDS
            while tap.waiting and time.monotonic() < deadline:
                _drain(tap)
            if tap.waiting:
                gaps.append(
                    f"{len(tap.canaries_sent - tap.canaries_seen)} of {len(tap.canaries_sent)}"
                    f" canaries did not come back in {tap.namespace}"
                )
        return gaps

    def forget(self) -> None:
        """Drop what was seen so far: it was there before the probe."""
        for tap in self._taps:
            _statistics(tap.sniffer)
            tap.sightings.clear()
            tap.unreadable.clear()

    def collect(self) -> Observation:
        """Prove that everything has arrived, and return all of it."""
        gaps = self.handshake()
        proofs = []
        for tap in self._taps:
            received, dropped = _statistics(tap.sniffer)
            if dropped:
                gaps.append(f"the sniffer in {tap.namespace} dropped {dropped} frames")
            gaps += [
                f"the name of an interface in {tap.namespace} is not UTF-8: {name}"
                for name in sorted(tap.unreadable)
            ]
            proofs.append(
                TapProof(
                    tap.namespace,
                    received,
                    dropped,
                    len(tap.canaries_sent),
                    len(tap.canaries_seen),
                    tap.promiscuous,
                )
            )
        step = abs(_clock_offset() - self._clock)
        if step > _CLOCK_TOLERANCE_NS:
            gaps.append(
                f"the clock was stepped by {step / 1e6:.0f} ms, so time stamps are no order"
            )
        return Observation(tuple(self.sightings()), tuple(proofs), tuple(gaps))


@contextmanager
def armed(
    namespaces: Mapping[str, str],
    expression: str = "",
    promiscuous: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Capture]:
    """A capture on every interface of the namespaces, ready when the block is entered.

    namespaces: name -> path; expression: pcap-filter(7), applied in the kernel, empty for
    everything; promiscuous: namespace name -> interfaces to make promiscuous meanwhile.
    Raises CouldNotTest if a namespace cannot be entered or a sniffer does not come up.
    """
    with ExitStack() as closing:
        taps: list[_Tap] = []
        closing.callback(_close, taps)
        for name, path in namespaces.items():
            taps.append(_open(name, path, expression, (promiscuous or {}).get(name, ())))
        capture = Capture(taps)
        if gaps := capture.handshake():
            raise CouldNotTest(f"the sniffers did not get ready: {'; '.join(gaps)}")
        capture.forget()
        yield capture


def _close(taps: list[_Tap]) -> None:
    """Close all sockets at once: each close waits for an RCU grace period, which they can share."""
    with ThreadPoolExecutor(max(len(taps), 1)) as pool:
        list(pool.map(lambda tap: tap.sniffer.close(), taps))


def _send_canaries(tap: _Tap) -> None:
    """One canary from each CPU that this process, and so the pods, may run on.

    The sniffer's own socket sends them: it is not shown what it sends, only what lo brings back.
    """
    allowed = os.sched_getaffinity(0)
    try:
        for cpu in sorted(allowed):
            os.sched_setaffinity(0, {cpu})
            mark = randomness.unique(16)
            frame = bytes(12) + _CANARY_TYPE.to_bytes(2, "big") + mark
            tap.sniffer.sendto(frame, ("lo", _CANARY_TYPE))
            tap.canaries_sent.add(mark)
    finally:
        os.sched_setaffinity(0, allowed)


def _drain(tap: _Tap) -> None:
    """Read all that the kernel holds for this socket."""
    while True:
        try:
            frame, ancillary, _, address = tap.sniffer.recvmsg(_LARGEST_FRAME, 64)
        except BlockingIOError:
            return
        except UnicodeDecodeError as error:
            # Python has read the frame, and lost it: it cannot decode the interface's name.
            tap.unreadable.add(repr(error.object))
            continue
        interface, protocol, kind = address[:3]
        if protocol == _CANARY_TYPE:
            # Another capture's, in the same namespace, prove nothing to this one.
            tap.canaries_seen |= {frame[14:30]} & tap.canaries_sent
            continue
        tap.sightings.append(
            Sighting(
                tap.namespace,
                interface,
                Direction.OUT if _DELIVERY[kind] == "outgoing" else Direction.IN,
                _DELIVERY[kind],
                _time(ancillary),
                dissect(frame),
                frame,
            )
        )


def _time(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("ll", data[: struct.calcsize("ll")])
            return int(seconds * 1_000_000_000 + nanoseconds)
    raise CouldNotTest("the kernel gave a frame without a time stamp")


def _statistics(sniffer: socket.socket) -> tuple[int, int]:
    """Frames received and dropped since the last call (PACKET_STATISTICS)."""
    received, dropped = struct.unpack("II", sniffer.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
    return received, dropped


def _clock_offset() -> int:
    """Wall clock minus monotonic clock: constant unless somebody steps the former.

    The two cannot be read at once: of several readings the one counts that took the shortest.
    """
    readings = []
    for _ in range(5):
        before, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        readings.append((after - before, wall - before))
    return min(readings)[1]
