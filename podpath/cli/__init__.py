"""Console command `podpath`: everything besides test runs.

Exit status: 0 for success; 1 for the finding that a command looks for, for example an edited
report; 2 for wrong usage; 6 if podpath cannot do its work.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence

from podpath import __version__
from podpath.cli import check, clean, doctor, fleet, lab, output, report, requirements, shell, trace
from podpath.cli.parsing import Parser
from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest, DoesNotConform
from podpath.model.translation import translated

_EPILOG = "The tests are run by pytest: pytest --pyargs podpath.tests --help"
#: Exit statuses with which a shell reports SIGINT and SIGPIPE.
_INTERRUPTED, _PIPE_CLOSED = 130, 141


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands and their options."""
    top = Parser(prog="podpath", description="Commands beside podpath's test runs.", epilog=_EPILOG)
    top.add_argument("--version", action="version", version=f"podpath {__version__}")
    commands = top.add_subparsers(metavar="COMMAND")
    output.needs_command(top)
    for command in (requirements, doctor, check, shell, trace, lab, report, clean, fleet):
        command.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status.

    Args:
        arguments: command line without the program's name; None for that of the process.
    """
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack some letters
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except CouldNotTest as error:
        sys.stderr.write(f"podpath: {translated(str(error), output.language(options))}\n")
        return COULD_NOT_TEST_STATUS
    except DoesNotConform as error:
        sys.stderr.write(f"podpath: {error}\n")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reader, for example head, closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return status
