"""Fields of a JSON document, read strictly. Pure."""

import json
from collections.abc import Mapping
from typing import Any

_NAMES: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


class Malformed(Exception):
    """A document that breaks its format; the text gives the reason."""


def typed(document: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    """Return a field of one JSON type; the default if it is absent or null.

    Raises:
        Malformed: the field has another type.
    """
    value = document.get(key)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Malformed(f'"{key}" must be {_NAMES[kind]}, not {json.dumps(value)[:60]}')
    return value


def text(document: Mapping[str, Any], key: str) -> str:
    """Return a field of printable text; empty if it is absent.

    Raises:
        Malformed: the field is not printable text.
    """
    value: str = typed(document, key, str, "")
    if not value.isprintable():
        raise Malformed(f'"{key}" must be text that can be printed: {value!r}')
    return value


def plugin_type(document: Mapping[str, Any]) -> str:
    """Return the "type" of a plugin's section; empty if it is absent.

    A type is the name of a file on disk (CNI specification 1.0.0, section 1).

    Raises:
        Malformed: the type is not the name of a file.
    """
    name = text(document, "type")
    if "/" in name or name in (".", ".."):
        raise Malformed(f'"type" must be the name of a plugin, not a path: {name!r}')
    return name


def switch(document: Mapping[str, Any], key: str) -> bool:
    """Return a switch, which may be the text "true" or "false" in any case, as libcni reads it.

    Raises:
        Malformed: the field is something else.
    """
    value = document.get(key, False)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise Malformed(f'"{key}" must be true or false, not {json.dumps(value)[:60]}')
    return value
