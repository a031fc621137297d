"""Known deviations of plugins, with the reasons, as data in TOML."""

import tomllib
from collections.abc import Collection, Iterable, Mapping
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
    """One requirement that a plugin, or several, are known not to meet.

    Attributes:
        requirement: id of the requirement.
        plugin: pattern for the plugin's type.
        origin: pattern for the package and version of the plugin's binary, or its checksum.
        reason: why the plugin does not meet the requirement.
        source: where the deviation is described.
        cases: patterns for the parameters of the tests in which it occurs, as pytest shows them in
            brackets; empty for all tests.
        settings: keys of the plugin's section of the conflist that must be on for it to occur; a
            key
            behind "!" must not be on.
    """

    requirement: str
    plugin: str
    origin: str
    reason: str
    source: str
    cases: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    def is_about(self, plugin: str, origin: str) -> bool:
        """Return whether the deviation belongs to a plugin of this origin."""
        return fnmatchcase(plugin, self.plugin) and fnmatchcase(origin, self.origin)

    def occurs_with(self, section: Mapping[str, Any]) -> bool:
        """Return whether the deviation occurs in a plugin with this section of a conflist."""
        return all(
            (section.get(key.removeprefix("!")) is True) != key.startswith("!")
            for key in self.settings
        )

    def occurs_in(self, plugins: Iterable[str], case: str) -> bool:
        """Return whether the deviation is expected in a test.

        Args:
            plugins: types of the plugins that the test covers.
            case: parameters of the test, as pytest shows them in brackets.
        """
        in_case = not self.cases or any(fnmatchcase(case, pattern) for pattern in self.cases)
        return in_case and self.plugin in plugins


def read(path: Path, own: Collection[str] = ()) -> tuple[Deviation, ...]:
    """Read the deviations that a file declares.

    Args:
        path: file of deviations.
        own: ids of the vendor's own requirements.

    Raises:
        CouldNotTest: the file is malformed, or names an unknown requirement.
    """
    try:
        document = tomllib.loads(files.read_text(path))
        tables = document.pop("deviation", [])
        if document:
            raise ValueError(f"unknown: {', '.join(map(repr, document))}")
        if not isinstance(tables, list):
            raise ValueError("each deviation must be a [[deviation]] of its own")
        deviations = tuple(_deviation(table) for table in tables)
    except RecursionError:
        raise CouldNotTest(f"the deviations file {path} is malformed: nested too deeply") from None
    except (OSError, ValueError) as error:
        raise CouldNotTest(f"the deviations file {path} is malformed: {error}") from None
    for deviation in deviations:
        if deviation.requirement not in REQUIREMENTS and deviation.requirement not in own:
            raise CouldNotTest(f"{path} names the unknown requirement {deviation.requirement!r}")
    return deviations


def _deviation(table: object) -> Deviation:
    if not isinstance(table, dict):
        raise ValueError("each deviation must be a table")
    known = Deviation.__dataclass_fields__.keys()
    if not set(_NEEDED) <= table.keys() <= known:
        more = ", ".join(k for k in known if k not in _NEEDED)
        raise ValueError(f"each deviation must have {', '.join(_NEEDED)}, and may have {more}")
    lists = {key: _texts(key, table.get(key, [])) for key in _LISTS}
    texts = {k: v for k, v in table.items() if k not in lists}
    if not all(isinstance(v, str) for v in texts.values()):
        raise ValueError(f"a deviation is made of texts, but for {' and '.join(_LISTS)}")
    values: dict[str, Any] = texts | lists
    return Deviation(**values)


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ValueError(f'"{key}" must be a list of texts')
    return tuple(value)


def applying(
    path: Path,
    origins: Mapping[str, str],
    sections: Iterable[Mapping[str, Any]] = (),
    own: Collection[str] = (),
) -> tuple[Deviation, ...]:
    """Read the deviations that apply to these plugins.

    Args:
        path: file of deviations.
        origins: type of a plugin -> origin of its binary.
        sections: the plugins' sections of the conflist.
        own: ids of the vendor's own requirements.

    Returns:
        Deviations with the type of one plugin each, in place of the pattern.

    Raises:
        CouldNotTest: the file is malformed, or names an unknown requirement.
    """
    configured = {section.get("type"): section for section in sections}
    return tuple(
        replace(deviation, plugin=plugin)
        for deviation in read(path, own)
        for plugin, origin in origins.items()
        if deviation.is_about(plugin, origin) and deviation.occurs_with(configured.get(plugin, {}))
    )
