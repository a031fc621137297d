"""Check the prose of README and docs: proselint's rules, and those of words.toml.

python docs/prose/check.py [FILES]    print what reads badly, a line each; exit with 1 if anything
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from proselint.config import DEFAULT
from proselint.registry import CheckRegistry
from proselint.registry.checks import Check, CheckResult
from proselint.registry.checks.types import Existence
from proselint.tools import LintFile

_ROOT = Path(__file__).parent.parent.parent
_RULES = Path(__file__).parent / "words.toml"
#: Prefix of the paths of podpath's own checks.
_OWN = "podpath"
#: proselint's checks that podpath's pages do not follow, each with the reason in words.toml.
_MOST_WORDS = 40
#: A sentence, as far as punctuation shows it.
_SENTENCE = re.compile(r"[^.!?]+(?:[.!?](?!\s)[^.!?]*)*[.!?:]?")
_QUESTION_WORDS = re.compile(r"\s*(What|Whether|Who|How)\b")


def pages() -> list[Path]:
    """Return the pages that people write: those that programs write are left out."""
    docs = _ROOT / "docs"
    found = [*_ROOT.glob("*.md"), *docs.rglob("*.md")]
    return sorted(p for p in found if "_build" not in p.parts and ".zh." not in p.name)


def prose(text: str) -> str:
    """Return the prose of a Markdown text, each part on the line that it has there.

    Code, links' targets and HTML are left out. A heading, a cell and a list's item is a paragraph.
    """
    lines = [""] * (text.count("\n") + 2)
    for token in MarkdownIt().enable("table").parse(text):
        if token.type == "inline" and token.map:
            for number, part in enumerate(_words(token).split("\n"), token.map[0]):
                lines[number] += f" {part}"
    return "\n".join(lines)


def _words(token: Token) -> str:
    parts = {"softbreak": "\n", "hardbreak": "\n", "code_inline": "CODE"}
    inner = token.children or []
    return "".join(parts.get(t.type, t.content if t.type == "text" else "") for t in inner)
