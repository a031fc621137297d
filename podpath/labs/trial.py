"""The author's test of a lab: each task is red at first for its reason, and green afterwards."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from podpath.labs import checking, replay, scene, submission
from podpath.labs.grading import Mark, Verdict
from podpath.labs.lab import Lab, Task
from podpath.labs.scene import Scene
from podpath.testing import CouldNotTest, Outcome
from podpath.testing import Verdict as Of


@dataclass(frozen=True)
class Trial:
    """A lab before and after its own solution.

    Attributes:
        before: requirement -> its outcome on the broken node.
        after: task -> its mark after the solution.
        answers: task -> the right answer.
        problem: what the solution did that no submission may do; empty if nothing.
        seconds: time of all that.
    """

    before: Mapping[str, Outcome]
    after: Mapping[str, Mark]
    answers: Mapping[str, tuple[str, ...]]
    problem: str = ""
    seconds: float = 0.0


def of_lab(lab: Lab) -> Trial:
    """Judge a lab's node before and after its own solution.

    Raises:
        CouldNotTest: the node does not come up, the fault fails, or the node cannot be judged.
    """
    began = time.monotonic()
    given = submission.solution(lab)
    with scene.built(lab) as there:
        before, answers = _before(there), there.answers
        after = None if lab.plugin else replay.played(there, given, replay.SECONDS)
    after = after or replay.once(lab, given, replay.SECONDS)
    return Trial(before, after.marks, answers, after.problem, time.monotonic() - began)


def _before(there: Scene) -> Mapping[str, Outcome]:
    return checking.outcomes(there, (i for task in there.lab.tasks for i in task.conforms))


def wrong(task: Task, trial: Trial) -> list[str]:
    """List what is wrong with a task of a lab. Pure.

    Raises:
        CouldNotTest: podpath could not find out.
    """
    mark = trial.after[task.id]
    if mark.verdict is Verdict.COULD_NOT_TEST:
        raise CouldNotTest(f"after the solution: {mark.message}")
    found = [f"before the solution, {text}" for text in _not_red(task, trial.before)]
    if mark.verdict is Verdict.FAILED:
        found.append(f"after the solution, {mark.message}")
    if trial.problem:
        found.append(f"the solution: {trial.problem}")
    return found


def _is_red(outcome: Outcome) -> bool:
    """Return whether a requirement is violated, or not judged because another one is. Pure."""
    follows = outcome.verdict is Of.NOT_RUN and bool(outcome.follows)
    return outcome.verdict is Of.DOES_NOT_CONFORM or follows


def _not_red(task: Task, before: Mapping[str, Outcome]) -> list[str]:
    """List the requirements that are not red for their reason, or red without one. Pure."""
    found = []
    for identifier in task.conforms:
        outcome, reason = before[identifier], task.reasons.get(identifier)
        if reason is None:
            continue
        if outcome.verdict is Of.COULD_NOT_TEST:
            found.append(f"{identifier} could not be tested: {outcome.headline}")
        elif not _is_red(outcome):
            found.append(f'{identifier} is not red ("{outcome.verdict}")')
        elif reason not in outcome.message:
            found.append(f"{identifier} is red for another reason: {outcome.headline}")
    return found
