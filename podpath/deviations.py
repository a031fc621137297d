"""Known deviations: what a plugin is known to do otherwise, with the reason. Data, in TOML."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.requirements import REQUIREMENTS

SHIPPED = Path(__file__).with_name("deviations.toml")


@dataclass(frozen=True, slots=True)
class Deviation:
    """One requirement that one plugin is known not to meet.

    origin: pattern for where its binary is from, as preflight.origin tells it; source: where
    the deviation is described.
    """

    requirement: str
    plugin: str
    origin: str
    reason: str
    source: str


def read(path: Path) -> tuple[Deviation, ...]:
    """The deviations that a file declares. Raises CouldNotTest if it is malformed."""
    try:
        document = tomllib.loads(path.read_text())
        found = tuple(_deviation(one) for one in document.pop("deviation", []))
        if document:
            raise ValueError(f"unknown: {', '.join(document)}")
    except (OSError, ValueError, TypeError) as error:
        raise CouldNotTest(f"the deviations file {path} is malformed: {error}") from None
    for one in found:
        if one.requirement not in REQUIREMENTS:
            raise CouldNotTest(f"{path} names the unknown requirement {one.requirement}")
    return found


def _deviation(declared: object) -> Deviation:
    if not isinstance(declared, dict) or not all(isinstance(v, str) for v in declared.values()):
        raise TypeError("each deviation must be a table of texts")
    return Deviation(**declared)


def applying(path: Path, origins: Mapping[str, str]) -> dict[str, Deviation]:
    """Requirement -> deviation, of those that are about these plugins (plugin -> origin)."""
    return {
        one.requirement: one
        for one in read(path)
        if one.plugin in origins and fnmatchcase(origins[one.plugin], one.origin)
    }
