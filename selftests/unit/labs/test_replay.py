"""Whose doing it is if podpath cannot test after a submission."""

from collections.abc import Callable

import pytest

from podpath.labs import replay
from podpath.labs.grading import Mark, Verdict
from podpath.labs.lab import Lab
from podpath.labs.replay import Replayed
from podpath.labs.submission import Submission
from podpath.testing import CouldNotTest, GuestResult

from . import lab_text

_UNTESTED = Replayed({"path": Mark("path", 7, Verdict.COULD_NOT_TEST, "no answer of containerd")})
_PASSED = Replayed({"path": Mark("path", 7, Verdict.PASSED)})


def _played(
    monkeypatch: pytest.MonkeyPatch, *students: Replayed, authors: Replayed = _PASSED
) -> Callable[[], Replayed]:
    left = list(students)

    def once(_lab: Lab, given: Submission, _seconds: float) -> Replayed:
        return authors if given.authors else left.pop(0)

    monkeypatch.setattr(replay, "once", once)
    return lambda: replay.of_submission(lab_text.lab(), Submission("amy.sh", b"true"))


def test_a_second_node_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened once on a node does not cost points."""
    replayed = _played(monkeypatch, _UNTESTED, _PASSED)()

    assert replayed.marks["path"].verdict is Verdict.PASSED
    assert replayed.problem == ""


def test_what_the_solution_does_not_cause_is_the_submission(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twice untested, while the lab's own solution can be tested: it costs the points."""
    replayed = _played(monkeypatch, _UNTESTED, _UNTESTED)()

    assert replayed.marks["path"].verdict is Verdict.FAILED
    assert replayed.marks["path"].message == "no answer of containerd"
    assert replayed.problem == "it keeps podpath from testing, on two nodes"


def test_a_machine_that_cannot_test_is_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the solution cannot be tested either, there is no grade."""
    with pytest.raises(CouldNotTest, match="own solution cannot be tested here: no answer"):
        _played(monkeypatch, _UNTESTED, _UNTESTED, authors=_UNTESTED)()


@pytest.mark.parametrize(
    ("result", "problem", "note"),
    [
        (GuestResult(0, "fine", 0.1), "", ""),
        (GuestResult(2, "a\nno such device\n", 0.1), "", "status 2: no such device"),
        (
            GuestResult(
                2, "/run/podpath/lab/submission.sh: line 3: syntax error near `fi'\nx: `fi'\n", 0.1
            ),
            "",
            "status 2: line 3: syntax error near `fi'",
        ),
        (GuestResult(None, "", 20.0), "it ran for more than 20 s, and was ended", ""),
        (
            GuestResult(None, "", 20.0, ("processes",)),
            "it ran for more than 20 s, and was ended; it had more processes",
            "",
        ),
        (GuestResult(137, "", 1.0, ("memory",)), "it used more memory", "status 137"),
    ],
)
def test_what_a_script_did_is_told(result: GuestResult, problem: str, note: str) -> None:
    """Bounds that it met, and how it failed, a sentence each."""
    assert replay._problem(result, 20.0).startswith(problem)
    assert bool(replay._problem(result, 20.0)) is bool(problem)
    assert replay._note(result).endswith(note)
    assert bool(replay._note(result)) is bool(note)
