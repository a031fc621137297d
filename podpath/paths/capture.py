"""Sniffers on every interface of every namespace, with the proof that they missed nothing.

One unbound AF_PACKET socket a namespace sees the frames of all its interfaces, those that appear
later included (packet(7)). The kernel keeps what arrives until it is read, so nothing runs
beside the probe: arm, let the probe happen, collect.

The proof: a canary frame, sent over the namespace's own `lo` from every CPU before and after
the probe, comes back through the same socket; as each CPU hands frames over in order, whatever
it had before the canary is there too (net/core/dev.c, enqueue_to_backlog). The kernel's own
count of frames that the socket dropped is zero. The socket is in the namespace that it is said to
be in. And nothing that a path is derived from has changed meanwhile (changes.py).
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
from podpath.system.watch import Watch

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
_SLICE_SECONDS = 0.02  # between looks at whether the canaries are back
#: Frames kept of one namespace: more than any probe makes, and no more than memory bears.
_MOST_FRAMES = 100_000
_CLOCK_TOLERANCE_NS = 1_000_000


@dataclass
class _Tap:
    """The socket of one namespace, and what came out of it so far."""

    namespace: str
    path: str
    sniffer: socket.socket
    watch: Watch
    promiscuous: tuple[str, ...]
    sightings: list[Sighting] = field(default_factory=list)
    canaries_sent: set[bytes] = field(default_factory=set)
    canaries_seen: set[bytes] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    stamped: bool = False  # the kernel has stamped a canary when it arrived, not when it was read
    ready: bool = False  # before the probe
    failure: str = ""

    @property
    def waiting(self) -> bool:
        return not self.canaries_sent <= self.canaries_seen

    def close(self) -> None:
        self.watch.close()
        self.sniffer.close()

    def misplaced(self) -> str:
        """Why the socket is not known to be in the namespace of its name, or nothing."""
        try:
            if netns.inode_of_socket(self.sniffer) == netns.inode(self.path):
                return ""
            return f"the sniffer of {self.namespace} is in another namespace"
        except (OSError, ValueError, CouldNotTest) as error:
            return f"it cannot be told where the sniffer of {self.namespace} is: {error}"


def _open(namespace: str, path: str, expression: str, promiscuous: Sequence[str]) -> _Tap:
    """Open the socket inside the namespace; what it got before its filter is forgotten later."""
    code = _compile(expression) if expression else b""  # first: a socket without it fills up

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
        self._start = time.time_ns() - _CLOCK_TOLERANCE_NS
        self._lost = _lost()

    def sightings(self) -> list[Sighting]:
        """All that was seen so far, in order of time, fragments joined."""
        deadline = time.monotonic() + limits.current().drain
        for tap in self._taps:
            _drain(tap, deadline)
        return reassemble(s for tap in self._taps for s in tap.sightings)

    def wait_until(self, over: Callable[[Sequence[Sighting]], bool], seconds: float) -> None:
        """Wait until what was seen satisfies over, or the time has passed.

        That it has not is no error: what is missing is the verdict's to say. A sniffer that has
        failed is nothing to wait for, either.
        """
        deadline = time.monotonic() + seconds
        while not over(self.sightings()) and time.monotonic() < deadline:
            if any(tap.failure for tap in self._taps):
                return
            time.sleep(0.002)

    def handshake(self) -> list[str]:
        """Send canaries in every namespace and wait for them; return what did not work."""
        return [gap for tap in self._taps for gap in _handshake(tap)]

    def get_ready(self) -> list[str]:
        """Show that every sniffer works; what was there before is forgotten.

        The kernel begins to stamp frames a moment after it was asked to (net/core/dev.c,
        net_enable_timestamp); one that it has not stamped gets the time when it is read.
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
        """Prove that everything has arrived, and return all of it."""
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
        """What has changed since the last call in a way that makes the topology another one."""
        return [
            f"while it was watched, {news} in {tap.namespace}"
            for tap in self._taps
            for news in tap.watch.news()
        ]

    def _clock_gaps(self, sightings: Sequence[Sighting]) -> list[str]:
        """Whether the clock was stepped, or was for a while, as time stamps from then tell."""
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
        if gaps := capture.get_ready():
            raise CouldNotTest(f"the sniffers did not get ready: {'; '.join(gaps)}")
        yield capture


def _close(taps: list[_Tap]) -> None:
    """Close all sockets at once: each close waits for an RCU grace period, which they can share."""
    with ThreadPoolExecutor(max(len(taps), 1)) as pool:
        list(pool.map(_Tap.close, taps))


def _handshake(tap: _Tap) -> list[str]:
    """Send canaries in one namespace and wait for them; what did not work.

    An overloaded kernel drops canaries as well. Others are sent then: they prove as much.
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
        return  # reading will tell


def _prove(tap: _Tap) -> tuple[TapProof, list[str]]:
    """What one socket says for its own completeness, and what it cannot say."""
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
    """Frames received and dropped since the last call, and why they are not known."""
    try:
        return _statistics(tap.sniffer), []
    except OSError as error:
        why = error.strerror or error
        return (0, 0), [f"what the sniffer in {tap.namespace} dropped cannot be told: {why}"]


def _send_canaries(tap: _Tap, cpus: set[int]) -> dict[bytes, int]:
    """One canary from each of the CPUs, of those that this process, and so the pods, may run on.

    The sniffer's own socket sends them: it is not shown what it sends, only what lo brings back.
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
    """Read what the kernel holds for this socket, until there is no more, or no more time.

    More may come faster than it can be read.
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
        # Python has read the frame, and lost it: it cannot decode the interface's name.
        tap.unreadable.add(repr(error.object))
        return
    interface, protocol, kind = address[:3]
    stamp = _time(ancillary)
    if protocol == _CANARY_TYPE:
        # another capture's, in the same namespace, prove nothing to this one
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
    """Frames received and dropped since the last call (PACKET_STATISTICS)."""
    received, dropped = struct.unpack("II", sniffer.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
    return received, dropped


def _lost() -> int:
    """Frames that the whole machine had no room for, and dropped before any tap saw them."""
    try:
        return proc.dropped(Path("/proc/net/softnet_stat").read_text())
    except (OSError, ValueError):
        return 0  # then a packet that is missing is never excused


def _clock_offset() -> int:
    """Wall clock minus monotonic clock: constant unless somebody steps the former.

    The two cannot be read at once: of several readings the one counts that took the shortest.
    """
    readings = []
    for _ in range(5):
        before, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        readings.append((after - before, wall - before))
    return min(readings)[1]
