"""Runs of labs by pytest, for the command: grades of submissions, and tests of labs."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from podpath.labs.book import Book
from podpath.labs.grading import Grade
from podpath.labs.plugin import SOLUTION
from podpath.testing import COULD_NOT_TEST_STATUS, CouldNotTest

_OPTIONS = (
    *("-c", os.devnull, "--noconftest", "-p", "no:terminal", "-p", "no:cacheprovider"),
    *("-p", "podpath.plugin", "-p", "xdist"),
)
#: The user's own pytest settings and plugins have no say in grades.
_ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}
_USUAL = frozenset({pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, COULD_NOT_TEST_STATUS})


def graded(
    labs: Sequence[Path],
    submissions: Sequence[str],
    *,
    workers: str = "",
    seconds: float = 20.0,
    told: Callable[[Grade], None] = lambda _: None,
) -> list[Grade]:
    """Grade submissions, in the order in which they are given.

    Args:
        labs: files of labs.
        submissions: files; none to test the labs with their own solutions.
        workers: number of processes; empty for this one, or "auto" for two on each core, as a
            replay waits for half of its time.
        seconds: time that a submission may run.
        told: function that is called with each grade as soon as it is known.

    Raises:
        CouldNotTest: pytest could not run them.
    """
    options = [f"--podpath-submission={submission}" for submission in submissions]
    options += [f"--podpath-submission-seconds={seconds}"] if submissions else []
    options = options or ["--podpath-lab-test"]
    if workers:
        count = 2 * len(os.sched_getaffinity(0)) if workers == "auto" else workers
        options += ["-n", str(count), "--dist", "loadscope"]
    book = Book(told)
    with _environment():
        arguments = [*map(str, labs), f"--rootdir={Path.cwd()}", *_OPTIONS, *options]
        status = pytest.main(arguments, plugins=[book])
    if book.interrupted:
        raise KeyboardInterrupt
    pairs = [(lab.stem, name) for name in submissions or [SOLUTION] for lab in labs]
    missing = [pair for pair in pairs if pair not in book.grades]
    if book.errors or missing or status not in _USUAL:
        of = f" of {', '.join(' '.join(pair) for pair in missing)}" if missing else ""
        why = book.errors[0] if book.errors else f"pytest ended with status {status}"
        raise CouldNotTest(f"there is no grade{of}: {why}")
    return [book.grades[pair] for pair in pairs]


@contextmanager
def _environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
