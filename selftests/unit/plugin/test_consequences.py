"""Causes of tests that were not run: each is reported once, by its own test or at the end."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from podpath.plugin.consequences import _Causes
from podpath.report.document import TestResult
from podpath.report.outcome import Outcome, Verdict

CAUSE = TestResult(
    "t.py::a", ("LIFE-ADD",), Outcome(Verdict.DOES_NOT_CONFORM, "ADD failed", body="its words")
)


def not_run(test: str) -> pytest.TestReport:
    """The report of a test that was not run because of CAUSE."""
    report = pytest.TestReport(test, ("t.py", 1, test), {}, "skipped", "", "setup")
    result = TestResult(test, ("TOPO-MTU",), Outcome(Verdict.NOT_RUN, follows="LIFE-ADD"))
    report.podpath, report.podpath_cause = result.values(), CAUSE.values()  # type: ignore[attr-defined]
    return report


def followed(requirement: str, by: str) -> pytest.TestReport:
    """The report of a test of a requirement that was not run because of another one."""
    report = not_run(f"t.py::{requirement}")
    result = TestResult("t", (requirement,), Outcome(Verdict.NOT_RUN, follows=by))
    cause = TestResult("t", (by,), Outcome(Verdict.DOES_NOT_CONFORM, body=by))
    report.podpath, report.podpath_cause = result.values(), cause.values()  # type: ignore[attr-defined]
    return report


def own() -> pytest.TestReport:
    """The report of the violated requirement's own test."""
    report = pytest.TestReport("t.py::own", ("t.py", 1, "own"), {}, "failed", "", "setup")
    report.podpath = CAUSE.values()  # type: ignore[attr-defined]
    return report


def at_the_end(*reports: pytest.TestReport) -> list[Any]:
    """The reports that podpath adds when the session ends."""
    added: list[Any] = []

    def log(report: pytest.TestReport) -> None:
        added.append(report)

    hook = SimpleNamespace(pytest_runtest_logreport=log)
    causes = _Causes(cast("pytest.Config", SimpleNamespace(hook=hook)))
    for report in reports:
        causes.pytest_runtest_logreport(report)
    list(causes.pytest_sessionfinish())
    return added


def test_cause_without_a_test_of_its_own_is_reported_once() -> None:
    (violation,) = at_the_end(not_run("t.py::a"), not_run("t.py::b"))

    assert (violation.nodeid, violation.outcome) == ("t.py::a", "failed")
    assert violation.longrepr == "its words"
    assert TestResult.read(violation.podpath) == TestResult.read(CAUSE.values())


@pytest.mark.parametrize("reports", [(own(), not_run("t.py::a")), (not_run("t.py::a"), own())])
def test_cause_that_its_own_test_reports_is_not_repeated(
    reports: tuple[pytest.TestReport, ...],
) -> None:
    assert at_the_end(*reports) == []


@pytest.mark.parametrize(
    ("follows", "reported"),
    [
        ([("LIFE-OTHERS", "PATH-HTTP"), ("PATH-HTTP", "TOPO-MTU")], ["TOPO-MTU"]),
        ([("PATH-HTTP", "TOPO-MTU"), ("LIFE-OTHERS", "PATH-HTTP")], ["TOPO-MTU"]),
        ([("LIFE-OTHERS", "PATH-HTTP"), ("PATH-UDP", "TOPO-MTU")], ["PATH-HTTP", "TOPO-MTU"]),
        ([("PATH-HTTP", "PATH-UDP"), ("PATH-UDP", "PATH-HTTP")], ["PATH-UDP", "PATH-HTTP"]),
    ],
    ids=["chain", "other-order", "apart", "circle"],
)
def test_cause_whose_own_test_follows_from_another_one_is_told_there(
    follows: list[tuple[str, str]], reported: list[str]
) -> None:
    added = at_the_end(*(followed(requirement, by) for requirement, by in follows))

    assert [report.longrepr for report in added] == reported
