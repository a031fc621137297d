"""Sniffers on every interface of every namespace, with the proof that they missed nothing.

One unbound AF_PACKET socket in each namespace sees the frames of all its interfaces, including
interfaces that appear later (packet(7)). The kernel keeps the frames until they are read, so
no thread runs beside the probe: arm, let the probe happen, collect.

The proof has four parts:

- A canary frame, sent over the namespace's own `lo` from every CPU before and after the probe,
  comes back through the same socket. Each CPU hands frames over in order, so all its frames
  before the canary have arrived, too (net/core/dev.c, enqueue_to_backlog).
- The kernel's count of frames that the socket dropped is zero.
- The socket is in the namespace of its name.
- Nothing that a path is derived from changed meanwhile (podpath.system.netlink.watch).
"""

import os
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.model import Direction, Observation, Sighting, TapProof
from podpath.paths.dissect import dissect, reassemble
from podpath.system import limits, netns, proc, randomness
from podpath.system.netlink.watch import Watch

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
_SLICE_SECONDS = 0.02  # between two checks for returned canaries
#: Largest number of frames kept for one namespace: more than any probe causes, yet within memory.
_MOST_FRAMES = 100_000
_CLOCK_TOLERANCE_NS = 1_000_000


@dataclass
class _Tap:
    """The socket of one namespace, and the frames read from it so far.

    Attributes:
        namespace: Name of the namespace.
        path: Path of the namespace.
        sniffer: The socket.
        watch: Reports changes of the namespace's interfaces, addresses and routes.
        promiscuous: Names of the interfaces that are promiscuous meanwhile.
        sightings: All frames but canaries.
        canaries_sent: Marks of the canaries sent.
        canaries_seen: Marks of the canaries that came back.
        unreadable: Interface names that are not UTF-8.
        stamped: The kernel has stamped a canary on arrival, and not only when it was read.
        ready: The sniffer worked before the probe began.
        failure: Reason why the sniffer stopped working; empty if it works.
    """

    namespace: str
    path: str
    sniffer: socket.socket
    watch: Watch
    promiscuous: tuple[str, ...]
    sightings: list[Sighting] = field(default_factory=list)
    canaries_sent: set[bytes] = field(default_factory=set)
    canaries_seen: set[bytes] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    stamped: bool = False
    ready: bool = False
    failure: str = ""

    @property
    def waiting(self) -> bool:
        return not self.canaries_sent <= self.canaries_seen

    def close(self) -> None:
        self.watch.close()
        self.sniffer.close()

    def misplaced(self) -> str:
        """Explain why the socket may be outside the namespace of its name; empty if it is not."""
        try:
            if netns.inode_of_socket(self.sniffer) == netns.inode(self.path):
                return ""
            return f"the sniffer of {self.namespace} is in another namespace"
        except (OSError, ValueError, CouldNotTest) as error:
            return f"it cannot be told where the sniffer of {self.namespace} is: {error}"


def _open(namespace: str, path: str, expression: str, promiscuous: Sequence[str]) -> _Tap:
    """Open the socket inside the namespace; get_ready() drops the frames before its filter."""
    code = _compile(expression) if expression else b""  # first: a socket without a filter fills up

    def work() -> _Tap:
        with ExitStack() as undo:
            everything = socket.htons(_ETH_P_ALL)
            sniffer = undo.enter_context(
                socket.socket(socket.AF_PACKET, socket.SOCK_RAW, everything)
            )
            sniffer.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
            sniffer.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            if code:
                _attach(sniffer, code)
            sniffer.setblocking(False)
            for interface in promiscuous:
                request = struct.pack(
                    "iHH8s", socket.if_nametoindex(interface), _PACKET_MR_PROMISC, 0, b""
                )
                sniffer.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, request)
            watch = Watch()
            undo.pop_all()
            return _Tap(namespace, path, sniffer, watch, tuple(promiscuous))

    try:
        return netns.run_in(path, work)
    except OSError as error:
        raise CouldNotTest(
            f"no sniffer could be opened in namespace {namespace}: {error.strerror or error}"
        ) from None


def _attach(sniffer: socket.socket, code: bytes) -> None:
    """Attach a classic BPF program."""
    import ctypes

    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HL", len(code) // 8, ctypes.addressof(buffer))
    sniffer.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


_compiled: dict[str, bytes] = {}
_compiling = threading.Lock()


def _compile(expression: str) -> bytes:
    """Compile an expression to an array of struct sock_filter (linux/filter.h)."""
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
    """A running capture, made by armed()."""

    def __init__(self, taps: list[_Tap]) -> None:
        self._taps = taps
        self._clock = _clock_offset()
        self._start = time.time_ns() - _CLOCK_TOLERANCE_NS
        self._lost = _lost()

    def sightings(self) -> list[Sighting]:
        """Return all sightings so far in order of time, with fragments joined."""
        deadline = time.monotonic() + limits.current().drain
        for tap in self._taps:
            _drain(tap, deadline)
        return reassemble(s for tap in self._taps for s in tap.sightings)

    def wait_until(self, over: Callable[[Sequence[Sighting]], bool], seconds: float) -> None:
        """Wait until the sightings satisfy a condition, the time has passed, or a sniffer failed.

        Running out of time is no error: the judgement reports the packets that are missing.

        Args:
            over: The condition.
            seconds: The longest time to wait.
        """
        deadline = time.monotonic() + seconds
        while not over(self.sightings()) and time.monotonic() < deadline:
            if any(tap.failure for tap in self._taps):
                return
            time.sleep(0.002)

    def handshake(self) -> list[str]:
        """Send canaries in every namespace, wait for them, and list the failures."""
        return [gap for tap in self._taps for gap in _handshake(tap)]

    def get_ready(self) -> list[str]:
        """Prove that every sniffer works, discard all frames so far, and list the failures.

        The kernel begins to stamp frames a moment after the request (net/core/dev.c,
        net_enable_timestamp). A frame without a stamp gets the time when it is read.
        """
        deadline = time.monotonic() + limits.current().canary
        gaps = self.handshake() + [gap for tap in self._taps if (gap := tap.misplaced())]
        while not gaps and not any(tap.stamped for tap in self._taps):
            if time.monotonic() > deadline:
                gaps.append("the kernel does not stamp frames when they arrive")
            gaps += self.handshake()
        for tap in self._taps:
            tap.sightings.clear()
            tap.unreadable.clear()
            tap.watch.news()
            gaps += _counted(tap)[1]
            tap.ready = not gaps
        self._lost = _lost()
        return gaps

    def collect(self) -> Observation:
        """Prove that all frames have arrived, and return them with the proofs and their gaps."""
        gaps = self.handshake()
        sightings = self.sightings()
        proofs = []
        for tap in self._taps:
            proof, doubts = _prove(tap)
            proofs.append(proof)
            gaps += doubts
        gaps += self._clock_gaps(sightings) + self.changes()
        return Observation(
            tuple(sightings), tuple(proofs), tuple(dict.fromkeys(gaps)), _lost() - self._lost
        )

    def changes(self) -> list[str]:
        """List the changes since the last call that invalidate the topology."""
        return [
            f"while it was watched, {news} in {tap.namespace}"
            for tap in self._taps
            for news in tap.watch.news()
        ]

    def _clock_gaps(self, sightings: Sequence[Sighting]) -> list[str]:
        """Report a step of the clock: one that lasts, or one that only time stamps still show."""
        end = time.time_ns() + _CLOCK_TOLERANCE_NS
        step = abs(_clock_offset() - self._clock)
        if step > _CLOCK_TOLERANCE_NS:
            return [f"the clock was stepped by {step / 1e6:.0f} ms, so time stamps are no order"]
        strange = sum(not self._start <= s.time <= end for s in sightings)
        if strange:
            return [
                f"the clock was stepped, and back: {strange} time stamps are of another time than"
                " the traffic"
            ]
        return []


@contextmanager
def armed(
    namespaces: Mapping[str, str],
    expression: str = "",
    promiscuous: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Capture]:
    """Capture on every interface of the namespaces; the capture is ready when the block begins.

    Args:
        namespaces: Name and path of each namespace.
        expression: A pcap-filter(7) that the kernel applies; empty for all frames.
        promiscuous: Name of a namespace and its interfaces to make promiscuous meanwhile.

    Raises:
        CouldNotTest: A namespace cannot be entered, or a sniffer does not come up.
    """
    with ExitStack() as closing:
        taps: list[_Tap] = []
        closing.callback(_close, taps)
        for name, path in namespaces.items():
            taps.append(_open(name, path, expression, (promiscuous or {}).get(name, ())))
        capture = Capture(taps)
        if gaps := capture.get_ready():
            raise CouldNotTest(f"the sniffers did not get ready: {'; '.join(gaps)}")
        yield capture


def _close(taps: list[_Tap]) -> None:
    """Close all sockets at once, so that they share the RCU grace period each close waits for."""
    with ThreadPoolExecutor(max(len(taps), 1)) as pool:
        list(pool.map(_Tap.close, taps))


def _handshake(tap: _Tap) -> list[str]:
    """Send canaries in one namespace, wait for them, and list the failures.

    An overloaded kernel drops canaries as well. New ones then replace them, and prove as much.
    """
    cpus = os.sched_getaffinity(0)
    seconds = limits.current().canary
    deadline = time.monotonic() + seconds
    while True:
        try:
            sent = _send_canaries(tap, cpus)
        except OSError as error:
            why = error.strerror or error
            return [f"no canary could be sent over lo in {tap.namespace}: {why}"]
        _await_canaries(tap, min(deadline, time.monotonic() + seconds / 5))
        cpus = {cpu for mark, cpu in sent.items() if mark not in tap.canaries_seen}
        if not cpus or tap.failure or time.monotonic() >= deadline:
            break
        tap.canaries_sent &= tap.canaries_seen
    if tap.failure:
        return [tap.failure]
    if tap.waiting:
        lost = len(tap.canaries_sent - tap.canaries_seen)
        return [f"{lost} of {len(tap.canaries_sent)} canaries did not come back in {tap.namespace}"]
    return []


def _await_canaries(tap: _Tap, deadline: float) -> None:
    while tap.waiting and not tap.failure and (left := deadline - time.monotonic()) > 0:
        _wait_for_frames(tap, left)
        _drain(tap, min(deadline, time.monotonic() + _SLICE_SECONDS))


def _wait_for_frames(tap: _Tap, seconds: float) -> None:
    poll = select.poll()
    try:
        poll.register(tap.sniffer, select.POLLIN)
        poll.poll(seconds * 1000)
    except (OSError, ValueError):
        return  # the next read reports the failure


def _prove(tap: _Tap) -> tuple[TapProof, list[str]]:
    """Return the proof that one socket missed nothing, and the gaps in that proof."""
    counts, gaps = _counted(tap)
    if counts[1]:
        gaps.append(f"the sniffer in {tap.namespace} dropped {counts[1]} frames")
    gaps += [
        f"the name of an interface in {tap.namespace} is not UTF-8: {name}"
        for name in sorted(tap.unreadable)
    ]
    if tap.failure:
        gaps.append(tap.failure)
    if not tap.ready:
        gaps.append(f"the sniffer in {tap.namespace} was not up when the traffic began")
    if why := tap.misplaced():
        gaps.append(why)
    proof = TapProof(
        tap.namespace, *counts, len(tap.canaries_sent), len(tap.canaries_seen), tap.promiscuous
    )
    return proof, gaps


def _counted(tap: _Tap) -> tuple[tuple[int, int], list[str]]:
    """Count the frames received and dropped since the last call; with why, if it is unknown."""
    try:
        return _statistics(tap.sniffer), []
    except OSError as error:
        why = error.strerror or error
        return (0, 0), [f"what the sniffer in {tap.namespace} dropped cannot be told: {why}"]


def _send_canaries(tap: _Tap, cpus: set[int]) -> dict[bytes, int]:
    """Send a canary from each CPU, and return the CPU of each mark.

    The CPUs are those that this process, and so the pods, may run on. The sniffer's own socket
    sends the canaries: it does not see what it sends, only what lo brings back.
    """
    allowed, sent = os.sched_getaffinity(0), {}
    try:
        for cpu in sorted(cpus):
            os.sched_setaffinity(0, {cpu})
            mark = randomness.unique(16)
            frame = bytes(12) + _CANARY_TYPE.to_bytes(2, "big") + mark
            tap.sniffer.sendto(frame, ("lo", _CANARY_TYPE))
            tap.canaries_sent.add(mark)
            sent[mark] = cpu
        return sent
    finally:
        os.sched_setaffinity(0, allowed)


def _drain(tap: _Tap, deadline: float) -> None:
    """Read all frames that the kernel holds for this socket, or as many as the time allows.

    Frames may arrive faster than they can be read.
    """
    try:
        while time.monotonic() < deadline and len(tap.sightings) < _MOST_FRAMES:
            _take(tap)
    except BlockingIOError:
        return
    except (OSError, ValueError) as error:
        tap.failure = f"the sniffer in {tap.namespace} failed: {error}"
    if len(tap.sightings) >= _MOST_FRAMES:
        tap.failure = f"the sniffer in {tap.namespace} saw more than {_MOST_FRAMES} frames"


def _take(tap: _Tap) -> None:
    """Read one frame."""
    now = time.time_ns()
    try:
        frame, ancillary, _, address = tap.sniffer.recvmsg(_LARGEST_FRAME, 64)
    except UnicodeDecodeError as error:
        # Python has read the frame and lost it, as it cannot decode the interface's name.
        tap.unreadable.add(repr(error.object))
        return
    interface, protocol, kind = address[:3]
    stamp = _time(ancillary)
    if protocol == _CANARY_TYPE:
        # canaries of another capture in the same namespace prove nothing here
        tap.canaries_seen |= {frame[14:30]} & tap.canaries_sent
        tap.stamped |= stamp < now
        return
    tap.sightings.append(
        Sighting(
            tap.namespace,
            interface,
            Direction.OUT if kind == socket.PACKET_OUTGOING else Direction.IN,
            stamp,
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
    """Count the frames received and dropped since the last call (PACKET_STATISTICS)."""
    received, dropped = struct.unpack("II", sniffer.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
    return received, dropped


def _lost() -> int:
    """Count the frames that the machine had no room for, and dropped before any sniffer."""
    try:
        return proc.dropped(Path("/proc/net/softnet_stat").read_text())
    except (OSError, ValueError):
        return 0  # a count that cannot be read excuses no missing packet


def _clock_offset() -> int:
    """Measure the wall clock minus the monotonic clock, in ns: constant unless a step occurs.

    The clocks cannot be read at once, so the quickest of several readings counts.
    """
    readings = []
    for _ in range(5):
        before, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        readings.append((after - before, wall - before))
    return min(readings)[1]
