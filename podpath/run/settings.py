"""The table [tool.podpath] of a pyproject.toml."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest
from podpath.requirements import Requirement, reading
from podpath.system import files

#: The keys that describe whose plugin is tested; contact may be a list of texts.
IMPLEMENTATION = ("organisation", "project", "version", "url", "contact")
#: The key that names the file of a vendor's own requirements, relative to the pyproject.toml.
REQUIREMENTS = "requirements"

_FILE = "pyproject.toml"
_KEYS = (*IMPLEMENTATION, REQUIREMENTS)


def implementation(directory: Path) -> dict[str, Any]:
    """Read whose plugin is tested, for a run in a directory. Raises CouldNotTest."""
    _, table = _nearest(directory)
    return {key: value for key, value in table.items() if key in IMPLEMENTATION}


def requirements_file(directories: Iterable[Path]) -> Path | None:
    """Find the file of the vendor's own requirements, for a run in the first of the directories.

    Raises CouldNotTest if a pyproject.toml is malformed.
    """
    for directory in directories:
        path, table = _nearest(directory)
        if REQUIREMENTS in table:
            return path.parent / str(table[REQUIREMENTS])
    return None


def requirements(path: Path) -> dict[str, Requirement]:
    """Read a vendor's own requirements, by their ids.

    Raises ValueError, with the file and what is wrong in it.
    """
    try:
        return reading.parse(tomllib.loads(files.read_text(path)))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: {error}") from None


def _nearest(directory: Path) -> tuple[Path, Mapping[str, Any]]:
    """The pyproject.toml of a directory, or else of the nearest one above, and its table."""
    above = (folder / _FILE for folder in (directory, *directory.parents))
    path = next((p for p in above if p.is_file()), None)
    if path is None:
        return directory / _FILE, {}
    try:
        tables = tomllib.loads(files.read_text(path))
    except (OSError, ValueError) as error:
        raise CouldNotTest(f"{path} cannot be read: {error}", "Correct it") from None
    tool = tables.get("tool", {})
    table = tool.get("podpath", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise CouldNotTest(f"podpath of [tool] in {path} is no table", "Write [tool.podpath]")
    for key, value in table.items():
        _check(key, value, path)
    return path, table


def _check(key: str, value: object, path: Path) -> None:
    texts = value if key == "contact" and isinstance(value, list) else [value]
    if key not in _KEYS or not all(isinstance(text, str) for text in texts):
        raise CouldNotTest(
            f"{key} = {value!r} of [tool.podpath] in {path} is not understood",
            f"It may have these keys, with texts: {', '.join(_KEYS)}",
        )
