"""Placeholders of templates, which a program replaces before a runtime reads the file. Pure."""

import re

_PLACEHOLDER = re.compile(
    r"\{\{.*?\}\}"  # Go, Jinja, Helm
    r"|\{%.*?%\}"
    r"|\$\{\w+\}|(?<=\")\$[A-Z_]{2,}"  # shells, envsubst
    r"|__[A-Z][A-Z0-9_]*?__"  # calico, aws
    r"|%[sdvq](?![A-Za-z0-9])"  # printf
    r"|(?<=\")<[A-Za-z][\w .-]*>(?=\")"
)


def reason(text: str) -> str:
    """Return why a text with a placeholder is not judged; empty if it has none."""
    match = _PLACEHOLDER.search(text)
    if not match:
        return ""
    line = text.count("\n", 0, match.start()) + 1
    return (
        f"it is a template, with the placeholder {match[0]} in line {line}: check the file that a"
        " program makes of it"
    )


def has(text: str) -> bool:
    """Return whether a text has a placeholder."""
    return _PLACEHOLDER.search(text) is not None
