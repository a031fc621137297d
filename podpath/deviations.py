"""Known deviations: what a plugin is known to do otherwise, with the reason. Data, in TOML."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from podpath import files
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
        document = tomllib.loads(files.read_text(path))
        declared = document.pop("deviation", [])
        if document:
            raise ValueError(f"unknown: {', '.join(map(repr, document))}")
        if not isinstance(declared, list):
            raise ValueError("each deviation must be a [[deviation]] of its own")
        found = tuple(_deviation(one) for one in declared)
    except RecursionError:
        raise CouldNotTest(f"the deviations file {path} is malformed: nested too deeply") from None
    except (OSError, ValueError) as error:
        raise CouldNotTest(f"the deviations file {path} is malformed: {error}") from None
    for one in found:
        if one.requirement not in REQUIREMENTS:
            raise CouldNotTest(f"{path} names the unknown requirement {one.requirement!r}")
    return found


def _deviation(declared: object) -> Deviation:
    if not isinstance(declared, dict) or not all(isinstance(v, str) for v in declared.values()):
        raise ValueError("each deviation must be a table of texts")
    keys = Deviation.__dataclass_fields__.keys()
    if declared.keys() != keys:
        raise ValueError(f"each deviation must have {', '.join(keys)}, and nothing else")
    return Deviation(**declared)


def applying(path: Path, origins: Mapping[str, str]) -> dict[str, Deviation]:
    """Requirement -> deviation, of those that are about these plugins (plugin -> origin)."""
    return {
        one.requirement: one
        for one in read(path)
        if one.plugin in origins and fnmatchcase(origins[one.plugin], one.origin)
    }
