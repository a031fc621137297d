"""See that -k selects no test before a cluster is started: its conflist gives tests their names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from podpath.plugin import shared
from podpath.testing import marks

if TYPE_CHECKING:
    import pytest

#: An identifier of -k: pytest's own scanner takes these characters (_pytest.mark.expression).
_IDENTIFIER = re.compile(r"[\w:+\-.\[\]/\\]+")
_OPERATORS = frozenset({"and", "or"})
_NOT = "not"


def sentence(config: pytest.Config) -> str:
    """Return why -k selects no test of the suite; empty if it may select some.

    Names of tests and of their parameters stand in these files; those of plugins that podpath does
    not know, in the manifests of the network.
    """
    keyword = str(config.option.keyword or "")
    if not keyword:
        return ""
    package = Path(marks.__file__).parents[1]
    directories = (shared.tests(), package / "testing", package / "contract", package / "cni")
    files = [file for directory in directories for file in directory.glob("*.py")]
    texts = [str(shared.tests()), *(file.read_text(encoding="utf-8") for file in files)]
    manifests = (path for path in shared.kind(config).described_by if path.is_file())
    texts += [path.read_text(errors="replace") for path in manifests]
    unknown = unmatched(keyword, "\n".join(texts))
    return f"no test has {' or '.join(unknown)} in its name, which -k requires" if unknown else ""


def unmatched(expression: str, text: str) -> list[str]:
    """Return the identifiers of an expression if none occurs in a text, else none. Pure.

    With "not" they may select tests by what they do not have.
    """
    identifiers = [word for word in _IDENTIFIER.findall(expression) if word not in _OPERATORS]
    if _NOT in identifiers or any(word.lower() in text.lower() for word in identifiers):
        return []
    return identifiers
