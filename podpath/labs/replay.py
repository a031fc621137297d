"""Replays: a submission on a fresh node, and the marks of its tasks afterwards."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from podpath.labs import desk, scene, submission
from podpath.labs.checking import marks
from podpath.labs.grading import SYNTAX_ERROR, Mark, Verdict
from podpath.labs.lab import Lab
from podpath.labs.reading import PODS
from podpath.labs.scene import Scene
from podpath.labs.submission import Submission
from podpath.shell import provisions
from podpath.testing import Bounds, CouldNotTest, GuestResult, Node, run_guest

#: Seconds that a script may run.
SECONDS = 20.0
_SCRIPT = f"{desk.PLACE}/submission.sh"
_SHOWN = 200


@dataclass(frozen=True)
class Replayed:
    """What became of one submission.

    Attributes:
        marks: task -> its mark.
        hints: number of hints that the submission takes.
        problem: what the submission did that it may not do; empty if nothing.
        note: how its script failed; empty if it did not, or if every task passed.
        seconds: time of the whole replay.
    """

    marks: Mapping[str, Mark] = field(default_factory=dict)
    hints: int = 0
    problem: str = ""
    note: str = ""
    seconds: float = 0.0

    @property
    def unclear(self) -> str:
        """Why podpath could not test a task; empty if it could test all."""
        untested = (m for m in self.marks.values() if m.verdict is Verdict.COULD_NOT_TEST)
        return next((mark.message for mark in untested), "")


def of_submission(lab: Lab, given: Submission, seconds: float = SECONDS) -> Replayed:
    """Replay a submission on a fresh node, and mark each task.

    A submission that keeps podpath from testing is replayed on a second node. If that is no other,
    the lab's own solution shows that the machine is not the cause.

    Args:
        lab: the lab.
        given: the submission.
        seconds: time that a script may run.

    Raises:
        CouldNotTest: the node does not come up, or the machine cannot test the lab's own solution.
    """
    began = time.monotonic()
    try:
        replayed = once(lab, given, seconds)
    except CouldNotTest:  # a busy machine may have lost a packet, or been too slow for a node
        replayed = once(lab, given, seconds)
    if replayed.unclear:
        replayed = once(lab, given, seconds)
    if replayed.unclear:
        if reason := once(lab, submission.solution(lab), SECONDS).unclear:
            raise CouldNotTest(f"the lab's own solution cannot be tested here: {reason}")
        problem = replayed.problem or "it keeps podpath from testing, on two nodes"
        replayed = _failed(replace(replayed, problem=problem))
    return replace(replayed, seconds=time.monotonic() - began)


def _failed(replayed: Replayed) -> Replayed:
    """Turn "could not test" into "failed": the submission is the cause. Pure."""
    found = {
        task: replace(mark, verdict=Verdict.FAILED)
        if mark.verdict is Verdict.COULD_NOT_TEST
        else mark
        for task, mark in replayed.marks.items()
    }
    return replace(replayed, marks=found)


def once(lab: Lab, given: Submission, seconds: float) -> Replayed:
    """Replay a submission once.

    Raises:
        CouldNotTest: the node does not come up.
    """
    try:
        with scene.built(lab, given.content if lab.plugin else None) as there:
            return played(there, given, seconds)
    except CouldNotTest as error:
        if not lab.plugin:  # before the script, nothing on the node is the student's
            raise
        return Replayed(_all(lab, Verdict.COULD_NOT_TEST, str(error)))


def played(there: Scene, given: Submission, seconds: float) -> Replayed:
    """Run a submission on a built node, and mark its tasks.

    The node is to be used for nothing else afterwards.
    """
    lab, node = there.lab, there.node.node
    desk.set_up(node)
    if not lab.plugin:
        _place_script(there, given)
    problem = note = ""
    try:
        if not lab.plugin:
            result = run_script(node, given, seconds)
            problem, note = _problem(result, seconds), _note(result)
        kept = desk.kept(node)
        found = marks(there, lab.tasks, kept.answers)
    except CouldNotTest as error:
        kept, found = desk.Kept({}, 0), _all(lab, Verdict.COULD_NOT_TEST, str(error))
    if ended := node.ended():
        problem = f"it ended the node: {ended}"
        return Replayed(_all(lab, Verdict.FAILED, problem), problem=problem)
    solved = all(mark.verdict is Verdict.PASSED for mark in found.values())
    hints = min(kept.hints, len(lab.hints))
    replayed = Replayed(found, hints, problem, "" if solved else note)
    return _failed(replayed) if problem else replayed


def _all(lab: Lab, verdict: Verdict, message: str) -> dict[str, Mark]:
    return {task.id: Mark(task.id, task.points, verdict, message) for task in lab.tasks}


def _place_script(there: Scene, given: Submission) -> None:
    """Put a script on the node, with the names of this node.

    Raises:
        CouldNotTest: the node does not take it.
    """
    topology = there.node.topology()
    text = submission.on_node(given.text, submission.names(topology, PODS))
    if given.authors:
        text = f"{scene.helpers(topology)}\n{text}"
    provisions.place(there.node.node)
    desk.place(there.node.node, _SCRIPT, text)


def run_script(node: Node, given: Submission, seconds: float) -> GuestResult:
    """Run the script that was placed, as root on its node, within bounds.

    Raises:
        CouldNotTest: it cannot be run, or its processes do not end.
    """
    environment = {"PATH": provisions.path(), "HOME": "/root", "LANG": "C.UTF-8"}
    # one that names no interpreter is for bash
    command = [_SCRIPT] if given.text.startswith("#!") else ["bash", _SCRIPT]
    return run_guest(node, command, Bounds(seconds=seconds), environment)


def _note(result: GuestResult) -> str:
    """Return how a script failed; empty if it ended with status 0. Pure.

    The last line says why. After a syntax error the last one repeats the script's own line.
    """
    if not result.status:
        return ""
    lines = [line.strip().removeprefix(f"{_SCRIPT}: ") for line in result.output.splitlines()]
    lines = [line for line in lines if line]
    line = next(filter(SYNTAX_ERROR.search, lines), lines[-1] if lines else "")
    why = f": {line[:_SHOWN]}" if line else ""
    return f"the script ended with status {result.status}{why}"


def _problem(result: GuestResult, seconds: float) -> str:
    """Return what a script did that it may not do; empty if nothing. Pure."""
    bounds = {"memory": "used more memory", "processes": "had more processes"}
    met = [f"it {bounds[name]} than a submission may" for name in result.met]
    if result.status is None:
        met.insert(0, f"it ran for more than {seconds:.0f} s, and was ended")
    return "; ".join(met)
