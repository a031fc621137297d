"""Run a program with this process's own stdin, stdout and stderr."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

_REMINDER_SECONDS = 1.0


def run(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    stderr: int | None = None,
    reminder: signal.Signals | None = None,
) -> int:
    """Run a program to its end.

    Ctrl-C is for the program, which has it from the terminal, too.

    Args:
        command: program and its arguments.
        environment: its environment; None for this process's.
        stderr: descriptor of its stderr; None for this process's.
        reminder: a signal that the program gets every second, as it may miss one; None for none.

    Returns:
        The exit status; 128 plus the number of the signal that ended it.
    """
    process = subprocess.Popen(command, env=environment, stderr=stderr)
    while True:
        with suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
            status = process.wait(_REMINDER_SECONDS if reminder else None)
            return 128 - status if status < 0 else status
        if reminder:
            process.send_signal(reminder)
