"""Run other programs, and end them when the benchmark ends."""

import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from podpath.errors import CouldNotTest

_STOP_SECONDS = 30.0
_OUTPUT_SHOWN = 2000

#: The checkout that is measured.
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Taken:
    """The time that a program took.

    Attributes:
        seconds: Seconds from its start to its end.
        cpu: Seconds of all CPUs, including its children's.
    """

    seconds: float
    cpu: float


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment without the user's pytest settings, but with the byte-code cache.

    Without the cache, pytest would rewrite and compile each module again in each run.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | dict(extra or {})


@contextmanager
def child(
    command: Sequence[str],
    cwd: Path,
    stdout: "int | IO[str]",
    stderr: "int | IO[str]",
    extra: Mapping[str, str] | None = None,
) -> "Iterator[subprocess.Popen[str]]":
    """Run a program during the block; afterwards interrupt it, then kill it, if it still runs.

    The program has its own session, so that Ctrl-C reaches it only once, through this process.
    """
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment(extra),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    try:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout:
            process.stdout.close()


def timed(
    command: Sequence[str],
    cwd: Path,
    seconds: float,
    watch: Callable[[int], None] | None = None,
    interval: float = 0.25,
    extra: Mapping[str, str] | None = None,
) -> Taken:
    """Run a program to its end, and return the time that it took.

    Args:
        command: The command line.
        cwd: The working directory.
        seconds: The time limit.
        watch: Called with the program's pid every `interval` seconds.
        interval: Seconds between two calls of `watch`.
        extra: Further environment variables.

    Raises:
        CouldNotTest: The program fails, or exceeds the time limit.
    """
    with tempfile.TemporaryFile("w+") as output:
        begin, cpu = time.monotonic(), _cpu()
        with child(command, cwd, output, subprocess.STDOUT, extra) as process:
            status = _wait(process, begin + seconds, watch, interval)
            taken = Taken(time.monotonic() - begin, _cpu() - cpu)
        output.seek(0)
        printed = output.read()[-_OUTPUT_SHOWN:]
    if status is None:
        raise CouldNotTest(f"`{' '.join(command)}` did not end in {seconds:.0f} s:\n{printed}")
    if status != 0:
        raise CouldNotTest(f"`{' '.join(command)}` failed (exit status {status}):\n{printed}")
    return taken


def _cpu() -> float:
    """Return the CPU seconds of all programs that have ended and been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wait(
    process: "subprocess.Popen[str]",
    deadline: float,
    watch: Callable[[int], None] | None,
    interval: float,
) -> int | None:
    """Return the exit status; None if the deadline passes first."""
    while (left := deadline - time.monotonic()) > 0:
        try:
            return process.wait(min(interval, left) if watch else left)
        except subprocess.TimeoutExpired:
            if watch:
                watch(process.pid)
    return None
