"""Measure the time of the whole conformance suite, and the memory of its processes."""

import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from children import ROOT, timed
from results import Goal, Result

_SECONDS = 600.0
_INTERVAL = 0.25
_KIB_PER_MB = 1000 * 1000 / 1024


class Memory:
    """The peak resident memory of a process and its descendants, as far as they were observed.

    Attributes:
        peaks: Pid of each Python process, and its peak in MB.
    """

    def __init__(self) -> None:
        self.peaks: dict[int, float] = {}

    def look(self, pid: int) -> None:
        """Read the kernel's high-water marks (proc(5), VmHWM) of a process and its descendants.

        The marks never fall, so that no peak between two readings is lost, except one after the
        last reading of a process, at most an interval before its end.
        """
        for process in _family(pid):
            if peak := _peak_of_python(process):
                self.peaks[process] = max(peak, self.peaks.get(process, 0.0))


def _family(pid: int) -> Iterator[int]:
    children = defaultdict(list)
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            # the name, in parentheses, may itself contain spaces and parentheses
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children[parent].append(int(entry.name))
    waiting = [pid]
    while waiting:
        process = waiting.pop()
        waiting += children[process]
        yield process


def _peak_of_python(pid: int) -> float:
    """Return the peak in MB; 0 for a process that is not Python, or has ended."""
    try:
        program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    if not program.startswith("python"):
        return 0.0
    marks = (line.split() for line in status.splitlines() if line.startswith("VmHWM:"))
    return max((int(mark[1]) / _KIB_PER_MB for mark in marks), default=0.0)


def suite(rounds: int) -> list[Result]:
    """Measure `pytest -n auto -q` in the checkout: its time, and its largest process.

    The memory is that of the largest Python process of the run: pytest itself, a worker, or the
    keeper of a node.
    """
    times, peaks, counts = [], [], []
    for _ in range(rounds):
        memory = Memory()
        command = [sys.executable, "-m", "pytest", "-n", "auto", "-q"]
        times.append(timed(command, ROOT, _SECONDS, memory.look, _INTERVAL).seconds)
        peaks.append(max(memory.peaks.values(), default=0.0))
        counts.append(len(memory.peaks))
    return [
        Result("suite", "suite: pytest -n auto", "s", times, Goal(25)),
        Result(
            "suite.memory",
            f"suite: largest of {max(counts)} Python processes, peak",
            "MB",
            peaks,
            Goal(300),
        ),
    ]
