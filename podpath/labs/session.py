"""A student's session: a shell on the broken node, and the commands in it."""

import os
import select
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from podpath.labs import desk, facts, replay, scene, submission
from podpath.labs.checking import marks, veiled
from podpath.labs.grading import Grade, Mark, Verdict, exit_status
from podpath.labs.lab import Lab
from podpath.labs.reading import PODS
from podpath.labs.scene import Scene
from podpath.labs.story import price, story, table
from podpath.labs.submission import Submission
from podpath.labs.words import points, say
from podpath.shell import session as shell
from podpath.testing import COULD_NOT_TEST_STATUS, CouldNotTest, DoesNotConform

# bash runs it before each prompt: it keeps the command that was typed last.
_RECORD = f"""\
HISTFILE= HISTCONTROL= HISTTIMEFORMAT= __lab_last=0
__lab_keep() {{
  local status=$? number line
  read -r number line < <(history 1)
  [ "${{number:-0}}" = "$__lab_last" ] || [ -z "$line" ] || [ $status = 130 ] ||
    printf '%s\\n' "$line" >>{desk.TYPED}
  __lab_last=${{number:-0}}
  return $status
}}
PROMPT_COMMAND=__lab_keep
"""


class Session:
    """What the commands on the node answer.

    Attributes:
        solved: True if the last check found every task solved.
    """

    def __init__(self, there: Scene, language: str) -> None:
        self.solved = False
        self._there = there
        self._lab = there.lab
        self._language = language
        self._node = there.node.node

    def answer(self, verb: str, words: Sequence[str], tell: Callable[[str], None]) -> int:
        """Answer one command; return its exit status."""
        verbs = {"tasks": self._tasks, "hint": self._hint, "answered": self._answered}
        asked = {**verbs, "check": self._check}.get(verb)
        if asked is None:  # the commands on the node do not ask that, but a student may
            return 2
        try:
            return asked(words, tell)
        except (CouldNotTest, DoesNotConform) as error:
            tell(f"{say('could not test', self._language)}: {error}")
            return COULD_NOT_TEST_STATUS

    def _tasks(self, _: Sequence[str], tell: Callable[[str], None]) -> int:
        taken = desk.kept(self._node).hints
        for line in story(self._there, self._language, taken).splitlines():
            tell(line)
        return 0

    def _hint(self, _: Sequence[str], tell: Callable[[str], None]) -> int:
        taken = desk.kept(self._node).hints
        if taken > len(self._lab.hints):
            tell(say("no hint", self._language))
            return 1
        hint = self._lab.hints[taken - 1]
        cost = points(hint.cost, self._language)
        paid = say("paid", self._language, points=cost) if hint.cost else ""
        notes = ", ".join(filter(None, (paid, price(self._lab, taken, self._language))))
        tell(f"{hint.text.in_language(self._language)}  ({notes})")
        return 0

    def _answered(self, words: Sequence[str], tell: Callable[[str], None]) -> int:
        tasks = [task.id for task in self._lab.tasks if task.answer]
        task = self._lab.task(words[0]) if words else None
        if task is None or task.answer is None:
            there = ", ".join(tasks) or say("none", self._language)
            key = "no question" if task else "no such task"
            tell(say(key, self._language, task=words[0] if words else "", tasks=there))
            return 2
        given = desk.kept(self._node).answers.get(task.id, "")
        right = facts.matches(task.answer, self._there.answers[task.id], given)
        tell(f"{task.id}: {say('right' if right else 'not right', self._language)}")
        return 0 if right else 1

    def _check(self, _: Sequence[str], tell: Callable[[str], None]) -> int:
        grade = self.grade()
        for line in table(self._lab, grade, self._language):
            tell(line)
        self.solved = grade.passed
        if grade.passed:
            tell(say("solved", self._language))
        return exit_status([grade], COULD_NOT_TEST_STATUS)

    def grade(self) -> Grade:
        """Grade the node as it is now, or the plugin on a fresh one."""
        kept = desk.kept(self._node)
        if self._lab.plugin:
            given = Submission(self._lab.plugin, self.plugin().encode())
            found = replay.once(self._lab, given, replay.SECONDS).marks
        else:
            found = marks(self._there, self._lab.tasks, kept.answers)
            found = veiled(found, self._secrets(found))
        hints = min(kept.hints, len(self._lab.hints))
        ordered = tuple(found[task.id] for task in self._lab.tasks)
        return Grade(self._lab.name, "", ordered, hints, self._lab.cost(hints))

    def _secrets(self, found: Mapping[str, Mark]) -> Iterator[str]:
        """Yield the values of the answers that the student has still to find."""
        for task, values in self._there.answers.items():
            if found[task].verdict is not Verdict.PASSED:
                yield from values

    def plugin(self) -> str:
        """Return the student's plugin as it is on the node."""
        return desk.read(self._node, desk.PLUGIN.format(name=self._lab.plugin))

    def typed(self) -> str:
        """Return what the student typed, as a submission; empty if nothing."""
        lines = desk.read(self._node, desk.TYPED).splitlines()
        if self._there.failure or not lines:
            return ""
        names = submission.names(self._there.node.topology(), PODS)
        return submission.typed(self._lab, lines, names)


def start(
    lab: Lab, language: str, directory: Path, tell: Callable[[str], None] = lambda _: None
) -> tuple[int, bool]:
    """Run a shell on a lab's node, and keep what the student made in a directory.

    Args:
        lab: the lab.
        language: language of the texts.
        directory: directory for the student's script or plugin.
        tell: function that shows progress, and where the student's work is kept.

    Returns:
        The shell's exit status, and whether the lab was solved.

    Raises:
        CouldNotTest: the node does not come up.
    """
    given = _given_plugin(lab, directory)
    with scene.built(lab, given, say=tell, attachable=True) as there:
        node = there.node.node
        desk.set_up(node)
        if lab.plugin:
            text = lab.starter.lstrip() if given is None else given.decode(errors="replace")
            desk.place(node, desk.PLUGIN.format(name=lab.plugin), text)
        session = Session(there, language)
        with _answering(session, *desk.open_pipes(node)):
            try:
                status = shell.run(
                    node,
                    name=there.node.id,
                    greeting=f"\n{story(there, language)}\n",
                    settings=_RECORD,
                )
            finally:  # also if the window was closed
                _keep(session, there, directory, language, tell)
    return status, session.solved


def _given_plugin(lab: Lab, directory: Path) -> bytes | None:
    """Return the plugin that the student left in the directory before."""
    file = directory / lab.plugin
    return file.read_bytes() if lab.plugin and file.is_file() else None


def _keep(
    session: Session, there: Scene, directory: Path, language: str, tell: Callable[[str], None]
) -> None:
    lab = there.lab
    if there.node.node.ended():
        return
    if lab.plugin:
        file, text, key = directory / lab.plugin, session.plugin(), "plugin kept"
    else:
        file, text, key = _free(directory, lab.name), session.typed(), "kept"
    if text:
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)
        tell(say(key, language, file=file.name, lab=lab.name))


def _free(directory: Path, name: str) -> Path:
    """Return a file that does not exist yet."""
    names = (f"{name}.sh", *(f"{name}-{number}.sh" for number in range(2, 1000)))
    return next(path for path in (directory / n for n in names) if not path.exists())


@contextmanager
def _answering(session: Session, ask: int, reply: int) -> Iterator[None]:
    """Answer the commands on the node, for the length of the block."""
    ended, end = os.pipe()
    thread = threading.Thread(target=_answer_all, args=(session, ask, reply, ended))
    thread.start()
    try:
        yield
    finally:
        os.close(end)
        thread.join()
        for descriptor in (ended, ask, reply):
            os.close(descriptor)


def _answer_all(session: Session, ask: int, reply: int, ended: int) -> None:
    """Answer until the other end of `ended` is closed."""
    asked = b""

    def tell(line: str) -> None:
        with suppress(BlockingIOError):  # nobody reads: the command was interrupted
            os.write(reply, f"{line}\n".encode())

    os.set_blocking(reply, False)
    while True:
        ready, _, _ = select.select([ask, ended], [], [])
        if ended in ready:
            return
        asked += os.read(ask, 4096)
        while b"\n" in asked:
            line, _, asked = asked.partition(b"\n")
            number, *words = line.decode(errors="replace").split() or ["0"]
            with suppress(BlockingIOError):  # what an interrupted command left unread
                os.read(reply, 1 << 16)
            tell(f"{desk.BEGIN}{number}")
            status = session.answer(words[0], words[1:], tell) if words else 2
            tell(f"{desk.END}{status}")
