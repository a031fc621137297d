"""`podpath completion`: completion of commands, options and ids in shells, by shtab."""

import argparse

from podpath.cli import output
from podpath.errors import CouldNotTest
from podpath.requirements import REQUIREMENTS

_PREAMBLE = {
    "bash": f'{output.IDS["bash"]}() {{ compgen -W "{" ".join(REQUIREMENTS)}" -- "$1"; }}',
    "zsh": f"{output.IDS['zsh']}() {{ compadd {' '.join(REQUIREMENTS)}; }}",
}


def add(commands: output.Commands, top: argparse.ArgumentParser) -> None:
    """Make the command known."""
    parser = commands.add_parser(
        "completion",
        help="write a shell's completion script",
        description='Write a completion script. In bash: eval "$(podpath completion bash)"',
    )
    parser.add_argument("shell", choices=list(_PREAMBLE))
    parser.set_defaults(run=lambda options: _run(options.shell, top))


def _run(shell: str, top: argparse.ArgumentParser) -> int:
    try:
        import shtab
    except ImportError:
        raise CouldNotTest(
            "the Python package shtab is missing", "pip install 'podpath[completion]'"
        ) from None
    output.write(shtab.complete(top, shell, preamble=_PREAMBLE[shell]))
    return 0
