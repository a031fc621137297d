"""One shell on a node: its program, environment, place, and end."""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from podpath.nodes.base import Node
from podpath.shell import plainly, provisions, terminal

#: Variables of the user that describe the terminal and the person at it. All others stay outside:
#: a proxy's, for example, would change the path of HTTP.
_KEPT = ("TERM", "COLORTERM", "NO_COLOR", "LANG", "LANGUAGE", "TZ", "EDITOR", "PAGER", "LESS")
_KEPT_PREFIX = "LC_"

# The shell belongs to the node: its cgroups limit it, too. A process enters them by itself, as the
# node's own cgroup file systems show nothing outside. A group of cgroup v2 that has controllers for
# its children takes no process; the limits of another hierarchy then hold alone.
_ENTER = """\
for procs in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do
    [ -w "$procs" ] && echo 0 >"$procs"
done 2>/dev/null
cd "$1" 2>/dev/null || cd
shift
exec "$@"
"""


def run(
    node: Node,
    command: str | None = None,
    *,
    name: str = "",
    greeting: str = "",
    settings: str = "",
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run a shell, or one command, on a node to its end.

    With a user at a terminal, it has a terminal of its own, with job control. Otherwise it has this
    process's stdin, stdout and stderr: it reads a script from stdin if there is no command.

    Args:
        node: node with namespaces of its own.
        command: command for bash; None for a shell that reads commands.
        name: name of the node, for the prompt.
        greeting: text to show before the first prompt. Nobody at a terminal, nothing is shown.
        settings: more settings of an interactive shell: bash's commands, such as aliases.
        environment: more environment variables, for the shell and all that it runs.

    Returns:
        The exit status of the shell or the command; 128 plus the number of the signal that ended
        it.

    Raises:
        CouldNotTest: the node does not take the shell.
    """
    provisions.place(node)
    variables = {
        **_of_user(),
        **(environment or {}),
        "PATH": provisions.path(),
        provisions.NAME: name,
        provisions.MORE: settings,
    }
    attended = terminal.is_attended()
    inside = ["sh", "-c", _ENTER, "sh", os.getcwd(), *_program(command, attended=attended)]
    with _ended_by_signals():
        if attended:
            if greeting and command is None:
                os.write(1, greeting.encode())
            status = terminal.run(node, inside, variables)
        else:
            status = plainly.run(node.entering(inside), variables)
    return status


def _program(command: str | None, *, attended: bool) -> Sequence[str]:
    if command is not None:
        return ["bash", "-c", command]
    return ["bash", "--rcfile", provisions.SETTINGS, "-i"] if attended else ["bash", "-s"]


def _of_user() -> dict[str, str]:
    """Return the environment that a shell gets of the user's own."""
    user = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIX)
    }
    return {"LANG": "C.UTF-8", **user, "HOME": "/root", "USER": "root", "LOGNAME": "root"}


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Leave the block in order when this process is told to end, so that nothing is left behind."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = {s: signal.signal(s, end) for s in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
