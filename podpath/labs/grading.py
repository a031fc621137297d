"""Grades: what became of each task of a submission, and the points for it. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

#: How shells begin the message of a script that they cannot parse.
SYNTAX_ERROR = re.compile(r"syntax error|unexpected EOF", re.IGNORECASE)


class Verdict(StrEnum):
    """What became of a task.

    Attributes:
        PASSED: the answer is right, or the node meets the requirements.
        FAILED: it is not, or it does not.
        COULD_NOT_TEST: podpath could not find out, which says nothing about the submission.
    """

    PASSED = "passed"
    FAILED = "failed"
    COULD_NOT_TEST = "could not test"


@dataclass(frozen=True, slots=True)
class Mark:
    """Result of one task.

    Attributes:
        task: id of the task.
        points: points of the task.
        verdict: what became of it.
        message: the first finding; empty if the task passed.
        seconds: time that its check took.
    """

    task: str
    points: int
    verdict: Verdict
    message: str = ""
    seconds: float = 0.0

    @property
    def earned(self) -> int:
        """Points earned."""
        return self.points if self.verdict is Verdict.PASSED else 0


@dataclass(frozen=True, slots=True)
class Grade:
    """Result of one submission.

    Attributes:
        lab: name of the lab.
        submission: the submission as the teacher named it.
        marks: result of each task, in the lab's order.
        hints: number of hints that the submission took.
        cost: points that these hints cost.
        seconds: time from the start of the node to the last check.
        problem: what the submission did that it may not do, such as to run too long; empty if
            nothing.
        note: how its script failed; empty if it did not, or if every task passed.
    """

    lab: str
    submission: str
    marks: tuple[Mark, ...]
    hints: int = 0
    cost: int = 0
    seconds: float = 0.0
    problem: str = ""
    note: str = ""

    @property
    def possible(self) -> int:
        """Points that the lab has."""
        return sum(mark.points for mark in self.marks)

    @property
    def earned(self) -> int:
        """Points of the passed tasks, without those that hints cost; never below 0."""
        return max(sum(mark.earned for mark in self.marks) - self.cost, 0)

    @property
    def passed(self) -> bool:
        """True if every task passed."""
        return all(mark.verdict is Verdict.PASSED for mark in self.marks)

    @property
    def could_not_test(self) -> bool:
        """True if podpath could not test a task."""
        return any(mark.verdict is Verdict.COULD_NOT_TEST for mark in self.marks)

    @property
    def problems(self) -> tuple[str, ...]:
        """The submission's problem, the message of each task that did not pass, and the note."""
        told = [f"{mark.task}: {mark.message}" for mark in self.marks if mark.message]
        return tuple(filter(None, (self.problem, *told, self.note)))

    @property
    def headline(self) -> str:
        """The problem to mend first; empty if every task passed.

        After a syntax error in the script, the tasks' messages only follow from it.
        """
        if not self.problem and SYNTAX_ERROR.search(self.note):
            return self.note
        return next(iter(self.problems), "")


def exit_status(grades: Iterable[Grade], could_not_test: int) -> int:
    """Return the exit status of a check: 0 all passed, 1 not all, or that of "could not test".

    Args:
        grades: the grades.
        could_not_test: exit status for "could not test".
    """
    grades = list(grades)
    if any(grade.could_not_test for grade in grades):
        return could_not_test
    return 0 if all(grade.passed for grade in grades) else 1
