"""Keys of the reference plugins' configuration. Pure, but for reading the table.

The plugins are written in Go, whose JSON decoder ignores the case of keys: {"ipmasq": true} turns
"ipMasq" on.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from podpath.cni import routes
from podpath.cni.fields import Malformed, typed

TABLE = Path(__file__).with_name("reference.toml")

#: In place of a plugin's type: keys of every plugin, and keys of a route.
ANY, ROUTES = "any", "ipam.routes"

#: Keys that are true or false. Another value, such as the text "true", fails the plugin's ADD.
_SWITCHES = {
    "bridge": (
        *("isGateway", "isDefaultGateway", "forceAddress", "ipMasq", "hairpinMode", "promiscMode"),
        *("macspoofchk", "preserveDefaultVlan", "portIsolation", "disableContainerInterface"),
    ),
    "ptp": ("ipMasq",),
    "macvlan": ("linkInContainer",),
    "ipvlan": ("linkInContainer",),
    "portmap": ("snat", "masqAll"),
    "tuning": ("promisc", "allmulti"),
}


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of one reference plugin.

    Attributes:
        read: keys that podpath reads.
        refused: keys that podpath refuses, at least with some value.
        harmless: keys that cannot change what podpath expects -> reason.
        since: keys that older releases do not know -> the release that brought them; "key=value"
            for one value of a key.
    """

    read: frozenset[str]
    refused: frozenset[str]
    harmless: Mapping[str, str]
    since: Mapping[str, str]

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return self.read | self.refused | self.harmless.keys()


@cache
def plugins() -> Mapping[str, Keys]:
    """Return the keys of each reference plugin by its type, and those of every plugin."""
    document = tomllib.loads(TABLE.read_text())
    return {
        plugin: Keys(
            frozenset(table["read"]),
            frozenset(table.get("refused", ())),
            table.get("harmless", {}),
            table.get("since", {}),
        )
        for plugin, table in document.items()
    }


def canonical(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return a section of a plugin, or the section "ipam", with keys in their usual case.

    Sections of other plugins stay as they are: their case may matter.
    """
    known = plugins()
    plugin = section.get("type")
    if not isinstance(plugin, str) or plugin not in known:
        return dict(section)
    names = known[plugin].names | known[ANY].names
    usual = {name.lower(): name for name in names}
    return {usual.get(key.lower(), key): value for key, value in section.items()}


def normalized(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plugin's section, and its section "ipam", with keys in their usual case."""
    usual = canonical(section)
    ipam = usual.get("ipam")
    return usual | {"ipam": canonical(ipam)} if isinstance(ipam, dict) else usual


def check_switches(section: Mapping[str, Any]) -> None:
    """Check that the switches of a reference plugin are true or false.

    Raises:
        Malformed: one has another value.
    """
    for key in _SWITCHES.get(section["type"], ()):
        try:
            typed(section, key, bool, False)
        except Malformed as error:
            raise Malformed(f'{error}, in plugin "{section["type"]}"') from None


def others(plugins_of_chain: Iterable[str]) -> tuple[str, ...]:
    """Return the plugin types that are none of the reference plugins'."""
    return tuple(plugin for plugin in plugins_of_chain if plugin not in plugins())


def suspicion(chained: Iterable[str]) -> str:
    """Return a sentence on chained plugins that may explain a difference; empty without any."""
    unknown = [f'"{plugin}"' for plugin in others(chained)]
    if not unknown:
        return ""
    noun = "plugin" if len(unknown) == 1 else "plugins"
    return f"The chained {noun} {', '.join(unknown)} may have caused it; podpath does not know" + (
        " its effect" if len(unknown) == 1 else " their effects"
    )


def too_new(section: Mapping[str, Any], release: str) -> Iterator[tuple[str, str]]:
    """Yield each key of a plugin's section that a release lacks, and the release it came with.

    Args:
        section: configuration of the plugin.
        release: release of the reference plugins, such as 1.1.1.
    """
    known, kind, ipam = plugins(), str(section.get("type")), section.get("ipam")
    used = [(known[kind], key, key) for key in section if section[key]] if kind in known else []
    if kind in known and isinstance(ipam, dict):
        used += [(known[ROUTES], key, f"{ROUTES}.{key}") for key in routes.attributes(ipam)]
        if keys := known.get(str(ipam.get("type"))):
            used += [(keys, key, f"ipam.{key}") for key in ipam if ipam[key]]
    for keys, key, name in used:
        first = keys.since.get(key) or keys.since.get(f"{key}={section.get(key)}", release)
        if _numbers(release) < _numbers(first):
            yield name, first


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release)[:3])
