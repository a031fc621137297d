"""Output of commands: texts for people, JSON for machines."""

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Mapping
from typing import Any

#: Result of add_subparsers; argparse has no public name for its type.
Commands = Any


def json_option(parser: argparse._ActionsContainer) -> None:
    """Add the option --json."""
    parser.add_argument("--json", action="store_true", help="write JSON, for machines")


def kind_name(text: str) -> str:
    """Return the name of a kind of node, as --node takes it.

    Raises:
        argparse.ArgumentTypeError: no kind of node has that name.
    """
    from podpath.nodes import kinds

    if sentence := kinds.unknown(text):
        raise argparse.ArgumentTypeError(sentence)
    return text


def write(text: str) -> None:
    """Write a text and a line end."""
    sys.stdout.write(f"{text}\n")


def write_json(document: Mapping[str, Any]) -> None:
    """Write a JSON document."""
    write(json.dumps(document, indent=1, ensure_ascii=False))


def hanging(head: str, text: str, width: int) -> str:
    """Format a head with a text beside it, wrapped to the terminal.

    Args:
        head: text of the first column.
        text: text of the second column.
        width: width of the first column in characters.
    """
    columns = max(shutil.get_terminal_size((100, 24)).columns, width + 30)
    indent = " " * (width + 2)
    return textwrap.fill(
        text, columns, initial_indent=f"{head:<{width}}  ", subsequent_indent=indent
    )
