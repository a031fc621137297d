"""Subjects of the contract tests: the whole chain of a conflist, and each plugin alone. Pure.

Rules: CNI specification 1.1.0, section 3, "Deriving request configuration from plugin
configuration".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from podpath.cni import delegation
from podpath.cni.conflist import Conflist
from podpath.cni.document import LOOPBACK
from podpath.cni.ipam import DHCP
from podpath.cni.versions import CHAINS_SINCE, SEVERAL_SINCE, since

#: Capability -> value that a runtime gives to the plugins with this capability.
CapabilityArgs = Mapping[str, Any]


class Role(Enum):
    """Role of a plugin (CNI specification 1.1.0, sections 2 and 4)."""

    CHAIN = "chain"
    INTERFACE = "interface"
    CHAINED = "chained"
    IPAM = "ipam"


#: Roles that create an interface, and so answer ADD with a complete result.
ATTACHING = (Role.CHAIN, Role.INTERFACE)
ALONE = (Role.INTERFACE, Role.CHAINED, Role.IPAM)


@dataclass(frozen=True, slots=True)
class Step:
    """One plugin to call.

    Attributes:
        plugin: its type.
        section: its plugin configuration, from the conflist.
        further: types of further plugins that take part, as it delegates to them.
    """

    plugin: str
    section: Mapping[str, Any]
    further: tuple[str, ...] = ()

    @property
    def delegate(self) -> str:
        """Type of the IPAM plugin to which it delegates; empty if it has none."""
        ipam = self.section.get("ipam")
        kind = ipam.get("type", "") if isinstance(ipam, dict) else ""
        return kind if kind != self.plugin else ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Plugins under test.

    Attributes:
        name: name in the ids of tests.
        role: role of the plugins.
        steps: the plugins, in the order of ADD.
        preceding: earlier plugins of the chain, whose result the first step needs; podpath calls
            them, but does not test them.
        several: True if the conflist gives a container several addresses of one IP version.
    """

    name: str
    role: Role
    steps: tuple[Step, ...]
    preceding: tuple[Step, ...] = ()
    several: bool = False

    @property
    def main(self) -> Step:
        """The step that creates the interface: the first one that is no loopback plugin."""
        return next((s for s in self.steps if s.plugin != LOOPBACK), self.steps[0])

    @property
    def plugins(self) -> tuple[str, ...]:
        """Types of all plugins that take part, delegated plugins included."""
        steps = (*self.preceding, *self.steps)
        names = [n for s in steps for n in (s.plugin, s.delegate, *s.further) if n]
        return tuple(dict.fromkeys(names))

    def unsupported(self, version: str, supported: Mapping[str, Iterable[str]]) -> str:
        """Return the reason why the subject cannot be called in a version; empty if it can.

        Args:
            version: a version of the specification.
            supported: plugin -> versions that it supports.
        """
        if len(self.preceding) + len(self.steps) > 1 and version not in since(CHAINS_SINCE):
            return f"plugins are not chained before CNI {CHAINS_SINCE}"
        if self.several and version not in since(SEVERAL_SINCE):
            return f"one address of an IP version is all that a result has before {SEVERAL_SINCE}"
        for plugin in self.plugins:
            if version not in supported[plugin]:
                versions = ", ".join(supported[plugin]) or "none"
                return f'"{plugin}" does not support CNI {version}; it supports {versions}'
        return ""


def of(conflist: Conflist) -> tuple[Subject, ...]:
    """Return the whole chain, then each of its plugins and its IPAM plugin alone.

    An IPAM plugin that needs the container's interface is not called alone, either.

    A loopback plugin takes part in the chain, and is not called alone: no pod's network is its own.
    A plugin that the chain has twice is called alone once: the second one may share with the first
    one what both make, as two "firewall" share their rules.
    """
    delegated = filter(None, (conflist.wiring_plugin, conflist.ipam.plugin))
    further = tuple(delegated) if conflist.delegation else ()
    steps = tuple(
        Step(s["type"], s, further if number == conflist.main else ())
        for number, s in enumerate(conflist.sections)
    )
    main = steps[conflist.main]
    types = [step.plugin for step in steps]
    chained = [
        Subject(step.plugin, Role.CHAINED, (step,), steps[:number])
        for number, step in enumerate(steps)
        if number > conflist.main and step.plugin != LOOPBACK and types.index(step.plugin) == number
    ]
    # The configuration of a delegating plugin does not have that of its delegate's IPAM plugin;
    # dhcp sends by the interface, which the plugin that calls it has made (plugins, ipam/dhcp).
    own = () if conflist.delegation or conflist.ipam.plugin == DHCP else (conflist.ipam.plugin,)
    ipam = [Step(name, main.section) for name in own if name]
    every = (
        Subject("chain", Role.CHAIN, steps),
        Subject(main.plugin, Role.INTERFACE, (main,)),
        *chained,
        *(Subject(step.plugin, Role.IPAM, (step,)) for step in ipam),
    )
    return tuple(replace(subject, several=bool(conflist.ipam.several)) for subject in every)


def request_configuration(
    step: Step, network: str, version: str, previous: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the request configuration of a plugin: its stdin."""
    section = delegation.in_version(step.section, version)
    configuration = {k: v for k, v in section.items() if k != "capabilities"}
    inserted = {"cniVersion": version, "name": network}
    return configuration | inserted | ({"prevResult": previous} if previous is not None else {})


def runtime_config(step: Step, capability_args: CapabilityArgs) -> dict[str, Any]:
    """Return the runtimeConfig of a plugin: the values of its capabilities, under that key.

    Args:
        step: the plugin.
        capability_args: values for the capabilities of all plugins.
    """
    capabilities = step.section.get("capabilities")
    capabilities = capabilities if isinstance(capabilities, dict) else {}
    values = {
        name: value for name, value in capability_args.items() if capabilities.get(name) is True
    }
    return {"runtimeConfig": values} if values else {}
