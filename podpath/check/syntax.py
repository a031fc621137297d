"""Mistakes in JSON itself, with what to change. Pure."""

from podpath.check.findings import Finding, Level
from podpath.cni.document import NotJson

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


def mistake(text: str, error: NotJson) -> Finding:
    """Return the finding for a text that is not JSON."""
    return Finding(Level.WRONG, f"not JSON: {error.reason}", _remedy(text, error), error.line)


def _remedy(text: str, error: NotJson) -> str:
    """Return what to change at the place of a mistake; empty if that is not known."""
    lines = text.split("\n")
    line = lines[error.line - 1] if error.line else ""
    here = line[error.column - 1 :]
    before = "\n".join([*lines[: error.line - 1], line[: error.column - 1]]).rstrip()
    if text.startswith(_BOM):
        return "Save the file without a byte order mark"
    if here.startswith(("//", "#", "/*")):
        return "JSON has no comments: remove it"
    if (before.endswith(",") and here[:1] in ("]", "}", ",")) or here.startswith((",]", ",}")):
        return "Remove the comma before the bracket"
    if here.startswith("'"):
        return 'Write texts between " and "'
    if here.startswith(('"', "{", "[")) and before.endswith(("]", "}", '"', "e", "l")):
        return "Write a comma before it"
    return ""
