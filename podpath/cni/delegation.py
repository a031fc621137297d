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
        assumed: keys of the section that a file of the node decides on, and the conflist does not.
        caller: type of the plugin that itself delegates to `plugin`, as multus does to flannel;
            empty without one.
        network: name of the delegate's network, after which IPAM names its leases; empty if it is
            the conflist's.
    """

    plugin: str
    section: Mapping[str, Any]
    records: str = ""
    assumed: frozenset[str] = frozenset()
    caller: str = ""
    network: str = ""

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
        records = text(main, "dataDir") or _RECORDS
        assumed = frozenset({"ipMasq"} - typed(main, "delegate", dict, {}).keys())
        return Delegation(plugin, _of_flannel(main), records, assumed)
    if plugin == _MULTUS:
        name, section = _of_multus(main)
        if inner := of(section):  # flannel gives its delegate its own network's name
            return replace(inner, caller=plugin, network=inner.network or name)
        return Delegation(plugin, section, network=name)
    given = main.get("delegate")
    if isinstance(given, dict) and plugin_type(given):
        return Delegation(plugin, reference.normalized(given), network=text(given, "name"))
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


def _of_multus(main: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return name and configuration of the first delegate, which makes eth0."""
    delegates = typed(main, "delegates", list, [])
    first = delegates[0] if delegates else None
    name = text(first, "name") if isinstance(first, dict) else ""
    if isinstance(first, dict) and isinstance(chain := first.get("plugins"), list):
        first = chain[0] if chain else None
    if not isinstance(first, dict) or not plugin_type(first):
        raise Malformed(
            f'plugin "{_MULTUS}" has no "delegates" with the configuration of a plugin; if it is'
            ' named elsewhere ("clusterNetwork"), test that plugin'
        )
    return name, reference.normalized(first)


def delegated(section: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield type and configuration of each plugin that a plugin's configuration delegates to.

    "delegate" is the key of flannel, "delegates" that of multus. The plugin may add keys to the
    configuration before it passes it on.
    """
    default = _DEFAULTS.get(str(section.get("type")), "")
    for inner in (section.get("delegate"), *_listed(section)):
        configuration = inner if isinstance(inner, dict) else {}
        plugin = configuration.get("type", default)
        if isinstance(plugin, str) and plugin and plugin != section.get("type"):
            yield plugin, configuration
            yield from delegated({"type": plugin, **configuration})


def _listed(section: Mapping[str, Any]) -> Iterator[object]:
    """Yield the plugins of "delegates", each of which is a plugin or a list of them."""
    entries = section.get("delegates")
    for entry in entries if isinstance(entries, list) else ():
        chain = entry.get("plugins") if isinstance(entry, dict) else None
        yield from chain if isinstance(chain, list) else [entry]


def in_version(section: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return a plugin's section with a CNI version in all that it delegates to and that states one.

    A delegating plugin passes its delegate's result on, which must have the version of its input.
    """
    changed = dict(section)
    if isinstance(inner := section.get("delegate"), dict):
        changed["delegate"] = _stated(inner, version)
    if isinstance(entries := section.get("delegates"), list):
        changed["delegates"] = [_stated(e, version) if isinstance(e, dict) else e for e in entries]
    return changed


def _stated(section: Mapping[str, Any], version: str) -> dict[str, Any]:
    changed = in_version(section, version)
    if isinstance(chain := section.get("plugins"), list):
        changed["plugins"] = [_stated(s, version) if isinstance(s, dict) else s for s in chain]
    return changed | ({"cniVersion": version} if "cniVersion" in section else {})
