"""Labs in pytest: each task is an item. It imports nothing heavy, as each pytest loads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from podpath.labs.lab import Lab, Task
    from podpath.labs.replay import Replayed
    from podpath.labs.trial import Trial

#: Name of the property of an item's report that has its mark, as JSON.
PROPERTY = "podpath_lab"
#: Name of a lab's own solution among submissions.
SOLUTION = "solution"


class NotSolved(Exception):
    """A task that failed; its text is the finding."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of labs to pytest's."""
    group = parser.getgroup("podpath labs", "podpath labs: grade submissions, test labs")
    group.addoption(
        "--podpath-submission",
        metavar="FILE",
        action="append",
        default=[],
        help="a submission to each lab (a TOML file) that pytest is given; repeatable",
    )
    group.addoption(
        "--podpath-submission-seconds",
        metavar="N",
        type=float,
        default=20.0,
        help="how long a submission may run (default: 20)",
    )
    group.addoption(
        "--podpath-lab-test",
        action="store_true",
        help="for authors: each task must be red before the lab's solution, and green after it",
    )


def _wanted(config: pytest.Config) -> bool:
    option = config.option
    return bool(option.podpath_submission or option.podpath_lab_test)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the tasks of a replay in one worker: each replay has one node."""
    if not _wanted(config):
        return
    if getattr(config.option, "dist", "no") == "load":
        config.option.dist = "loadscope"
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Status())


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect labs, if there is a submission to them or they are tested themselves."""
    if file_path.suffix != ".toml" or not _wanted(parent.config):
        return None
    if file_path.name == "pyproject.toml":
        return None
    return LabFile.from_parent(parent, path=file_path)


class LabFile(pytest.File):
    """One lab."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield one collector for each submission."""
        from podpath.labs import reading
        from podpath.testing import CouldNotTest

        try:
            lab = reading.load(self.path)
        except CouldNotTest as error:
            raise self.CollectError(str(error)) from None
        option = self.config.option
        if option.podpath_lab_test:
            yield Trials.from_parent(self, name=SOLUTION, lab=lab)
        for submission in option.podpath_submission:
            yield Replays.from_parent(self, name=submission, lab=lab)


class _Once(pytest.Collector):
    """Something with one node, which all its items look at afterwards.

    Attributes:
        lab: the lab.
    """

    def __init__(self, *, lab: Lab, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.lab = lab
        self._result: Any = None
        self._error: Exception | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each task."""
        for task in self.lab.tasks:
            yield TaskItem.from_parent(self, name=task.id, task=task)

    def result(self) -> Any:
        """Return the result, made at the first call.

        Raises:
            CouldNotTest: it could not be made.
        """
        from podpath.testing import CouldNotTest

        if self._error is None and self._result is None:
            try:
                self._result = self.make()
            except CouldNotTest as error:
                self._error = error
        if self._error is not None:
            raise self._error.with_traceback(None)
        return self._result

    def make(self) -> Any:
        """Make the result."""
        raise NotImplementedError

    def mark(self, task: Task) -> dict[str, Any]:
        """Return the mark of a task, as JSON values."""
        raise NotImplementedError


class Replays(_Once):
    """The replay of one submission."""

    def make(self) -> Replayed:
        """See _Once."""
        from podpath.labs import replay, submission

        path = self.config.invocation_params.dir / self.name
        given = submission.read(self.lab, str(path))
        return replay.of_submission(self.lab, given, self.config.option.podpath_submission_seconds)

    def mark(self, task: Task) -> dict[str, Any]:
        """See _Once."""
        replayed: Replayed = self.result()
        mark = replayed.marks[task.id]
        return {
            "verdict": str(mark.verdict),
            "message": mark.message,
            "seconds": mark.seconds,
            "replay": {
                "hints": replayed.hints,
                "cost": self.lab.cost(replayed.hints),
                "problem": replayed.problem,
                "note": replayed.note,
                "seconds": replayed.seconds,
            },
        }


class Trials(_Once):
    """A lab before and after its own solution."""

    def make(self) -> Trial:
        """See _Once."""
        from podpath.labs import trial

        return trial.of_lab(self.lab)

    def mark(self, task: Task) -> dict[str, Any]:
        """See _Once."""
        from podpath.labs import trial
        from podpath.labs.grading import Verdict

        made: Trial = self.result()
        wrong = trial.wrong(task, made)
        verdict = Verdict.FAILED if wrong else Verdict.PASSED
        return {"verdict": str(verdict), "message": "; ".join(wrong), "seconds": made.seconds}


class TaskItem(pytest.Item):
    """One task.

    Attributes:
        task: the task.
    """

    parent: _Once

    def __init__(self, *, task: Task, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.task = task

    def runtest(self) -> None:
        """Fail with the finding, if there is one.

        Raises:
            NotSolved: the task failed.
            CouldNotTest: podpath could not find out.
        """
        from podpath.labs.grading import Verdict
        from podpath.testing import CouldNotTest

        error: Exception | None = None
        try:
            mark = self.parent.mark(self.task)
        except CouldNotTest as obstacle:
            verdict = str(Verdict.COULD_NOT_TEST)
            mark = {"verdict": verdict, "message": str(obstacle), "seconds": 0.0}
            error = obstacle
        lab = self.parent.lab
        about = {
            "lab": lab.name,
            "submission": self.parent.name,
            "task": self.task.id,
            "number": lab.tasks.index(self.task),
            "of": len(lab.tasks),
            "points": self.task.points,
        }
        self.user_properties.append((PROPERTY, json.dumps({**about, **mark})))
        if error:
            raise error
        if mark["verdict"] == Verdict.FAILED:
            raise NotSolved(mark["message"])

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the sentence alone."""
        from podpath.testing import CouldNotTest

        if isinstance(excinfo.value, CouldNotTest):
            return f"could not test: {excinfo.value}"
        if isinstance(excinfo.value, NotSolved):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return how reports name the item."""
        return self.path, None, f"{self.parent.lab.name}: {self.name}, {self.parent.name}"


def read(report: pytest.TestReport) -> dict[str, Any] | None:
    """Return the mark in a report; None if it has none."""
    texts = [text for name, text in report.user_properties if name == PROPERTY]
    if report.when != "call" or not texts:
        return None
    mark: dict[str, Any] = json.loads(str(texts[0]))
    return mark


class _Status:
    """The plugin that gives the run exit status 6 if nothing worse than "could not test" was."""

    def __init__(self) -> None:
        self._untested = self._failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of an item."""
        from podpath.labs.grading import Verdict

        mark = read(report)
        if mark and mark["verdict"] == Verdict.COULD_NOT_TEST:
            self._untested = True
        elif report.failed:
            self._failed = True

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Set the exit status."""
        from podpath.testing import COULD_NOT_TEST_STATUS

        if self._untested and not self._failed:
            session.exitstatus = COULD_NOT_TEST_STATUS
