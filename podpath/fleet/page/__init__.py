"""The report of a fleet as one HTML page without scripts, network or other files.

Texts of plugins and names of nodes may be anything: Jinja escapes them all.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podpath.fleet import document as documents
from podpath.fleet import store, text
from podpath.report.page import template

NAME = "index.html"
_HERE = Path(__file__).parent


def save(directory: Path, document: Mapping[str, Any]) -> None:
    """Write the page beside a fleet's report.

    Raises:
        CouldNotTest: it cannot be written.
    """
    store.write(directory / NAME, render(document).encode())


def render(document: Mapping[str, Any]) -> str:
    """Render the page of a fleet's report."""
    return str(
        template(_HERE).render(
            fleet=document,
            style=(_HERE / "page.css").read_text(encoding="utf-8"),
            groups=documents.groups(document),
            disagreements=documents.disagreements(document),
            last_line=text.verdict(document),
            words=text.words(document),
            counts=text.counts(document),
            slug=lambda verdict: verdict.replace(" ", "-"),
        )
    )
