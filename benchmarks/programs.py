"""Compare the start of programs on a node with that by nsenter(1)."""

import os
import subprocess
from collections.abc import Callable

from proofs import Bench
from results import Goal, Result

from podpath.system import programs

_PROGRAMS = 50
_COMMAND = ["true"]


def start(on: Bench, rounds: int) -> list[Result]:
    """Divide the processor time of programs on the node by that with nsenter and setpriv."""

    def entered() -> None:
        subprocess.run(
            on.node.entering(_COMMAND),
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            env=programs.environment(),
        )

    ours, theirs = [], []
    for number in range(rounds + 1):
        own, other = _taken(lambda: on.node.run(_COMMAND)), _taken(entered)
        if number:  # the first round enters the node, and fills caches
            ours.append(own)
            theirs.append(other)
    ratios = [own / other for own, other in zip(ours, theirs, strict=True)]
    return [
        Result("program", "program: start on the node, by nsenter's", "x", ratios, Goal(0.5)),
        Result("program.cpu", "processor time", "ms", [1000 * taken for taken in ours]),
    ]


def _taken(work: Callable[[], object]) -> float:
    """Return the processor time of one call, of many, with the programs that it starts."""
    before = sum(os.times()[:4])
    for _ in range(_PROGRAMS):
        work()
    return (sum(os.times()[:4]) - before) / _PROGRAMS
