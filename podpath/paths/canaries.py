"""Canaries: marked frames which prove that each sniffer lives, and that earlier frames arrived.

Frames that a virtual interface hands over wait in a queue of the CPU that sent them, its backlog.
There is one for each CPU, and not for each namespace (net/core/dev.c, softnet_data), and it is
first in, first out (enqueue_to_backlog, process_backlog). So two things are proven apart from each
other: a canary in each namespace shows that its socket gets frames; a canary from each CPU, in
whatever namespace, shows that all frames which that CPU had before have been handed over. With as
many canaries as namespaces or CPUs, whichever are more, both are shown at once.

A frame that is handed over in one namespace may be sent on to the next one, and so get into the
backlog again, behind the canary. Each round of canaries follows it for one more hop.
"""

import os
import time
from collections.abc import Iterator, Sequence

from podpath.paths import tap as taps
from podpath.paths.tap import CANARY_TYPE, Tap
from podpath.system import limits, randomness

#: Rounds after a probe. A packet from pod to pod gets into a backlog twice, once for each veth
#: pair; the third round is for a wire beyond the node.
ROUNDS = 3

_SLICE_SECONDS = 0.02  # between two checks for returned canaries
_MOST_NAMES = 3  # of sniffers in a sentence

#: CPU, and the number of the tap in whose namespace it sends a canary.
Errand = tuple[int, int]


def handshake(all_taps: Sequence[Tap], rounds: int = 1) -> list[str]:
    """Send canaries in every namespace and from every CPU, wait for them, and list the failures.

    The CPUs are those that this process, and so the pods, may run on.

    Args:
        all_taps: The sniffers.
        rounds: How often, each time after the canaries before have come back.
    """
    allowed = os.sched_getaffinity(0)
    try:
        for number in range(rounds):
            if gaps := _round(all_taps, errands(sorted(allowed), len(all_taps), number)):
                return gaps
        return []
    finally:
        os.sched_setaffinity(0, allowed)


def errands(cpus: Sequence[int], count: int, number: int) -> list[Errand]:
    """Pair CPUs and sniffers, each of them at least once, sorted by CPU. Pure.

    To move to another CPU takes time. So each round begins on the CPU where the one before ended.

    Args:
        cpus: The CPUs.
        count: The number of sniffers.
        number: The number of the round; each pairs others.
    """
    length = max(len(cpus), count) if count else 0
    pairs = ((cpus[n % len(cpus)], (n + number) % count) for n in range(length))
    return sorted(pairs, reverse=number % 2 == 1)


def _round(all_taps: Sequence[Tap], left: list[Errand]) -> list[str]:
    """Send the canaries of one round, wait for them, and list the failures.

    An overloaded kernel drops canaries as well. New ones then replace them, and prove as much.
    """
    seconds = limits.current().canary
    deadline = time.monotonic() + seconds
    while True:
        sent: dict[bytes, Errand] = {}
        for errand, mark, failure in _send(all_taps, left):
            if failure:
                return [failure]
            sent[mark] = errand
        _await(all_taps, min(deadline, time.monotonic() + seconds / 5))
        seen = set().union(*(tap.canaries_seen for tap in all_taps))
        left = [errand for mark, errand in sent.items() if mark not in seen]
        failed = [tap.failure for tap in all_taps if tap.failure]
        if not left or failed or time.monotonic() >= deadline:
            break
        for tap in all_taps:
            tap.canaries_sent &= tap.canaries_seen
    return failed or _missing([tap for tap in all_taps if tap.waiting])


def _missing(late: Sequence[Tap]) -> list[str]:
    """Return one sentence on the sniffers that miss canaries; none if no sniffer does."""
    if not late:
        return []
    missing = sum(len(tap.canaries_sent - tap.canaries_seen) for tap in late)
    sent = sum(len(tap.canaries_sent) for tap in late)
    names = ", ".join(tap.namespace for tap in late[:_MOST_NAMES])
    more = f" and {len(late) - _MOST_NAMES} more" if len(late) > _MOST_NAMES else ""
    return [f"{missing} of {sent} canaries did not come back in {names}{more}"]


def _send(all_taps: Sequence[Tap], left: Sequence[Errand]) -> Iterator[tuple[Errand, bytes, str]]:
    """Send the canaries; yield each one's errand and mark, and why it could not be sent.

    The sniffer's own socket sends them: it does not see what it sends, only what lo brings back.
    """
    here = -1
    for cpu, number in left:
        tap, mark = all_taps[number], randomness.unique(16)
        frame = bytes(12) + CANARY_TYPE.to_bytes(2, "big") + mark
        failure = ""
        try:
            if cpu != here:
                os.sched_setaffinity(0, {cpu})
                here = cpu
            tap.sniffer.sendto(frame, ("lo", CANARY_TYPE))
            tap.canaries_sent.add(mark)
        except OSError as error:
            why = error.strerror or error
            failure = f"no canary could be sent over lo in {tap.namespace}: {why}"
        yield (cpu, number), mark, failure


def _await(all_taps: Sequence[Tap], deadline: float) -> None:
    """Read every sniffer in turn until its canaries are back, or the time has passed.

    Each is read once in any case: on a busy machine, to send all canaries may take all the time.
    A sniffer that still reads frames from before its canary is not deaf, but behind: it may go on.
    """
    since = time.time_ns()
    late = [tap for tap in all_taps if tap.waiting and not tap.failure]
    while late:
        unread = [tap for tap in late if taps.drain(tap, time.monotonic() + _SLICE_SECONDS)]
        late = [tap for tap in late if tap.waiting and not tap.failure]
        left = deadline - time.monotonic()
        if left <= 0:
            late = [tap for tap in late if tap in unread and tap.is_behind(since)]
        elif late and not unread:
            taps.wait_for_frames(late, left)
