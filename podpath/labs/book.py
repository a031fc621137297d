"""The grade book of a run: it takes the marks of items as they come, and makes grades of them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from podpath.labs import plugin
from podpath.labs.grading import Grade, Mark, Verdict


class Book:
    """A pytest plugin that keeps the marks of all items, in the process that has the user.

    Attributes:
        grades: (lab, submission) -> grade, of those whose marks are complete.
        errors: what pytest could not collect or run, a text each.
        interrupted: True if the user ended the run.
    """

    def __init__(self, told: Callable[[Grade], None]) -> None:
        """Make an empty book.

        Args:
            told: function that is called with each complete grade.
        """
        self.grades: dict[tuple[str, str], Grade] = {}
        self.errors: list[str] = []
        self.interrupted = False
        self._marks: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        self._told = told

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a mark."""
        mark = plugin.read(report)
        if mark is None:
            if report.failed:
                self.errors.append(report.longreprtext)
            return
        key = (mark["lab"], mark["submission"])
        marks = self._marks.setdefault(key, [])
        marks.append(mark)
        if len(marks) == mark["of"]:
            self.grades[key] = _grade(marks)
            self._told(self.grades[key])

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note who ended the run: the user, or pytest itself."""
        self.interrupted = isinstance(excinfo.value, KeyboardInterrupt)
        if not self.interrupted:
            self.errors.append(f"pytest ended before all was graded: {excinfo.value}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep an error of the collection."""
        if report.failed:
            self.errors.append(str(report.longrepr))


def _grade(marks: list[Mapping[str, Any]]) -> Grade:
    """Make a grade of the marks of one submission. Pure."""
    replay: Mapping[str, Any] = next((mark["replay"] for mark in marks if "replay" in mark), {})
    return Grade(
        lab=marks[0]["lab"],
        submission=marks[0]["submission"],
        marks=tuple(
            Mark(m["task"], m["points"], Verdict(m["verdict"]), m["message"], m["seconds"])
            for m in sorted(marks, key=lambda mark: int(mark["number"]))
        ),
        hints=replay.get("hints", 0),
        cost=replay.get("cost", 0),
        seconds=replay.get("seconds", 0.0),
        problem=replay.get("problem", ""),
        note=replay.get("note", ""),
    )
