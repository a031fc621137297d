"""Command `podpath shell`: a node with pods, and you on it."""

import argparse
import sys
from functools import partial

from podpath.cli import node_options, output
from podpath.errors import DoesNotConform
from podpath.nodes import kinds

_ANOTHER_NODE = (
    "a shell is on a node that podpath starts. On a {0} node, use your own shell, and"
    " `podpath trace --node {0} NAMESPACE/POD NAMESPACE/POD`"
)
_WITHOUT_PODS = "`podpath shell --without-pods` gives you a shell on such a node"


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
    parser.add_argument(
        "--without-pods",
        action="store_true",
        help="start a node without pods, to look at a plugin that makes none",
    )
    parser.add_argument("--node", help=argparse.SUPPRESS)  # as trace and doctor have it
    node_options.add(parser)
    parser.set_defaults(run=partial(_run, parser))


def _run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    from podpath.shell import entry

    if options.node not in (None, kinds.DEFAULT):
        parser.error(_ANOTHER_NODE.format(options.node))

    started = entry.opened(
        node_options.read(options),
        _say,
        join=options.join,
        new=options.new or options.without_pods,
        pods=() if options.without_pods else entry.PODS,
    )
    try:
        with node_options.patience(options), started as node:
            return entry.run(node, options.command)
    except DoesNotConform as error:
        raise DoesNotConform(f"{error}\n{_WITHOUT_PODS}") from None


def _say(message: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"podpath: {message}\n")
