"""Run several commands at the same time, and print what each one printed when it has ended.

    python -m selftests.together "mypy" "pytest selftests/unit"

The exit status is 1 if a command failed. For commands that mostly wait, beside others that mostly
compute.
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
        output: what it printed, on stdout and stderr.
        seconds: time that it took.
    """

    command: str
    status: int
    output: str
    seconds: float


def run(command: str) -> Ended:
    """Run a command to its end."""
    began = time.monotonic()
    ended = subprocess.run(
        shlex.split(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return Ended(command, ended.returncode, ended.stdout, time.monotonic() - began)


def main(commands: Sequence[str]) -> int:
    """Run commands at the same time; return 1 if one failed, and 2 if there are none."""
    if not commands:
        sys.stderr.write("no command was given\n")
        return 2
    failed = []
    with ThreadPoolExecutor(len(commands)) as pool:
        for future in as_completed([pool.submit(run, command) for command in commands]):
            ended = future.result()
            sys.stdout.write(f"$ {ended.command}\n{ended.output}")
            sys.stdout.write(f"status {ended.status} after {ended.seconds:.0f} s\n\n")
            sys.stdout.flush()
            if ended.status:
                failed.append(ended.command)
    for command in failed:
        sys.stdout.write(f"FAILED: {command}\n")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
