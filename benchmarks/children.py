"""Running other programs, so that they end when the benchmark does."""

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
    """What a program took, in seconds: from start to end, and of all CPUs, its children's too."""

    seconds: float
    cpu: float


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without the user's pytest settings, and with byte code cached as usual.

    Without the cache pytest would rewrite and compile each module again in each run.
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
    """A program for the length of the block; interrupted, then killed, if it still runs then.

    It gets a session of its own, so that Ctrl-C reaches it once, by way of us.
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
    """Run a program to its end; what it took.

    watch: called with its pid every `interval` seconds meanwhile; extra: environment variables.
    Raises CouldNotTest if the program fails or takes longer than `seconds`.
    """
    with tempfile.TemporaryFile("w+") as output:
        begin, cpu = time.monotonic(), _cpu()
        with child(command, cwd, output, subprocess.STDOUT, extra) as process:
            status = _wait(process, begin + seconds, watch, interval)
            taken = Taken(time.monotonic() - begin, _cpu() - cpu)
        output.seek(0)
        said = output.read()[-_OUTPUT_SHOWN:]
    if status is None:
        raise CouldNotTest(f"`{' '.join(command)}` did not end in {seconds:.0f} s:\n{said}")
    if status != 0:
        raise CouldNotTest(f"`{' '.join(command)}` failed (exit status {status}):\n{said}")
    return taken


def _cpu() -> float:
    """CPU seconds of all programs that have ended and been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wait(
    process: "subprocess.Popen[str]",
    deadline: float,
    watch: Callable[[int], None] | None,
    interval: float,
) -> int | None:
    """The exit status, or None if the deadline passed first."""
    while (left := deadline - time.monotonic()) > 0:
        try:
            return process.wait(min(interval, left) if watch else left)
        except subprocess.TimeoutExpired:
            if watch:
                watch(process.pid)
    return None
