"""Points, exit statuses, and what other programs read."""

import base64
import csv
import io
import json
from dataclasses import replace

import pytest

from podpath.labs import outputs
from podpath.labs.grading import Grade, Mark, Verdict, exit_status

_PASSED = Mark("hop", 3, Verdict.PASSED)
_FAILED = Mark("path", 7, Verdict.FAILED, "PATH-ICMP: missing hop", 1.25)
_UNTESTED = Mark("path", 7, Verdict.COULD_NOT_TEST, "no cgroups")


def _grade(*marks: Mark, hints: int = 0, cost: int = 0, problem: str = "") -> Grade:
    return Grade("ping", "amy.sh", marks, hints, cost, 5.04, problem)


@pytest.mark.parametrize(
    ("marks", "cost", "earned"),
    [
        ((_PASSED, _FAILED), 0, 3),
        ((_PASSED, _FAILED), 1, 2),
        ((_PASSED, _FAILED), 5, 0),
        ((_FAILED,), 0, 0),
        ((_PASSED, _UNTESTED), 0, 3),
    ],
)
def test_points(marks: tuple[Mark, ...], cost: int, earned: int) -> None:
    """Points are those of passed tasks, without those of hints, and never below 0."""
    grade = _grade(*marks, cost=cost)

    assert (grade.earned, grade.possible) == (earned, sum(mark.points for mark in marks))


@pytest.mark.parametrize(
    ("grades", "status"),
    [
        ([_grade(_PASSED)], 0),
        ([_grade(_PASSED), _grade(_PASSED, _FAILED)], 1),
        ([_grade(_FAILED), _grade(_UNTESTED)], 6),
        ([], 0),
    ],
)
def test_exit_status(grades: list[Grade], status: int) -> None:
    """0 is all passed, 1 not all, 6 that podpath could not test."""
    assert exit_status(grades, 6) == status


def _rows(*grades: Grade) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(outputs.as_csv(grades))))


def test_a_class_is_a_table() -> None:
    """The CSV has a row a submission, and a column a task."""
    rows = _rows(_grade(_PASSED, _FAILED, hints=2, cost=1))

    assert rows == [
        {
            "submission": "amy.sh",
            "lab": "ping",
            "points": "2",
            "possible": "10",
            "hop": "3",
            "path": "0",
            "hints": "2",
            "seconds": "5.0",
            "problems": "path: PATH-ICMP: missing hop",
        }
    ]


def test_what_could_not_be_tested_is_no_zero() -> None:
    """A cell of the CSV tells "could not test" from no points."""
    (row,) = _rows(_grade(_UNTESTED))

    assert row["path"] == "could not test"


@pytest.mark.parametrize("problem", ["=HYPERLINK(1)", "@SUM(A1)", "+1", "-1"])
def test_no_cell_is_a_formula(problem: str) -> None:
    """What a student wrote never becomes a formula in the teacher's spreadsheet."""
    rows = _rows(_grade(_PASSED, problem=problem))

    assert rows[0]["problems"] == f"'{problem}"


@pytest.mark.parametrize(
    ("note", "headline"),
    [
        ("status 2: line 3: syntax error near `fi'", "status 2: line 3: syntax error near `fi'"),
        ("status 1: no such device", "path: PATH-ICMP: missing hop"),
    ],
)
def test_a_syntax_error_is_the_first_problem(note: str, headline: str) -> None:
    """What the tasks report of a script that the shell could not read only follows from it."""
    assert replace(_grade(_PASSED, _FAILED), note=note).headline == headline


def test_gradescope() -> None:
    """results.json has the keys that Gradescope's autograders write."""
    document = json.loads(
        outputs.as_gradescope(_grade(_PASSED, _FAILED, hints=1, cost=1), ["Which?", "Mend it."])
    )

    assert (document["score"], document["execution_time"]) == (2, 5.0)
    assert document["output"] == "2 of 10 points; 1 hints, which cost 1"
    assert document["tests"][1] == {
        "name": "Mend it.",
        "number": "2",
        "score": 0,
        "max_score": 7,
        "status": "failed",
        "output": "PATH-ICMP: missing hop",
        "visibility": "visible",
    }


@pytest.mark.parametrize(
    ("marks", "cost", "status", "scores"),
    [
        ((_PASSED,), 0, "pass", [3]),
        ((_PASSED, _FAILED), 0, "fail", [3, 0]),
        ((_PASSED, _UNTESTED), 0, "error", [3, 0]),
        ((_PASSED, Mark("path", 7, Verdict.PASSED)), 8, "pass", [2, 0]),
    ],
)
def test_classroom(marks: tuple[Mark, ...], cost: int, status: str, scores: list[int]) -> None:
    """The reporter adds up the tests' scores, which are the grade's points."""
    grade = _grade(*marks, cost=cost)
    document = json.loads(base64.b64decode(outputs.as_classroom(grade)))

    assert (document["version"], document["status"]) == (3, status)
    assert document["max_score"] == grade.possible
    assert [test["score"] for test in document["tests"]] == scores
    assert sum(scores) == grade.earned
    assert [test["name"] for test in document["tests"]] == [mark.task for mark in marks]
