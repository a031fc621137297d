"""`podpath lab check` of a class: its files, its table, and an interrupted run."""

from pathlib import Path
from typing import Any

import pytest

from podpath import cli
from podpath.errors import COULD_NOT_TEST_STATUS
from podpath.labs import run
from podpath.labs.grading import Grade, Mark, Verdict
from podpath.run import checks

Capture = pytest.CaptureFixture[str]


def _grade(name: str) -> Grade:
    marks = (Mark("where", 3, Verdict.FAILED, "no answer"), Mark("plug", 7, Verdict.PASSED))
    return Grade("unplugged", name, marks, seconds=3.0)


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two scripts of a class, in a directory that the command runs in, as if by root."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checks, "root", lambda: None)
    for name in ("amy.sh", "bob.sh"):
        Path(name).write_text("true\n")
    return ["amy.sh", "bob.sh"]


def test_a_file_that_cannot_be_written_stops_before_the_first_replay(
    scripts: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """A class is not graded for nothing."""
    monkeypatch.setattr(run, "graded", lambda *_, **__: pytest.fail("it graded"))

    status = cli.main(["lab", "check", "unplugged", *scripts, "--csv", "none/grades.csv"])

    assert status == COULD_NOT_TEST_STATUS
    assert "none/grades.csv cannot be written: No such file" in capsys.readouterr().err


def test_the_table_has_a_head_and_the_order_of_the_csv(
    scripts: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """The order in which replays end is no order for a teacher."""

    def graded(_: Any, names: list[str], *, told: Any, **__: Any) -> list[Grade]:
        for name in reversed(names):
            told(_grade(name))
        return [_grade(name) for name in names]

    monkeypatch.setattr(run, "graded", graded)

    assert cli.main(["lab", "check", "unplugged", *scripts, "--csv", "grades.csv"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "POINTS  TIME   SUBMISSION  FIRST PROBLEM",
        "7/10    3.0 s  amy.sh      where: no answer",
        "7/10    3.0 s  bob.sh      where: no answer",
    ]
    rows = Path("grades.csv").read_text().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["submission", "amy.sh", "bob.sh"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "interrupted: 1 of 2 graded"), ("zh", "已中断：2 份中评了 1 份")],
)
def test_an_interrupted_run_keeps_its_grades(
    scripts: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    language: str,
    sentence: str,
) -> None:
    """After Ctrl-C, what was graded is shown and written."""

    def graded(_: Any, names: list[str], *, told: Any, **__: Any) -> list[Grade]:
        told(_grade(names[1]))
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "graded", graded)
    command = ["lab", "check", "unplugged", *scripts, "--csv", "grades.csv", "--lang", language]

    assert cli.main(command) == 130
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert "bob.sh" in shown.out
    assert "bob.sh,unplugged,7,10," in Path("grades.csv").read_text().splitlines()[1]


def test_a_run_without_a_grade_leaves_files_alone(
    scripts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grades of last week are not lost, and no empty file is made."""

    def graded(*_: Any, **__: Any) -> list[Grade]:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "graded", graded)
    Path("old.csv").write_text("old\n")
    for name in ("old.csv", "new.csv"):
        assert cli.main(["lab", "check", "unplugged", *scripts, "--csv", name]) == 130

    assert Path("old.csv").read_text() == "old\n"
    assert not Path("new.csv").exists()
