"""Run several commands at the same time.

    python -m selftests.together "pytest selftests/unit" "mypy"

The output of the first command appears as it comes, and that of each other one once both have
ended. The exit status is 1 if a command failed. For commands that mostly wait, beside others that
mostly compute.
"""

import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ended:
    """End of a command.

    Attributes:
        command: the command, as it was given.
        status: its exit status; negative if a signal ended it.
        output: what it printed, on stdout and stderr; empty if that went to this process' own.
        seconds: time that it took.
    """

    command: str
    status: int
    output: str
    seconds: float


def run(command: str, *, visible: bool = False) -> Ended:
    """Run a command to its end.

    Args:
        command: the command.
        visible: whether its output goes to that of this process.
    """
    began = time.monotonic()
    ended = subprocess.run(
        shlex.split(command),
        stdin=subprocess.DEVNULL,
        stdout=None if visible else subprocess.PIPE,
        stderr=None if visible else subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return Ended(command, ended.returncode, ended.stdout or "", time.monotonic() - began)


def main(commands: Sequence[str]) -> int:
    """Run commands at the same time; return 1 if one failed, and 2 if there are none."""
    if not commands:
        sys.stderr.write("no command was given\n")
        return 2
    with ThreadPoolExecutor(len(commands)) as pool:
        shown = pool.submit(run, commands[0], visible=True)
        others = [pool.submit(run, command) for command in commands[1:]]
        for future in (shown, *as_completed(others)):
            ended = future.result()
            sys.stdout.write(f"$ {ended.command}\n{ended.output}")
            sys.stdout.write(f"status {ended.status} after {ended.seconds:.0f} s\n\n")
            sys.stdout.flush()
        failed = [future.result().command for future in (shown, *others) if future.result().status]
    for command in failed:
        sys.stdout.write(f"FAILED: {command}\n")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
