"""The code blocks of a Markdown page, with what a comment before each says of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from selftests.suite import ROOT

#: The pages with examples; what is generated has none.
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])

_MARK = re.compile(r"<!-- example: (.*?) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: where it is, its language, its text, and the comment's MARK.

    The comment is `<!-- example: MARK -->`, right before the block.
    """

    where: str
    language: str
    text: str
    mark: str


def read(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    mark = ""
    for token in MarkdownIt().parse(page.read_text()):
        if token.type == "fence":
            line = token.map[0] + 1 if token.map else 0
            yield Block(f"{page.relative_to(ROOT)}:{line}", token.info, token.content, mark)
        found = _MARK.match(token.content) if token.type == "html_block" else None
        mark = found[1] if found else ""


def of_language(*languages: str) -> list[Block]:
    """Those of all pages that are in one of these languages."""
    return [b for page in PAGES for b in read(page) if b.language in languages]
