"""Known deviations of plugins, with the reasons, as data in TOML."""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from podpath.cni.code import SKEL, Origin
from podpath.errors import CouldNotTest
from podpath.requirements import REQUIREMENTS
from podpath.system import files

SHIPPED = Path(__file__).with_name("deviations.toml")

_NEEDED = ("requirement", "plugin", "reason", "source")
#: A deviation has one of them.
_SUBJECTS = ("origin", "code")
_LISTS = ("cases", "settings", "versions")


@dataclass(frozen=True, slots=True)
class Deviation:
    """One requirement that a plugin, or several, are known not to meet.

    Attributes:
        requirement: id of the requirement.
        plugin: pattern for the plugin's type; with `code`, for the plugin of that project.
        reason: why the plugin does not meet the requirement.
        source: where the deviation is described.
        origin: pattern for the package and version of the plugin's binary, or its checksum.
        code: project whose code has the deviation, in whatever program it is.
        versions: patterns for the versions of the code; empty for all versions. A program that
            does not say its version may have any of them.
        cases: patterns for the parameters of the tests in which it occurs, as pytest shows them in
            brackets; empty for all tests.
        settings: keys of the plugin's section of the conflist that must be on for it to occur; a
            key behind "!" must not be on.
        says: text that the failure must contain; otherwise it is another one, which is unknown.
            Empty for any failure of these cases.
        shipped: true if podpath declares it, false if the user does. A user's deviation that does
            not occur is an error of the declaration.
    """

    requirement: str
    plugin: str
    reason: str
    source: str
    origin: str = ""
    code: str = ""
    versions: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    says: str = ""
    shipped: bool = False

    def is_about(self, plugin: str, origin: Origin) -> bool:
        """Return whether the deviation belongs to a plugin of this type and origin."""
        if self.code:
            return any(
                part.project == self.code
                and fnmatchcase(part.plugin, self.plugin)
                and self._has_version(part.version)
                for part in origin.codes
            )
        matches = any(fnmatchcase(text, self.origin) for text in origin.texts)
        return matches and fnmatchcase(plugin, self.plugin)

    def _has_version(self, version: str) -> bool:
        patterns = self.versions if version else ()
        return not patterns or any(fnmatchcase(version, pattern) for pattern in patterns)

    def occurs_with(self, section: Mapping[str, Any], *, complete: bool = True) -> bool:
        """Return whether the deviation occurs in a plugin with this section of a conflist.

        Args:
            section: the plugin's configuration.
            complete: false if another plugin adds keys to it; a missing key may then be on or off.
        """
        return all(
            _is_on(section.get(key.removeprefix("!"))) != key.startswith("!")
            for key in self.settings
            if complete or key.removeprefix("!") in section
        )

    def occurs_in(self, plugins: Iterable[str], case: str) -> bool:
        """Return whether the deviation is expected in a test.

        Args:
            plugins: types of the plugins that the test covers.
            case: parameters of the test, as pytest shows them in brackets.
        """
        in_case = not self.cases or any(fnmatchcase(case, pattern) for pattern in self.cases)
        return in_case and self.plugin in plugins


def _is_on(value: object) -> bool:
    """Return whether a switch is on, or a number such as that of a VLAN is not 0."""
    return value is True or (type(value) is int and value != 0)


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
    shipped = path == SHIPPED
    return tuple(replace(deviation, shipped=shipped) for deviation in deviations)


@cache
def _shipped() -> tuple[Deviation, ...]:
    """Read the file that is shipped, once: it is looked at after each failure."""
    return read(SHIPPED)


def _deviation(table: object) -> Deviation:
    if not isinstance(table, dict):
        raise ValueError("each deviation must be a table")
    known = [key for key in Deviation.__dataclass_fields__ if key != "shipped"]
    if not set(_NEEDED) <= table.keys() <= set(known):
        more = ", ".join(k for k in known if k not in _NEEDED)
        raise ValueError(f"each deviation must have {', '.join(_NEEDED)}, and may have {more}")
    if sum(key in table for key in _SUBJECTS) != 1:
        raise ValueError(f"each deviation must have one of {', '.join(_SUBJECTS)}")
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


@dataclass(frozen=True, slots=True)
class Program:
    """One program that takes part when a plugin of the conflist is called.

    Attributes:
        plugin: type in the conflist of the plugin whose tests it takes part in.
        name: type of the program's own plugin, which is another if it is delegated to.
        origin: origin of the program.
        section: configuration that the program gets.
        adopted: true if the user says that it is like a reference plugin.
    """

    plugin: str
    name: str
    origin: Origin
    section: Mapping[str, Any] = field(default_factory=dict)
    adopted: bool = False

    @property
    def is_delegate(self) -> bool:
        """Whether another plugin writes the configuration of the program."""
        return self.plugin != self.name and not self.adopted


def applying(
    path: Path, programs: Iterable[Program], own: Collection[str] = ()
) -> tuple[Deviation, ...]:
    """Read the deviations that apply to these programs.

    Args:
        path: file of deviations. Those that are shipped apply to adopted programs in any case.
        programs: the programs that take part.
        own: ids of the vendor's own requirements.

    Returns:
        Deviations with the type of one plugin each, in place of the pattern.

    Raises:
        CouldNotTest: the file is malformed, or names an unknown requirement.
    """
    given = read(path, own)
    shipped = given if path == SHIPPED else _shipped()
    return tuple(
        replace(deviation, plugin=program.plugin)
        for program in programs
        for deviation in (shipped if program.adopted else given)
        if deviation.is_about(program.name, program.origin)
        and deviation.occurs_with(program.section, complete=not program.is_delegate)
    )


def alike(
    identifier: str, case: str, plugins: Iterable[str], origins: Mapping[str, Origin]
) -> tuple[str, Deviation] | None:
    """Find a shipped deviation that a plugin of unknown code would have, were it the reference.

    Args:
        identifier: the requirement that a plugin does not meet.
        case: parameters of the test, as pytest shows them in brackets.
        plugins: types of the plugins that the test covers.
        origins: type of a plugin -> origin of its program.

    Returns:
        The plugin and the deviation, or None.
    """
    shipped = [one for one in _shipped() if one.requirement == identifier]
    for plugin in plugins:
        projects = {part.project for part in origins.get(plugin, Origin()).codes}
        for one in shipped:
            is_like = one.plugin == SKEL or fnmatchcase(plugin, one.plugin)
            occurs = replace(one, plugin=plugin).occurs_in([plugin], case)
            if is_like and occurs and one.code not in projects:
                return plugin, one
    return None
