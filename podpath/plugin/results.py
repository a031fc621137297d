"""Collect the results of all workers: for the summary, the report and the exit status."""

from __future__ import annotations

import os
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import selection, shared

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from podpath.report.document import TestResult

_PHASES = ("setup", "call", "teardown")
#: Results of the run, in the process that collects them.
RESULTS = pytest.StashKey["Results"]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the collector of results, but not in xdist's workers."""
    if not hasattr(config, "workerinput"):
        config.stash[RESULTS] = Results(config)
        config.pluginmanager.register(config.stash[RESULTS], "podpath-results")


@pytest.hookimpl(wrapper=True)
def pytest_report_teststatus(
    report: pytest.TestReport, config: pytest.Config
) -> Generator[None, Any, Any]:
    """Show all that is not "does not conform" apart from it, in every phase."""
    shown = yield
    category, letter, word = shown_as(report) or shown
    ours = getattr(report, "podpath", None) is not None
    # podpath.plugin.progress shows it in another way, and the findings show what came afterwards
    in_progress = shared.shows_progress(config) or hasattr(report, "podpath_afterwards")
    return (category, "", "") if ours and in_progress else (category, letter, word)


def shown_as(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Return the category, letter and word of a result that pytest does not know; else None."""
    from podpath.report.outcome import Verdict

    result = of_report(report)
    if result is None:
        return None
    if result.outcome.follows:
        return "not run", "-", "NOT RUN"
    if result.outcome.verdict == Verdict.RECOMMENDED:
        return "recommended", "r", "RECOMMENDED"
    if not report.failed:
        return None
    if result.outcome.verdict == Verdict.COULD_NOT_TEST:
        return "could not test", "?", "COULD NOT TEST"
    return "failed", "F", "FAILED"


def of_report(report: pytest.TestReport) -> TestResult | None:
    """Return the result that a report carries between xdist's processes, if it has one."""
    from podpath.report.document import TestResult

    values = getattr(report, "podpath", None)
    return None if values is None else TestResult.read(values)


def _broken_off(report: pytest.TestReport) -> TestResult:
    """Return the result of a test that ended without a report, for example in a crashed worker."""
    from podpath.report.document import TestResult
    from podpath.report.outcome import Outcome, Verdict

    verdict, message = Verdict.COULD_NOT_TEST, report.longreprtext
    return TestResult(report.nodeid, (), Outcome(verdict, message, body=f"{verdict}: {message}"))


def printed(report: pytest.TestReport) -> str:
    """Return the id of a report's test to give pytest again: its file is relative to the rootdir.

    For tests of a package that --pyargs names, pytest's own ids lack the path to that package.
    """
    return f"{report.location[0]}::{report.nodeid.partition('::')[2]}"


def _from_here(config: pytest.Config, identifier: str) -> str:
    """Return a test's id with its file relative to the directory that pytest was started in.

    pytest's own function for this takes a text up to pytest 9.1, and another type since 9.2.
    """
    file, separator, name = identifier.partition("::")
    here = os.path.relpath(config.rootpath / file, config.invocation_params.dir)
    return f"{here}{separator}{name}"


class Results:
    """Collector of the results of all workers, which writes the report at the end.

    Attributes:
        results: results of all tests, in the order in which they ended.
        ids: id of a test -> the id to give pytest again, in the directory that it was started in.
        written: sentence on the report's file; empty if there is none.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._began = time.monotonic()
        self.results: list[TestResult] = []
        self.ids: dict[str, str] = {}
        self.written = ""
        self._others_failed = False
        self._planned: set[str] = set()
        self._broken_off = True
        self._built: dict[str, Any] = {}

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    @property
    def has_findings(self) -> bool:
        """True if something does not conform, or could not be tested."""
        from podpath.report.outcome import Verdict

        bad = {Verdict.DOES_NOT_CONFORM, Verdict.COULD_NOT_TEST}
        return any(result.outcome.verdict in bad for result in self.results)

    @property
    def begun(self) -> bool:
        """True if the run is one of podpath's tests, whose needs were met."""
        return bool(self.results) or shared.environment in self._config.stash

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take the tests of this process."""
        self._planned.update(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Take the tests of a worker."""
        self._planned.update(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the result of a phase of a test."""
        self.ids[report.nodeid] = _from_here(self._config, printed(report))
        result = of_report(report)
        if result is not None:
            self.results.append(result)
        elif report.failed and self._crashed(report):
            self.results.append(_broken_off(report))
        elif report.failed:
            self._others_failed = True

    def _crashed(self, report: pytest.TestReport) -> bool:
        """Return whether the test's worker crashed. Only that worker knew whose test it was."""
        return report.when not in _PHASES and shared.environment in self._config.stash

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Set the exit status, and write the report."""
        if not self.begun:
            return
        from podpath.report.outcome import exit_status

        # -x ends a run with 1, too; a selection without tests ends with 5
        ended = (0, 1, pytest.ExitCode.NO_TESTS_COLLECTED)
        self._broken_off = exitstatus not in ended or not self._planned <= self.ids.keys()
        if self.results and not self._others_failed and exitstatus in (0, 1):
            status = exit_status(r.outcome.verdict for r in self.results)
            session.exitstatus = exitstatus if status is None else status
        if self.results:
            self._write_report()

    @cached_property
    def document(self) -> dict[str, Any]:
        """The report for the end of the run; without provenance if none is written."""
        from podpath.report import document

        if self._built:
            return self._built
        facts = self._config.stash.get(shared.environment, {})
        known = {str(name): facts[name] for name in ("profile", "node") if name in facts}
        about = document.About(
            broken_off=self._broken_off,
            selected=selection.of(self._config),
            own_selected=selection.of_own(self._config),
            features=self._features(),
            abilities=shared.abilities(self._config),
            requirements=tuple(shared.declared(self._config).values()),
        )
        return document.build(self.results, known, "", about)

    def _features(self) -> Mapping[str, str]:
        from podpath.errors import CouldNotTest

        try:
            return shared.plan(self._config).features
        except CouldNotTest:  # reported before the first test, or by its fixtures
            return {}

    def _write_report(self) -> None:
        from podpath import __version__
        from podpath.errors import CouldNotTest
        from podpath.report import document

        directory = self._config.getoption("--podpath-report")
        if not directory:
            return
        facts = self._config.stash.get(shared.environment, {})
        try:
            self._built = document.build(self.results, facts, __version__, self._about())
            path = document.write(Path(directory), self._built)
            self.written = f"podpath report: {path} ({self._built['digest']})"
        except CouldNotTest as error:
            self.written = f"podpath: {error}"
            if not self._config.pluginmanager.has_plugin("terminalreporter"):
                sys.stderr.write(f"{self.written}\n")

    def _about(self) -> Any:
        """Return the report's facts about the run itself. Raises CouldNotTest."""
        from podpath.run import provenance

        config = self._config
        whose = config.stash.get(shared.implementation, {})
        return provenance.about(
            shared.plan(config),
            whose,
            config.stash.get(shared.arguments, config.invocation_params.args),
            shared.seed(config),
            requirements=tuple(shared.declared(config).values()),
            broken_off=self._broken_off,
            selected=selection.of(config),
            own_selected=selection.of_own(config),
        )
