"""A vendor's own requirements, as a TOML document declares them. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from podpath.requirements import GROUPS, VENDOR, Level, Requirement

#: What each [[requirement]] must have, and what it may have.
_NEEDED = ("id", "title", "sentence")
_OPTIONAL = ("why", "how", "usually", "look", "source", "level")
_KEYS = (*_NEEDED, *_OPTIONAL)
_ID = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)+")


def parse(document: Mapping[str, Any]) -> dict[str, Requirement]:
    """Take the requirements from a document, by their ids.

    Raises:
        ValueError: with the requirement's number and the key that is wrong.
    """
    tables = document.get("requirement", [])
    if unknown := [key for key in document if key != "requirement"]:
        raise ValueError(f"unknown key {unknown[0]!r}: write [[requirement]]")
    if not isinstance(tables, list):
        raise ValueError("each requirement is a [[requirement]] of its own")
    requirements: dict[str, Requirement] = {}
    for number, table in enumerate(tables, 1):
        requirement = _requirement(table, f"[[requirement]] {number}")
        if requirement.id in requirements:
            twice = f"the id {requirement.id!r} is declared twice"
            raise ValueError(f"[[requirement]] {number}: {twice}")
        requirements[requirement.id] = requirement
    return requirements


def _requirement(table: object, where: str) -> Requirement:
    if not isinstance(table, dict):
        raise ValueError(f"{where}: write [[requirement]]")
    if missing := [key for key in _NEEDED if key not in table]:
        raise ValueError(f"{where}: the key {missing[0]!r} is missing")
    if unknown := [key for key in table if key not in _KEYS]:
        raise ValueError(f"{where}: unknown key {unknown[0]!r}; there are {', '.join(_KEYS)}")
    look = table.get("look", [])
    if not isinstance(look, list) or not all(isinstance(command, str) for command in look):
        raise ValueError(f"{where}: look must be a list of commands")
    texts: dict[str, Any] = {
        key: _text(table, key, where) for key in _KEYS if key not in ("look", "level")
    }
    _check_id(texts["id"], where)
    level = _level(table.get("level", Level.MUST), where)
    return Requirement(**texts, look=tuple(look), level=level, feature=VENDOR)


def _level(value: object, where: str) -> Level:
    if value not in list(Level):
        raise ValueError(f"{where}: level = {value!r} must be one of {', '.join(Level)}")
    return Level(str(value))


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or (key in _NEEDED and not value.strip()):
        raise ValueError(f"{where}: {key} = {value!r} must be a text")
    return value


def _check_id(identifier: str, where: str) -> None:
    if not _ID.fullmatch(identifier):
        raise ValueError(f"{where}: id = {identifier!r} must be like ACME-DSCP")
    group = identifier.partition("-")[0]
    if group in GROUPS:
        raise ValueError(f"{where}: id = {identifier!r}: the group {group} is podpath's own")
