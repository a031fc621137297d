"""Values of a lab: what its file declares. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from podpath.testing.language import Text

#: Levels, the easiest first.
LEVELS = ("easy", "medium", "hard")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the kernel of a node knows, and that a student must find out.

    Attributes:
        name: name of the kind of fact, a key of facts.FACTS.
        pods: pods that the fact is of.
    """

    name: str
    pods: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.name, *self.pods))


@dataclass(frozen=True, slots=True)
class Task:
    """One task: either an answer, or requirements that the node must meet.

    Attributes:
        id: the task's id in its lab.
        points: points of the task.
        text: the task as the student reads it.
        answer: the fact that the answer must equal; None for a task with requirements.
        conforms: ids of the requirements that the node must meet; empty for an answer.
        reasons: requirement -> text that its finding must contain before the solution; empty for
            any finding. The other requirements of `conforms` only have to be met afterwards.
    """

    id: str
    points: int
    text: Text
    answer: Fact | None = None
    conforms: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint.

    Attributes:
        text: the hint as the student reads it.
        cost: points that it costs.
    """

    text: Text
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Lab:
    """One lab.

    Attributes:
        name: name of its file, without the suffix.
        points: sum of the points of its tasks.
        level: one of LEVELS.
        title: title for lists.
        story: what the student reads first.
        tasks: the tasks, in order.
        hints: the hints, in order.
        solution: the author's submission.
        fault: shell that breaks the node, run once for each pod; empty for a healthy node.
        conflist: CNI configuration as JSON; empty for podpath's default.
        profile: how the plugin wires pods; empty for the profile that covers the conflist.
        plugin: name of the plugin that a submission is; empty if a submission is a script.
        starter: text of the plugin that a student starts from; empty without `plugin`.
    """

    name: str
    points: int
    level: str
    title: Text
    story: Text
    tasks: tuple[Task, ...]
    hints: tuple[Hint, ...]
    solution: str
    fault: str = ""
    conflist: str = ""
    profile: str = ""
    plugin: str = ""
    starter: str = ""

    def task(self, identifier: str) -> Task | None:
        """Return the task of that id, or None."""
        return next((task for task in self.tasks if task.id == identifier), None)

    def cost(self, hints: int) -> int:
        """Return the points that the first hints cost together."""
        return sum(hint.cost for hint in self.hints[:hints])
