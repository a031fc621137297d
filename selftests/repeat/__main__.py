"""Run the conformance suite many times: python -m selftests.repeat --times N [-- pytest's own].

Needs what the suite needs. Exit status: 0 if each verdict was the same in all runs, and is one
that is expected; 1 if not; 130 if it was interrupted. What came of the runs until then is told.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from podpath.system import linux
from selftests.repeat.load import Load, LoadEnded, loaded
from selftests.repeat.tally import Run, Tally
from selftests.suite import ROOT

_INTERRUPTED_STATUS = 130
_RUN_SECONDS = 900.0
_STOP_SECONDS = 30.0
_OUTPUT_LINES = 20
_GIB = 1024**3
#: What two nodes and their pods need, and some to spare: with less, the kernel kills somebody.
_LEAST_LEFT = 1.0


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m selftests.repeat",
        description="Run the conformance suite many times, and compare its verdicts.",
    )
    parser.add_argument("--times", type=_positive, default=10, metavar="N", help="default: 10")
    parser.add_argument(
        "--loaded", action="store_true", help="keep every CPU busy and memory short meanwhile"
    )
    parser.add_argument(
        "--yielding", action="store_true", help="load CPUs only while no other program needs them"
    )
    parser.add_argument(
        "--leave",
        type=_gib,
        default=1.5,
        metavar="GIB",
        help="how much memory --loaded leaves to all others (default: 1.5)",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="where to leave the report and the output of each run"
        " (default: a temporary directory, which stays if a verdict differs)",
    )
    parser.add_argument("pytest", nargs="*", help="after --: more arguments for pytest")
    options = parser.parse_args(arguments)
    if options.keep and options.keep.exists() and any(options.keep.iterdir()):
        parser.error(f"{options.keep} is not empty: reports of other runs would be taken for ours")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one run is needed")
    return number


def _gib(text: str) -> float:
    number = float(text)
    if not _LEAST_LEFT <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"at least {_LEAST_LEFT} GiB must be left")
    return number


def _run(number: int, directory: Path, arguments: Sequence[str]) -> Run:
    """Run the suite to its end; its report and its output go into the directory."""
    directory.mkdir(parents=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider"]
    output = directory / "output.txt"
    begin = time.monotonic()
    with _child([*command, "--podpath-report", str(directory), *arguments], output) as process:
        try:
            status = process.wait(_RUN_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
    written = directory / "report.json"
    return Run(
        number,
        time.monotonic() - begin,
        status,
        json.loads(written.read_text()) if written.exists() else {},
        "\n".join(output.read_text(errors="replace").splitlines()[-_OUTPUT_LINES:]),
    )


@contextmanager
def _child(command: Sequence[str], output: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A program for the length of the block; interrupted, then killed, if it still runs then.

    It gets a session of its own, so that Ctrl-C reaches it once, by way of us. Should we be
    killed, the kernel kills it; what it started ends with it.
    """
    with (
        output.open("wb") as file,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTEST_ADDOPTS": ""},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=linux.die_with_parent,  # noqa: PLW1509 - no thread runs here
        ) as process,
    ):
        try:
            yield process
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _repeat(options: argparse.Namespace, directory: Path, runs: list[Run]) -> int:
    """Add to `runs` until there are enough; the exit status."""
    load = (
        loaded(int(options.leave * _GIB), yielding=options.yielding)
        if options.loaded
        else nullcontext(Load([]))
    )
    try:
        with load as meanwhile:
            for number in range(1, options.times + 1):
                run = _run(number, directory / f"{number:03}", options.pytest)
                runs.append(run)
                _say(run, options.times)
                meanwhile.check()
    except LoadEnded as error:
        print(f"the machine is not loaded: {error}")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED_STATUS
    return 1 if Tally(runs).findings() else 0


def _say(run: Run, times: int) -> None:
    verdict = run.report.get("verdict", "no report")
    head = f"run {run.number} of {times} (seed {run.seed})"
    print(f"{head}: {run.seconds:.1f} s, status {run.status}, {verdict}", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Entry point."""
    options = _arguments(arguments)
    # Whatever ends us must end what we started, and so must reach Python.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    directory = (options.keep or Path(tempfile.mkdtemp(prefix="podpath-repeat-"))).resolve()
    runs: list[Run] = []
    status = _repeat(options, directory, runs)
    tally = Tally(runs)
    print(tally.table())
    if options.keep or tally.findings():
        print(f"reports and output of each run: {directory}")
    else:
        shutil.rmtree(directory)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
