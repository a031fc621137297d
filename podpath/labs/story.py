"""What a student reads: the lab's story and tasks, the price of a hint, and the grade."""

from podpath.labs import desk, picture
from podpath.labs.checking import NO_ANSWER, NOT_RIGHT
from podpath.labs.grading import Grade, Mark, Verdict
from podpath.labs.lab import Lab
from podpath.labs.scene import Scene
from podpath.labs.words import points, say


def price(lab: Lab, taken: int, language: str) -> str:
    """Return what the next hint costs, after those that were taken. Pure."""
    if taken >= len(lab.hints):
        return say("no hint", language)
    cost = lab.hints[taken].cost
    return say("price" if cost else "free", language, points=points(cost, language))


def story(there: Scene, language: str, taken: int = 0) -> str:
    """Return what a student reads first.

    Args:
        there: the node.
        language: language of the texts.
        taken: number of hints that were taken.
    """
    lab = there.lab
    lines = [f"{lab.name}: {lab.title.in_language(language)}", ""]
    if not there.failure:
        lines += [*picture.lines(there.node.topology(), there.node.network.bridge), ""]
    lines += [lab.story.in_language(language), "", say("tasks", language)]
    for task in lab.tasks:
        worth = points(task.points, language)
        lines.append(f"  {task.id:<10} {task.text.in_language(language)}  ({worth})")
    lines.append("")
    if lab.plugin:
        lines.append(say("plugin", language, path=desk.PLUGIN.format(name=lab.plugin)))
    cost = price(lab, taken, language)
    lines += [say("commands", language, hints=len(lab.hints), price=cost), ""]
    return "\n".join(lines)


def table(lab: Lab, grade: Grade, language: str) -> list[str]:
    """Return a grade as lines: a sentence for each task."""
    signs = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.COULD_NOT_TEST: "?"}

    def line(mark: Mark) -> str:
        task = lab.task(mark.task)
        assert task is not None
        text = mark.message or task.text.in_language(language)
        if task.answer and mark.verdict is Verdict.FAILED:
            keys = {NO_ANSWER: "no answer", NOT_RIGHT: "not right"}
            text = say(keys[text], language) if text in keys else text
        return f"{signs[mark.verdict]} {mark.task:<10} {mark.earned}/{mark.points}  {text}"

    possible, cost = points(grade.possible, language), points(grade.cost, language)
    total = say("of", language, earned=grade.earned, possible=possible)
    hints = f" ({say('cost', language, points=cost)})" if grade.cost else ""
    return [*map(line, grade.marks), f"{total}{hints}"]
