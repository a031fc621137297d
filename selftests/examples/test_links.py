"""Links of the pages beside docs/, which are no part of the site, lead somewhere.

Those of docs/ are checked when the site is made: tox -e docs.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from selftests.suite import ROOT


def _tokens(page: Path) -> list[Token]:
    return MarkdownIt().parse(page.read_text())


def _links(page: Path) -> Iterator[tuple[str, str]]:
    """(path, anchor) of each link within the repository."""
    for token in (t for block in _tokens(page) for t in block.children or ()):
        target = str(token.attrGet("href") or "")
        if target and ":" not in target:
            path, _, anchor = target.partition("#")
            yield path, anchor


def _anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    tokens = _tokens(page)
    titles = (after.content for t, after in pairwise(tokens) if _opens(t))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _opens(token: Token) -> bool:
    return token.type == "heading_open"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name: str) -> None:
    """To a file that is there, and to one of its headings."""
    links = list(_links(ROOT / name))
    lost = [
        f"{path}#{anchor}"
        for path, anchor in links
        if not (ROOT / path).exists() or (anchor and anchor not in _anchors(ROOT / path))
    ]

    assert links
    assert lost == []
