"""Labs that this user has solved: one empty file for each, in the user's state directory."""

import os
from contextlib import suppress
from pathlib import Path


def _directory() -> Path:
    """Return the directory, which the XDG Base Directory Specification places."""
    base = os.environ.get("XDG_STATE_HOME", "")
    state = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    return state / "podpath" / "labs"


def names() -> frozenset[str]:
    """Return the names of the labs that were solved."""
    with suppress(OSError):
        return frozenset(entry.name for entry in _directory().iterdir())
    return frozenset()


def add(name: str) -> None:
    """Note that a lab was solved. A directory that cannot be written is no error."""
    with suppress(OSError):
        _directory().mkdir(parents=True, exist_ok=True)
        (_directory() / name).touch()
