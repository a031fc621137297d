"""Command `podpath shell`: a node with pods, and you on it."""

import argparse
import sys

from podpath.cli import node_options, output


def add(commands: output.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "shell",
        help="start a node with pods, and a shell on it; or join one that stands",
        description="Start a node with pods, and a shell on it. A second one joins the same node,"
        " which goes with its last shell, and leaves nothing. Exit status: that of the shell or of"
        " the command; 6 if podpath cannot start a node. Without a terminal on stdin, the shell"
        " reads a script from there.",
    )
    parser.add_argument("-c", dest="command", metavar="COMMAND", help="run this command, and end")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--join", metavar="NAME", help="join this node, if several stand; the prompt names them"
    )
    which.add_argument(
        "--new", action="store_true", help="start a node of its own, even if one stands"
    )
    node_options.add(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from podpath.shell import entry

    with (
        node_options.patience(options),
        entry.opened(node_options.read(options), _say, join=options.join, new=options.new) as node,
    ):
        return entry.run(node, options.command)


def _say(message: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"podpath: {message}\n")
