"""A plugin's last result, in the format of version 0.3.0 and later. Pure, but for reading the file.

Format: CNI specification 1.0.0, section 5, and 0.2.0, "Result"; around it libcni's cache
(libcni/api.go, cachedInfo).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podpath.cni.versions import until
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.system import files

_WITHOUT_INTERFACES = until("0.2.0")


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

    A result before 0.3.0 is converted, as far as it says the same.

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
    return in_lists(result)


def in_lists(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result with its addresses and routes in lists, as versions since 0.3.0 have them."""
    return dict(result) if names_interfaces(result) else _converted(result)


def names_interfaces(result: Mapping[str, Any]) -> bool:
    """Return whether the version of a result has a list of interfaces: 0.3.0 and later."""
    if "cniVersion" not in result:
        return not {"ip4", "ip6"} & result.keys()
    return result["cniVersion"] not in _WITHOUT_INTERFACES


def _converted(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result before 0.3.0 with its addresses and routes where later versions have them."""
    parts = [part for key in ("ip4", "ip6") if isinstance(part := result.get(key), dict)]
    ips = [{"address": part.get("ip"), "gateway": part.get("gateway")} for part in parts]
    routes = [r for part in parts if isinstance(listed := part.get("routes"), list) for r in listed]
    return {**result, "ips": ips, "routes": routes}


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
