"""A machine that has neither time nor memory to spare, for the length of a block.

Each load is a program of its own that ends when its stdin closes, which the kernel does however
the one that started it ends.
"""

import mmap
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

_ROOT = Path(__file__).parent.parent.parent
_CHUNK = 64 * 1024 * 1024
_LOOK_SECONDS = 0.2
_READY = "ready"
_AUTOGROUP = Path("/proc/self/autogroup")


class LoadEnded(Exception):
    """A load has ended before it was told to, as when the kernel ran out of memory."""


class Load:
    """Programs that keep the machine busy."""

    def __init__(self, programs: Sequence["subprocess.Popen[str]"]) -> None:
        self._programs = programs

    def check(self) -> None:
        """Raise LoadEnded if one of them no longer runs."""
        for program in self._programs:
            if program.poll() is not None:
                raise LoadEnded(f"{program.args!r} has ended with status {program.returncode}")


@contextmanager
def loaded(leave: int, *, yielding: bool = False) -> Iterator[Load]:
    """Keep every CPU that we may use busy, and all memory but `leave` bytes filled.

    yielding: whether the CPUs are only kept busy with time that no other program needs.

    Raises LoadEnded if that does not come about.
    """
    with ExitStack() as ending:
        # Memory first: to fill it takes CPU time, too.
        busy = "idle" if yielding else "busy"
        loads = [("memory", leave), *((busy, cpu) for cpu in os.sched_getaffinity(0))]
        yield Load([ending.enter_context(_program(kind, number)) for kind, number in loads])


@contextmanager
def _program(kind: str, number: int) -> Iterator["subprocess.Popen[str]"]:
    """A load that has got ready, for the length of the block."""
    # A session of its own: Ctrl-C reaches it by way of us, when we have told what there is.
    with subprocess.Popen(
        [sys.executable, "-m", "selftests.repeat.load", kind, str(number)],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as program:
        try:
            assert program.stdout
            if program.stdout.readline().strip() != _READY:
                raise LoadEnded(f"the load {kind!r} did not get ready")
            yield program
        finally:
            program.kill()


def available() -> int:
    """Memory that could be had without swapping, in bytes (proc(5), MemAvailable)."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    raise LoadEnded("this kernel does not say how much memory is available")


def wanted(spare: int, held: int) -> int:
    """By how many chunks to hold more (1) or fewer (-1), or neither (0).

    spare: bytes beyond what is to be left; held: chunks. The gap between the two limits keeps it
    from taking and giving the same chunk all the time.
    """
    if spare >= 2 * _CHUNK:
        return 1
    return -1 if spare < 0 and held else 0


def _busy(cpu: int) -> NoReturn:
    os.sched_setaffinity(0, {cpu})
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    print(_READY, flush=True)
    while True:
        pass


def _idle(cpu: int) -> NoReturn:
    """Be busy when no other program is: not even a group of processes has a share of its own."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):  # a kernel without groups by session (sched(7), autogroup)
        _AUTOGROUP.write_text("19")
    _busy(cpu)


def _end_with_stdin() -> NoReturn:
    sys.stdin.read()
    os._exit(0)


def _memory(leave: int) -> None:
    """Hold what is available, and give back what others need meanwhile."""
    # Should memory run out all the same, this is what the kernel is to take.
    Path("/proc/self/oom_score_adj").write_text("1000")
    held: list[mmap.mmap] = []
    told = False
    while True:
        change = wanted(available() - leave, len(held))
        if change > 0:
            # populated: memory that nobody has touched is not used
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
            held.append(mmap.mmap(-1, _CHUNK, flags=flags))
        elif change < 0:
            held.pop().close()
        elif not told:
            print(_READY, flush=True)
            told = True
        if select.select([sys.stdin], [], [], 0 if change else _LOOK_SECONDS)[0]:
            return


if __name__ == "__main__":
    {"busy": _busy, "idle": _idle, "memory": _memory}[sys.argv[1]](int(sys.argv[2]))
