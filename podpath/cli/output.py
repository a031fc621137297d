"""Output of commands: texts for people, JSON for machines."""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from podpath.model.language import LANGUAGES, choose, padded, wrapped

#: Style of a line -> its codes (ECMA-48, Select Graphic Rendition).
_STYLES = {"red": "1;31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1"}

#: Result of add_subparsers; argparse has no public name for its type.
Commands = Any


def json_option(parser: argparse._ActionsContainer) -> None:
    """Add the option --json."""
    parser.add_argument("--json", action="store_true", help="write JSON, for machines")


def needs_command(parser: argparse.ArgumentParser) -> None:
    """Let a parser without its subcommand print its help, as for wrong usage."""

    def show(_: argparse.Namespace) -> int:
        parser.print_help(sys.stderr)
        return 2

    parser.set_defaults(run=show)


def language_option(parser: argparse._ActionsContainer) -> None:
    """Add the option --lang, which a command and its subcommands may both have."""
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        default=argparse.SUPPRESS,
        help="language of the texts (default: that of the locale, else English)",
    )


def language(options: argparse.Namespace) -> str:
    """Return the language of what the command prints."""
    return choose(getattr(options, "lang", None), os.environ)


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


def write_styled(text: str, style: str) -> None:
    """Write a line with a style of podpath.report.findings, which a file does not show."""
    code = _STYLES.get(style, "")
    coloured = code and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    write(f"\033[{code}m{text}\033[0m" if coloured else text)


def write_json(document: Mapping[str, Any]) -> None:
    """Write a JSON document."""
    write(json.dumps(document, indent=1, ensure_ascii=False))


def hanging(head: str, text: str, width: int) -> str:
    """Format a head with a text beside it, wrapped to the terminal.

    Args:
        head: text of the first column.
        text: text of the second column.
        width: width of the first column in columns of the terminal.
    """
    columns = max(shutil.get_terminal_size((100, 24)).columns, width + 30)
    return wrapped(text, columns, f"{padded(head, width)}  ", " " * (width + 2))
