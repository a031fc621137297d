"""Marks of a lab's tasks on its node as it is now."""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from podpath.labs import facts
from podpath.labs.grading import Mark, Verdict
from podpath.labs.lab import Task
from podpath.labs.scene import Scene
from podpath.testing import CouldNotTest, Outcome, check, impatient
from podpath.testing import Verdict as Of

#: Seconds in which requirements may come true: an ARP entry that failed is asked for again.
PATIENCE = 5.0
#: Messages of tasks without an answer, and with a wrong one.
NO_ANSWER, NOT_RIGHT = "no answer", "the answer is not right on this node"

#: What stands for a name that a question asks for, as in the picture of the node.
VEIL = "?"

#: Verdicts that do not count against a node, and those that do.
_MET = frozenset({Of.CONFORMS, Of.KNOWN_DEVIATION, Of.RECOMMENDED, Of.NOT_APPLICABLE})
_UNMET = frozenset({Of.DOES_NOT_CONFORM, Of.NOT_RUN})


def outcomes(
    scene: Scene, requirements: Iterable[str], patience: float = 0.0
) -> dict[str, Outcome]:
    """Judge requirements on a lab's node.

    Args:
        scene: the node.
        requirements: their ids.
        patience: seconds in which those that are not met are judged again.

    Raises:
        CouldNotTest: the node has ended, or the tests cannot be run.
    """
    ids = tuple(dict.fromkeys(requirements))
    if scene.failure:
        return dict.fromkeys(ids, Outcome(Of.DOES_NOT_CONFORM, scene.failure))
    deadline = time.monotonic() + patience
    judged: dict[str, Outcome] = {}
    left = ids
    while left:
        if ended := scene.node.node.ended():
            raise CouldNotTest(ended)
        with impatient():
            judged |= check(scene.node, left)
        left = tuple(identifier for identifier in ids if judged[identifier].verdict not in _MET)
        if time.monotonic() >= deadline:
            break
    return judged


def marks(
    scene: Scene, tasks: Iterable[Task], answers: Mapping[str, str], patience: float = PATIENCE
) -> dict[str, Mark]:
    """Mark tasks on a lab's node.

    Args:
        scene: the node.
        tasks: the tasks.
        answers: task -> answer that was given.
        patience: seconds in which requirements may come true.

    Raises:
        CouldNotTest: the node has ended, or the tests cannot be run.
    """
    tasks = tuple(tasks)
    began = time.monotonic()
    judged = outcomes(scene, (i for task in tasks for i in task.conforms), patience)
    seconds = time.monotonic() - began
    return {task.id: _mark(scene, task, answers.get(task.id), judged, seconds) for task in tasks}


def _mark(
    scene: Scene, task: Task, answer: str | None, judged: Mapping[str, Outcome], seconds: float
) -> Mark:
    if task.answer:
        verdict, message = _of_answer(scene, task, answer)
        return Mark(task.id, task.points, verdict, message)
    verdict, message = of_requirements({i: judged[i] for i in task.conforms})
    return Mark(task.id, task.points, verdict, message, seconds)


def _of_answer(scene: Scene, task: Task, answer: str | None) -> tuple[Verdict, str]:
    assert task.answer is not None
    if answer is None:
        return Verdict.FAILED, NO_ANSWER
    if scene.failure:
        return Verdict.FAILED, scene.failure
    if facts.matches(task.answer, scene.answers[task.id], answer):
        return Verdict.PASSED, ""
    return Verdict.FAILED, NOT_RIGHT


def veiled(graded: Mapping[str, Mark], secrets: Iterable[str], veil: str = VEIL) -> dict[str, Mark]:
    """Return marks whose messages do not give away the answers to questions. Pure.

    Args:
        graded: task -> its mark.
        secrets: values of the answers that are still to be found.
        veil: text in place of each.
    """
    words = sorted({*secrets} - {""}, key=len, reverse=True)
    if not words:
        return dict(graded)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)")
    return {t: replace(m, message=pattern.sub(veil, m.message)) for t, m in graded.items()}


def of_requirements(judged: Mapping[str, Outcome]) -> tuple[Verdict, str]:
    """Return the verdict on a task with requirements, and its first finding. Pure."""
    for verdicts, verdict in (
        (_UNMET, Verdict.FAILED),
        ({Of.COULD_NOT_TEST}, Verdict.COULD_NOT_TEST),
    ):
        for identifier, outcome in judged.items():
            if outcome.verdict in verdicts:
                return verdict, f"{identifier}: {outcome.headline}"
    return Verdict.PASSED, ""
