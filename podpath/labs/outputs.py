"""Grades as other programs read them: CSV, Gradescope's results, GitHub Classroom's. Pure."""

import base64
import csv
import json
from collections.abc import Sequence

from podpath.labs.grading import Grade, Mark, Verdict

#: Statuses of GitHub Classroom's reporter.
_CLASSROOM = {
    Verdict.PASSED: "pass",
    Verdict.FAILED: "fail",
    Verdict.COULD_NOT_TEST: "error",
}


def as_csv(grades: Sequence[Grade]) -> str:
    """Return one row a submission, with a column for each task of the lab.

    A cell that a spreadsheet would take for a formula begins with an apostrophe: its text comes
    from a student.
    """
    tasks = list(dict.fromkeys(mark.task for grade in grades for mark in grade.marks))
    written = _Written()
    writer = csv.writer(written, lineterminator="\n")
    head = ["submission", "lab", "points", "possible", *tasks, "hints", "seconds", "problems"]
    writer.writerow(head)
    for grade in grades:
        points = {mark.task: _cell(mark) for mark in grade.marks}
        writer.writerow(
            [
                _harmless(grade.submission),
                grade.lab,
                grade.earned,
                grade.possible,
                *(points.get(task, "") for task in tasks),
                grade.hints,
                f"{grade.seconds:.1f}",
                _harmless("; ".join(grade.problems)),
            ]
        )
    return "".join(written)


class _Written(list[str]):
    """What was written, a text a call."""

    write = list.append


def _cell(mark: Mark) -> str:
    return "could not test" if mark.verdict is Verdict.COULD_NOT_TEST else str(mark.earned)


def _harmless(text: str) -> str:
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def as_gradescope(grade: Grade, names: Sequence[str] = ()) -> str:
    """Return results.json of Gradescope's autograders.

    Args:
        grade: the grade.
        names: text of each task, in order; by default their ids.
    """
    tests = [
        {
            "name": name,
            "number": str(number),
            "score": mark.earned,
            "max_score": mark.points,
            "status": "passed" if mark.verdict is Verdict.PASSED else "failed",
            "output": mark.message,
            "visibility": "visible",
        }
        for number, (mark, name) in enumerate(
            zip(grade.marks, _named(grade, names), strict=True), 1
        )
    ]
    document = {
        "score": grade.earned,
        "execution_time": round(grade.seconds, 1),
        "output": _summary(grade),
        "tests": tests,
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def as_classroom(grade: Grade, names: Sequence[str] = ()) -> str:
    """Return the result that GitHub Classroom's reporter reads, JSON in base64.

    The reporter adds up `score` of the tests: the points that hints cost go from the last tests.
    """
    left, tests = grade.cost, []
    for mark, name in reversed(list(zip(grade.marks, _named(grade, names), strict=True))):
        taken = min(left, mark.earned)
        left -= taken
        tests.append(
            {
                "name": name,
                "status": _CLASSROOM[mark.verdict],
                "score": mark.earned - taken,
                "message": mark.message,
                "test_code": "",
                "filename": "",
                "line_no": 0,
                "duration": round(mark.seconds * 1000),
            }
        )
    document = {
        "version": 3,
        "status": _classroom_status(grade),
        "max_score": grade.possible,
        "tests": tests[::-1],
    }
    return base64.b64encode(json.dumps(document).encode()).decode()


def _classroom_status(grade: Grade) -> str:
    if grade.passed:
        return "pass"
    return "error" if grade.could_not_test else "fail"


def _named(grade: Grade, names: Sequence[str]) -> Sequence[str]:
    return names or [mark.task for mark in grade.marks]


def _summary(grade: Grade) -> str:
    hints = f"; {grade.hints} hints, which cost {grade.cost}" if grade.hints else ""
    problem = f"; {grade.problem}" if grade.problem else ""
    return f"{grade.earned} of {grade.possible} points{hints}{problem}"
