"""How commands write: texts for people, JSON for machines."""

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Mapping
from typing import Any

#: What add_subparsers gives; argparse has no public name for it.
Commands = Any


def json_option(parser: argparse._ActionsContainer) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="write JSON, for machines")


def kind_name(text: str) -> str:
    """Return the name of a kind of node, as --node takes it. Raises ArgumentTypeError."""
    from podpath.nodes import kinds

    if sentence := kinds.unknown(text):
        raise argparse.ArgumentTypeError(sentence)
    return text


def write(text: str) -> None:
    """A text, with the end of its line."""
    sys.stdout.write(f"{text}\n")


def write_json(document: Mapping[str, Any]) -> None:
    """A JSON document."""
    write(json.dumps(document, indent=1, ensure_ascii=False))


def hanging(head: str, text: str, width: int) -> str:
    """A head, and beside it a text, wrapped to the terminal. width: of the heads' column."""
    columns = max(shutil.get_terminal_size((100, 24)).columns, width + 30)
    indent = " " * (width + 2)
    return textwrap.fill(
        text, columns, initial_indent=f"{head:<{width}}  ", subsequent_indent=indent
    )
