"""A plugin's last result: the interfaces that it reports. Pure, but for reading the file.

Format: CNI specification 1.0.0, section 5; around it libcni's cache (libcni/api.go, cachedInfo).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest, DoesNotConform
from podpath.system import files


@dataclass(frozen=True, slots=True)
class ReportedInterface:
    """One interface that a plugin reports.

    Attributes:
        name: name of the interface.
        mac: MAC address in lower case; empty without one.
        inside: True if the interface is in the pod.
    """

    name: str
    mac: str
    inside: bool


def read(path: Path) -> dict[str, Any]:
    """Read the result in a file of libcni's cache; empty if it holds none.

    Raises:
        DoesNotConform: the plugin's result breaks the format.
        CouldNotTest: the file is not libcni's.
    """
    try:
        cached = json.loads(files.read_text(path))
    except files.TooLarge:
        limit = files.LIMIT // 2**20
        raise DoesNotConform(f"the plugin's result is larger than {limit} MiB") from None
    except RecursionError:
        raise DoesNotConform("the plugin's result is nested too deeply") from None
    except (OSError, ValueError) as error:
        raise CouldNotTest(f"the runtime's copy of the plugin's result: {error}") from None
    if not isinstance(cached, dict):
        raise CouldNotTest(f"the runtime's copy of the plugin's result is {_kind(cached)}")
    result = cached.get("result")
    if result is None:
        return {}
    if not isinstance(result, dict):
        raise DoesNotConform(f"the plugin's result must be an object, not {_kind(result)}")
    return result


def interfaces(result: Mapping[str, Any]) -> tuple[ReportedInterface, ...]:
    """Return the interfaces of a result; none if it names none.

    Raises:
        DoesNotConform: the interfaces break the specification's format.
    """
    listed = result.get("interfaces")
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise DoesNotConform(f'"interfaces" must be a list, not {_kind(listed)}')
    return tuple(_interface(interface) for interface in listed)


def _interface(interface: object) -> ReportedInterface:
    if not isinstance(interface, dict):
        raise DoesNotConform(f'each of "interfaces" must be an object, not {_kind(interface)}')
    name = _text(interface, "name")
    if not name:
        raise DoesNotConform('each of "interfaces" must have a "name"')
    return ReportedInterface(
        name, _text(interface, "mac").lower(), inside=bool(_text(interface, "sandbox"))
    )


def _text(interface: Mapping[str, Any], key: str) -> str:
    value = interface.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DoesNotConform(f'"{key}" of an interface must be a text, not {_kind(value)}')
    return value


def _kind(value: object) -> str:
    kinds = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "a boolean",
        type(None): "null",
    }
    return kinds.get(type(value), "a number")
