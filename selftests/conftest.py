"""Fixtures and options of all self-tests: turns on the machine, limits, the fault matrix."""

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from podpath.system import limits
from selftests.endings import private
from selftests.faults import matrix
from selftests.real import table

# A shell starts programs of its background with SIGINT ignored, and they pass that on to theirs.
signal.signal(signal.SIGINT, signal.default_int_handler)

_HERE = Path(__file__).parent
#: Tests that compare the host's inventory: no other test may start a node meanwhile.
_ALONE = _HERE / "endings"
_TOGETHER = tuple(
    _HERE / d
    for d in (
        "capture",
        "cluster",
        "examples",
        "faults",
        "input",
        "labs",
        "output",
        "packaging",
        "profiles",
        "real",
        "shell",
    )
)


@contextmanager
def machine(*, alone: bool) -> Iterator[None]:
    """Hold the machine, for one test alone or shared by tests that start nodes, across workers.

    Tests in a place of their own have nothing to hold: they run there one after the other.
    """
    if private.is_here():
        yield
        return
    descriptor = os.open(_HERE, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@pytest.fixture
def limit() -> Iterator[Callable[..., None]]:
    """Function that changes fields of the limits in force, until the test ends."""
    with ExitStack() as changed:

        def change(**values: Any) -> None:
            changed.enter_context(limits.in_force(replace(limits.current(), **values)))

        yield change


@pytest.fixture(autouse=True)
def _machine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold the machine as the test's directory requires.

    selftests/hostile holds the machine alone, once for all of its tests.
    """
    if _ALONE in request.path.parents:
        with machine(alone=True):
            yield
    elif any(place in request.path.parents for place in _TOGETHER):
        with machine(alone=False):
            yield
    else:
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that set the size of the fault matrix and the file to write it to."""
    group = parser.getgroup("faults", "podpath's fault matrix")
    group.addoption(
        "--complete-matrix",
        action="store_true",
        help="run every requirement on every fault, not only those that might be concerned",
    )
    group.addoption(
        "--quick-matrix",
        action="store_true",
        help="run only few faults, which turn every requirement red, and one healthy plugin of each"
        " way of wiring pods",
    )
    group.addoption(
        "--all-healthy",
        action="store_true",
        help="run all healthy plugins in the quick matrix, too",
    )
    group.addoption(
        "--of-modules",
        action="store_true",
        help="run the faults that need modules, such as ipvlan, and no others",
    )
    group.addoption(
        "--each-setting",
        action="store_true",
        help="try each of the host's settings alone, not only many of them together",
    )
    group.addoption("--matrix-json", metavar="FILE", help="where to leave the matrix as JSON")
    fleet = parser.getgroup("fleet", "podpath's fleets")
    fleet.addoption(
        "--fleet-nodes",
        type=int,
        default=150,
        metavar="N",
        help="nodes of the stand-in for a large cluster (default: 150)",
    )
    real = parser.getgroup("real", "podpath on configurations that people have")
    real.addoption(
        "--real-bin",
        metavar="DIR",
        action="append",
        default=[],
        help="directory of plugins to run the configurations on (repeatable)",
    )
    real.addoption("--real-table", metavar="FILE", help="file to write the table to, as Markdown")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print and write the tables of all workers, so not in a worker."""
    if hasattr(terminalreporter.config, "workerinput"):
        return
    if rows := [matrix.from_property(value) for value in _properties(terminalreporter, "fault")]:
        rows = matrix.in_order(rows)
        terminalreporter.write_sep("=", "fault matrix")
        terminalreporter.write_line("\n".join(matrix.lines(rows)))
        if path := terminalreporter.config.getoption("--matrix-json"):
            matrix.write(Path(path), rows)
    if values := _properties(terminalreporter, "conflist"):
        lines = table.markdown(table.Row.from_property(value) for value in values)
        terminalreporter.write_sep("=", "real configurations")
        terminalreporter.write_line("\n".join(lines))
        if path := terminalreporter.config.getoption("--real-table"):
            Path(path).write_text("\n".join(lines) + "\n")


def _properties(terminalreporter: pytest.TerminalReporter, name: str) -> list[Any]:
    """Return the values of a property that tests recorded."""
    return [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for key, value in report.user_properties
        if key == name
    ]
