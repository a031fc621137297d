"""Known deviations: what a plugin is known to do otherwise, with the reason. Data, in TOML."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest
from podpath.requirements import REQUIREMENTS
from podpath.system import files

SHIPPED = Path(__file__).with_name("deviations.toml")

_NEEDED = ("requirement", "plugin", "origin", "reason", "source")
_LISTS = ("cases", "settings")


@dataclass(frozen=True, slots=True)
class Deviation:
    """One requirement that one plugin, or each of several, is known not to meet.

    Attributes:
        requirement: The id of the requirement.
        plugin: A pattern for the plugin's type.
        origin: A pattern for the package and version of the plugin's binary, or for its checksum.
        reason: Why the plugin does not meet the requirement.
        source: Where the deviation is described.
        cases: Patterns for the parameters of the tests in which it occurs, as pytest has them in
            brackets; all tests if empty.
        settings: Keys of the plugin's section of the conflist that must be on for it to occur, or,
            behind "!", must not be on.
    """

    requirement: str
    plugin: str
    origin: str
    reason: str
    source: str
    cases: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    def is_about(self, plugin: str, origin: str) -> bool:
        """Whether it is one of a plugin that comes from there."""
        return fnmatchcase(plugin, self.plugin) and fnmatchcase(origin, self.origin)

    def occurs_with(self, section: Mapping[str, Any]) -> bool:
        """Whether it occurs in a plugin that is configured so."""
        return all(
            (section.get(key.removeprefix("!")) is True) != key.startswith("!")
            for key in self.settings
        )

    def occurs_in(self, plugins: Iterable[str], case: str) -> bool:
        """Whether it is expected in a test of these plugins, with these parameters."""
        there = not self.cases or any(fnmatchcase(case, one) for one in self.cases)
        return there and self.plugin in plugins


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
    if not isinstance(declared, dict):
        raise ValueError("each deviation must be a table")
    known = Deviation.__dataclass_fields__.keys()
    if not set(_NEEDED) <= declared.keys() <= known:
        more = ", ".join(k for k in known if k not in _NEEDED)
        raise ValueError(f"each deviation must have {', '.join(_NEEDED)}, and may have {more}")
    lists = {key: _texts(key, declared.get(key, [])) for key in _LISTS}
    texts = {k: v for k, v in declared.items() if k not in lists}
    if not all(isinstance(v, str) for v in texts.values()):
        raise ValueError(f"a deviation is made of texts, but for {' and '.join(_LISTS)}")
    values: dict[str, Any] = texts | lists
    return Deviation(**values)


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ValueError(f'"{key}" must be a list of texts')
    return tuple(value)


def applying(
    path: Path, origins: Mapping[str, str], sections: Iterable[Mapping[str, Any]] = ()
) -> tuple[Deviation, ...]:
    """Those that are about these plugins (plugin -> origin), each of one. Raises CouldNotTest.

    sections: the plugins' sections of the conflist.
    """
    configured = {section.get("type"): section for section in sections}
    return tuple(
        replace(one, plugin=plugin)
        for one in read(path)
        for plugin, origin in origins.items()
        if one.is_about(plugin, origin) and one.occurs_with(configured.get(plugin, {}))
    )
