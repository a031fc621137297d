"""The console command `podpath`: what is not a test run.

Exit status: 0; 1 for the finding that a command is asked about, such as a report that was edited;
2 for wrong usage; 6 where podpath cannot do what it is asked to.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence

from podpath import __version__
from podpath.cli import clean, doctor, report, requirements
from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest

_EPILOG = "The tests are run by pytest: pytest --pyargs podpath.tests --help"
#: As a shell tells of SIGINT and SIGPIPE.
_INTERRUPTED, _PIPE_CLOSED = 130, 141


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        prog="podpath", description="What there is around podpath's test runs.", epilog=_EPILOG
    )
    top.add_argument("--version", action="version", version=f"podpath {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for command in (requirements, doctor, report, clean):
        command.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. Returns the exit status."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may not have every letter
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except CouldNotTest as error:
        sys.stderr.write(f"podpath: {error}\n")
        return COULD_NOT_TEST_STATUS
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return status
