"""Report the violation that kept tests from running, if no test of its requirement reports it.

Its own test may not be selected, or may conform in another of xdist's workers. If its own test was
not run, as it follows from another violation, that one is reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator


def pytest_configure(config: pytest.Config) -> None:
    """Register the collector of causes, but not in xdist's workers."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Causes(config), "podpath-causes")


class _Causes:
    """Collector of the first cause of each requirement, from all workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._causes: dict[str, pytest.TestReport] = {}
        self._reported: set[str] = set()
        self._told: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the cause of a test that was not run, and what the requirements' own tests found."""
        from podpath.report.document import TestResult
        from podpath.report.outcome import Verdict

        if cause := getattr(report, "podpath_cause", None):
            self._causes.setdefault(cause["requirements"][0], _violation(report, cause))
        if values := getattr(report, "podpath", None):
            result = TestResult.read(values)
            if result.outcome.verdict == Verdict.DOES_NOT_CONFORM:
                self._reported.update(result.requirements)
            elif result.outcome.follows:
                for requirement in result.requirements:
                    self._told.setdefault(requirement, result.outcome.follows)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Report the causes as failures of their own, before the results are counted."""
        for requirement, report in list(self._causes.items()):
            if requirement not in self._reported and not self._is_told(requirement):
                report.podpath_afterwards = True  # type: ignore[attr-defined]
                self._config.hook.pytest_runtest_logreport(report=report)
                del report.podpath_afterwards
        return (yield)

    def _is_told(self, requirement: str) -> bool:
        """Return whether a requirement's own test follows from another violation in the end."""
        current, passed = requirement, set[str]()
        while current in self._told and current not in self._reported:
            if current in passed:
                return False
            passed.add(current)
            current = self._told[current]
        return current != requirement


def _violation(report: pytest.TestReport, cause: dict[str, Any]) -> pytest.TestReport:
    """Return a failed report of a cause, with the id of a test that repeats it."""
    from podpath.report.document import TestResult

    result = TestResult.read(cause)
    file, line, _ = report.location
    (requirement,) = result.requirements
    properties = [("requirement", requirement), ("verdict", result.outcome.verdict.value)]
    violation = pytest.TestReport(
        report.nodeid,
        (file, line, requirement),
        {},
        "failed",
        result.outcome.text,
        "call",
        user_properties=properties,
    )
    violation.podpath = cause  # type: ignore[attr-defined]
    return violation
