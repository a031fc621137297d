"""Sniffers on every interface of every namespace, with the proof that they missed nothing.

No thread runs beside the probe: arm, let the probe happen, collect. The proof has four parts:

- Canaries, before and after the probe, come back through the same sockets (canaries.py).
- The kernel's count of frames that the socket dropped is zero.
- The socket is in the namespace of its name.
- Nothing that a path is derived from changed meanwhile (podpath.system.netlink.watch).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.model import Observation, Sighting, TapProof
from podpath.paths import canaries
from podpath.paths import tap as taps
from podpath.paths.dissect import reassemble
from podpath.paths.tap import Tap
from podpath.system import limits, netns, proc

_CLOCK_TOLERANCE_NS = 1_000_000
#: Pause after a frame: others come with it, and all are looked at once.
_PAUSE_SECONDS = 0.002
_MOST_CLOSING = 64  # threads that close sockets at the same time


class Capture:
    """A running capture, made by armed()."""

    def __init__(self) -> None:
        self._taps: list[Tap] = []
        self._closing: ThreadPoolExecutor | None = None
        self._clock = clock_offset()
        self._start = time.time_ns() - _CLOCK_TOLERANCE_NS
        self._lost = _lost()

    def add(self, tap: Tap) -> None:
        """Capture with one more sniffer, and close it in the end."""
        self._taps.append(tap)

    def sightings(self) -> list[Sighting]:
        """Return all sightings so far in order of time, with fragments joined."""
        deadline = time.monotonic() + limits.current().drain
        for tap in self._taps:
            taps.drain(tap, deadline)
        return reassemble(s for tap in self._taps for s in tap.sightings)

    def wait_until(self, over: Callable[[Sequence[Sighting]], bool], seconds: float) -> None:
        """Wait until the sightings satisfy a condition, the time has passed, or a sniffer failed.

        Running out of time is no error: the judgement reports the packets that are missing.

        Args:
            over: The condition.
            seconds: The longest time to wait.
        """
        deadline = time.monotonic() + seconds
        while not over(self.sightings()) and (left := deadline - time.monotonic()) > 0:
            if any(tap.failure for tap in self._taps):
                return
            taps.wait_for_frames(self._taps, left)
            time.sleep(_PAUSE_SECONDS)

    def get_ready(self) -> list[str]:
        """Prove that every sniffer works, discard all frames so far, and list the failures.

        The kernel begins to stamp frames a moment after the request (net/core/dev.c,
        net_enable_timestamp). A frame without a stamp gets the time when it is read.
        """
        deadline = time.monotonic() + limits.current().canary
        gaps = canaries.handshake(self._taps) + [
            gap for tap in self._taps if (gap := tap.misplaced())
        ]
        while not gaps and not any(tap.stamped for tap in self._taps):
            if time.monotonic() > deadline:
                gaps.append("the kernel does not stamp frames when they arrive")
            gaps += canaries.handshake(self._taps)
        for tap in self._taps:
            tap.sightings.clear()
            tap.unreadable.clear()
            tap.watch.news()
            gaps += taps.counted(tap)[1]
            tap.ready = not gaps
        self._lost = _lost()
        return gaps

    def collect(self) -> Observation:
        """Prove that all frames have arrived, and return them with the proofs and their gaps."""
        gaps = canaries.handshake(self._taps, canaries.ROUNDS)
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

    def release(self) -> None:
        """Close the sniffers, which are not needed after collect(); changes() still works.

        Each close waits for an RCU grace period (net/packet/af_packet.c, packet_release). Threads
        share it, and this one goes on meanwhile.
        """
        if self._closing is None and self._taps:
            for tap in self._taps:
                tap.calm()
            self._closing = ThreadPoolExecutor(min(len(self._taps), _MOST_CLOSING))
            for tap in self._taps:
                self._closing.submit(tap.sniffer.close)

    def close(self) -> None:
        """Close everything, and return when it is closed."""
        self.release()
        for tap in self._taps:
            tap.watch.close()
        if self._closing:
            self._closing.shutdown()

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
        step = abs(clock_offset() - self._clock)
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
    # first: a socket without a filter fills up
    code = taps.compiled(expression) if expression else b""
    taps.keep_stamping()
    capture = Capture()
    names = iter(namespaces.items())

    def open_next() -> None:
        name, path = next(names)
        capture.add(taps.open_here(name, path, code, (promiscuous or {}).get(name, ())))

    try:
        netns.run_in_each(namespaces.values(), open_next)
        if gaps := capture.get_ready():
            raise CouldNotTest(f"the sniffers did not get ready: {'; '.join(gaps)}")
        yield capture
    finally:
        capture.close()


def _prove(tap: Tap) -> tuple[TapProof, list[str]]:
    """Return the proof that one socket missed nothing, and the gaps in that proof."""
    counts, gaps = taps.counted(tap)
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
        tap.namespace, *counts, len(tap.canaries_sent), len(tap.canaries_seen), (*tap.promiscuous,)
    )
    return proof, gaps


def _lost() -> int:
    """Count the frames that the machine had no room for, and dropped before any sniffer."""
    try:
        return proc.dropped(Path("/proc/net/softnet_stat").read_text())
    except (OSError, ValueError):
        return 0  # a count that cannot be read excuses no missing packet


def clock_offset() -> int:
    """Measure the wall clock minus the monotonic clock, in ns: constant unless a step occurs.

    The clocks cannot be read at once, so the quickest of several readings counts.
    """
    readings = []
    for _ in range(5):
        before, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        readings.append((after - before, wall - before))
    return min(readings)[1]
