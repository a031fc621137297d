"""The student's desk on the node: the commands `lab` and `answer`, and what they keep."""

import os
from dataclasses import dataclass
from pathlib import Path

from podpath.testing import CouldNotTest, Node

#: Directory of the commands on the node, and of what they keep there.
PROGRAMS = "/opt/podpath/bin"
PLACE = "/run/podpath/lab"
#: Pipes by which the commands reach podpath outside of the node; absent in a replay.
ASK, REPLY = f"{PLACE}/ask", f"{PLACE}/reply"
#: First characters of the first line of a reply, which repeats the question's number, and of the
#: last one, which has the exit status. What an interrupted command did not read comes before.
BEGIN, END = "\x02", "\x04"
#: Path of the student's plugin on the node.
PLUGIN = "/root/{name}"

_ANSWERS, _HINTS, TYPED = f"{PLACE}/answers", f"{PLACE}/hints", f"{PLACE}/typed"
_KEPT_BYTES = 1 << 16

_ANSWER = f"""\
#!/bin/sh
[ $# -ge 2 ] || {{ echo "usage: answer TASK VALUE..." >&2; exit 2; }}
task=$1
shift
printf '%s\\t%s\\n' "$task" "$*" | tr -d '\\r' >>{_ANSWERS}
[ ! -p {ASK} ] || exec {PROGRAMS}/lab answered "$task"
"""

# One question at a time; a reply ends with a line that has the exit status.
_LAB = f"""\
#!/bin/sh
begin=$(printf '\\002')$$ end=$(printf '\\004') heard=
case ${{1-}} in
answer) shift; exec {PROGRAMS}/answer "$@" ;;
tasks | hint | check | answered) ;;
*) echo "usage: lab tasks | lab hint | lab answer TASK VALUE... | lab check" >&2; exit 2 ;;
esac
[ "$1" != hint ] || echo hint >>{_HINTS}
[ -p {ASK} ] || exit 0
exec 9>{PLACE}/lock
flock 9
exec 3<>{REPLY}
printf '%s %s\\n' $$ "$*" >{ASK}
while IFS= read -r line <&3; do
  case $heard$line in
  "$begin") heard=: ;;
  ":$end"*) exit "${{line#"$end"}}" ;;
  :*) printf '%s\\n' "$line" ;;
  esac
done
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the commands kept on the node.

    Attributes:
        answers: task -> the last answer to it.
        hints: number of hints taken.
    """

    answers: dict[str, str]
    hints: int


def set_up(node: Node) -> None:
    """Put the commands on a node that no student has been on."""
    files = {f"{PROGRAMS}/lab": _LAB, f"{PROGRAMS}/answer": _ANSWER}
    for path in (PROGRAMS, PLACE):
        node.root(path).mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        place(node, path, text)


def place(node: Node, path: str, text: str, mode: int = 0o755) -> None:
    """Write a file on a node that no student has been on."""
    file = node.root(path)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def open_pipes(node: Node) -> tuple[int, int]:
    """Make the pipes of the commands, and open them: questions to read, replies to write.

    They are opened before a student can put anything else in their place.
    """
    for path in (ASK, REPLY):
        os.mkfifo(node.root(path))
    ask, reply = (Path(node.root(path)) for path in (ASK, REPLY))
    return os.open(ask, os.O_RDWR | os.O_CLOEXEC), os.open(reply, os.O_RDWR | os.O_CLOEXEC)


def kept(node: Node) -> Kept:
    """Read what the commands kept; a student may have written anything there."""
    answers: dict[str, str] = {}
    for line in read(node, _ANSWERS).splitlines():
        task, tab, value = line.partition("\t")
        if tab:
            answers[task] = value
    return Kept(answers, len(read(node, _HINTS).splitlines()))


def read(node: Node, path: str) -> str:
    """Return the beginning of a file that a student may have changed; empty without one.

    Raises:
        CouldNotTest: the node has ended.
    """
    try:
        with node.opened(path) as safe, safe.open("rb") as file:
            return file.read(_KEPT_BYTES).decode(errors="replace")
    except OSError:
        if ended := node.ended():
            raise CouldNotTest(ended) from None
        return ""
