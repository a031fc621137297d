"""The grade book makes grades of marks, in whatever order workers send them."""

import json
from typing import Any

import pytest

from podpath.labs import plugin
from podpath.labs.book import Book
from podpath.labs.grading import Grade, Verdict


def _report(number: int, **values: Any) -> pytest.TestReport:
    mark = {
        "lab": "ping",
        "submission": "amy.sh",
        "task": f"task-{number}",
        "number": number,
        "of": 2,
        "points": 3,
        "verdict": "passed",
        "message": "",
        "seconds": 1.0,
        "replay": {"hints": 1, "cost": 1, "problem": "", "note": "", "seconds": 4.0},
        **values,
    }
    return pytest.TestReport(
        nodeid=f"ping.toml::amy.sh::task-{number}",
        location=("ping.toml", None, ""),
        keywords={},
        outcome="passed",
        longrepr=None,
        when="call",
        user_properties=[(plugin.PROPERTY, json.dumps(mark))],
    )


def test_a_grade_is_told_once_it_is_complete() -> None:
    """Marks come in any order, and are kept in the lab's."""
    told: list[Grade] = []
    book = Book(told.append)
    book.pytest_runtest_logreport(_report(1, verdict="failed", message="no"))
    assert told == []
    book.pytest_runtest_logreport(_report(0))

    (grade,) = told
    assert [mark.task for mark in grade.marks] == ["task-0", "task-1"]
    assert [mark.verdict for mark in grade.marks] == [Verdict.PASSED, Verdict.FAILED]
    assert (grade.earned, grade.hints, grade.seconds) == (2, 1, 4.0)


def test_a_crash_is_kept() -> None:
    """An item that failed without a mark is no grade, and no silence."""
    report = _report(0)
    report.user_properties, report.outcome = [], "failed"
    report.longrepr = "worker 'gw0' crashed"
    book = Book(lambda _: None)
    book.pytest_runtest_logreport(report)

    assert book.grades == {}
    assert book.errors == ["worker 'gw0' crashed"]
