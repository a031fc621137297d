"""Run a program with this process's own stdin, stdout and stderr."""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress


def run(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    stderr: int | None = None,
) -> int:
    """Run a program to its end.

    Ctrl-C is for the program, which has it from the terminal, too.

    Args:
        command: program and its arguments.
        environment: its environment; None for this process's.
        stderr: descriptor of its stderr; None for this process's.

    Returns:
        The exit status; 128 plus the number of the signal that ended it.
    """
    process = subprocess.Popen(command, env=environment, stderr=stderr)
    while True:
        with suppress(KeyboardInterrupt):
            status = process.wait()
            return 128 - status if status < 0 else status
