"""What `podpath lab check` shows and writes of a class: a table, and files for other programs."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from podpath.errors import CouldNotTest
from podpath.model.language import padded, width

if TYPE_CHECKING:
    from podpath.labs.grading import Grade

#: Characters of a problem that a row of the table shows.
_SHOWN = 100


def table(grades: Sequence["Grade"], language: str) -> list[str]:
    """Return a head and a row for each grade, in order, as lines. Pure."""
    from podpath.labs.words import say

    head = [say(key, language) for key in ("points", "time", "submission", "problem")]
    rows = [head, *map(_row, grades)]
    widths = [max(width(row[column]) for row in rows) + 2 for column in range(3)]
    return ["".join(map(padded, row, [*widths, 0])).rstrip() for row in rows]


def _row(grade: "Grade") -> list[str]:
    problem = " ".join(grade.headline.split())[:_SHOWN]
    return [points(grade), f"{grade.seconds:.1f} s", grade.submission, problem]


def points(grade: "Grade") -> str:
    """Return earned and possible points; "?" if podpath could not test a task. Pure."""
    return f"{'?' if grade.could_not_test else grade.earned}/{grade.possible}"


def check_writable(path: str) -> None:
    """Check that a file can be written, and leave it as it is.

    Raises:
        CouldNotTest: it cannot be written.
    """
    file = Path(path)
    if file.exists() and not (file.is_file() or file.is_dir()):
        return  # a pipe's reader would see its end
    absent = not os.path.lexists(path)
    append(path, "")
    if absent:
        file.unlink()


def write(path: str, text: str) -> None:
    """Write a file.

    Raises:
        CouldNotTest: it cannot be written.
    """
    _write(path, text, "w")


def append(path: str, text: str) -> None:
    """Add a text to the end of a file.

    Raises:
        CouldNotTest: it cannot be written.
    """
    _write(path, text, "a")


def _write(path: str, text: str, mode: str) -> None:
    try:
        with Path(path).open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CouldNotTest(
            f"{path} cannot be written: {error.strerror}", "Name another file"
        ) from None
