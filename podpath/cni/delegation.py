"""Delegating plugins: they give another plugin a configuration, and it makes the interface. Pure.

Sources: flannel_linux.go of flannel-io/cni-plugin, doCmdAdd; docs/how-to-use.md of multus-cni.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from podpath.cni import reference
from podpath.cni.fields import Malformed, plugin_type, text, typed

_FLANNEL, _MULTUS = "flannel", "multus"
_RECORDS = "/var/lib/cni/flannel"
#: Plugin -> plugin that it calls if its configuration names none.
_DEFAULTS = {_FLANNEL: "bridge"}


@dataclass(frozen=True, slots=True)
class Delegation:
    """Delegation of the main plugin of a chain.

    Attributes:
        plugin: type of the plugin that calls the delegate.
        section: configuration of the delegate, as far as the conflist states it.
        records: directory on the node with the delegate's whole configuration for each container;
            empty if the conflist states it.
        caller: type of the plugin that itself delegates to `plugin`, as multus does to flannel;
            empty without one.
    """

    plugin: str
    section: Mapping[str, Any]
    records: str = ""
    caller: str = ""

    @property
    def delegate(self) -> str:
        """Type of the delegate."""
        return str(self.section["type"])

    def __str__(self) -> str:
        names = filter(None, (self.caller, self.plugin, self.delegate))
        return ", which delegates to ".join(names)


def of(main: Mapping[str, Any]) -> Delegation | None:
    """Return the delegation of a plugin's section; None if the plugin does not delegate.

    Raises:
        Malformed: the section breaks the format.
    """
    plugin = main["type"]
    if plugin == _FLANNEL:
        return Delegation(plugin, _of_flannel(main), text(main, "dataDir") or _RECORDS)
    if plugin == _MULTUS:
        section = _of_multus(main)
        inner = of(section)
        return replace(inner, caller=plugin) if inner else Delegation(plugin, section)
    given = main.get("delegate")
    if isinstance(given, dict) and plugin_type(given):
        return Delegation(plugin, reference.normalized(given))
    return None


def _of_flannel(main: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the conflist states of the delegate's configuration.

    Ranges, routes and MTU come from a file that flanneld writes on the node. Masquerading does,
    too, unless the conflist has it; podpath expects it until the first pod shows it.
    """
    given = reference.normalized({"type": "bridge", **typed(main, "delegate", dict, {})})
    ipam = {"type": "host-local", **typed(main, "ipam", dict, {})}
    gateway = {"isGateway": True} if given["type"] == "bridge" else {}
    return {"ipMasq": True, **gateway, **given, "ipam": ipam}


def _of_multus(main: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of the first delegate, which makes eth0."""
    delegates = typed(main, "delegates", list, [])
    first = delegates[0] if delegates else None
    if isinstance(first, dict) and isinstance(chain := first.get("plugins"), list):
        first = chain[0] if chain else None
    if not isinstance(first, dict) or not plugin_type(first):
        raise Malformed(
            f'plugin "{_MULTUS}" has no "delegates" with the configuration of a plugin; if it is'
            ' named elsewhere ("clusterNetwork"), test that plugin'
        )
    return reference.normalized(first)


def delegated(section: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield type and configuration of each plugin that a plugin's configuration delegates to.

    "delegate" is the key of flannel, "delegates" that of multus. The plugin may add keys to the
    configuration before it passes it on.
    """
    default = _DEFAULTS.get(str(section.get("type")), "")
    listed = section.get("delegates")
    for inner in (section.get("delegate"), *(listed if isinstance(listed, list) else ())):
        configuration = inner if isinstance(inner, dict) else {}
        plugin = configuration.get("type", default)
        if isinstance(plugin, str) and plugin and plugin != section.get("type"):
            yield plugin, configuration
