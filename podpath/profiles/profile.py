"""A profile: the wiring of a kind of plugin. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from podpath.model import Address, Family, Topology
from podpath.profiles.rules import (
    SHARING_MAC,
    HopRule,
    HostEnd,
    Lower,
    Master,
    NeighbourRule,
    PolicyRule,
    Resolution,
    RouteRule,
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Wiring of a kind of plugin.

    Attributes:
        name: name of the profile.
        plugins: plugin types that it covers.
        keys: key of the plugin's configuration -> whether it must be on, or off, for these paths.
        kind: kind of pods' links, one of KINDS.
        lower: lower link of pods' links; None if they have none.
        master: master of the host ends; None if they have none.
        promiscuous: interfaces that podpath must make promiscuous to see a hop ("master").
        address: a pod's address, with its prefix length.
        gateways: gateways of pods, at most one an IP version, in place of those of the ranges.
        pod_routes: routes of a pod, in addition to configured ones.
        neighbours: permanent neighbours of a pod; it must have no others.
        host_end: settings of a host end.
        node_routes: the node's routes to its pods; it must have no others.
        node_rules: the node's routing rules for its pods; it must have no others.
        forwarding: who turns on the node's forwarding, PLUGIN or ADMINISTRATOR.
        resolution: address resolution between pods.
        not_applicable: requirement -> reason why it does not apply to this kind of plugin.
        paths: kind of flow -> its hops.
        is_lent: True if the user gave a shipped profile for a plugin that no shipped profile names.
            The plugin need not have the keys of the profile's plugins.
    """

    name: str
    plugins: tuple[str, ...]
    keys: Mapping[str, bool]
    kind: str
    lower: Lower | None
    master: Master | None
    promiscuous: tuple[str, ...]
    address: str
    gateways: tuple[Address, ...]
    pod_routes: tuple[RouteRule, ...]
    neighbours: tuple[NeighbourRule, ...]
    host_end: HostEnd
    node_routes: tuple[RouteRule, ...]
    node_rules: tuple[PolicyRule, ...]
    forwarding: str
    resolution: Resolution
    not_applicable: Mapping[str, str]
    paths: Mapping[str, tuple[HopRule, ...]]
    is_lent: bool = False

    def master_in(self, section: Mapping[str, object]) -> str:
        """Return the master's name in a plugin's configuration; empty if there is none."""
        return str(section.get(self.master.key) or self.master.default) if self.master else ""

    def lower_in(self, section: Mapping[str, object], topology: Topology) -> str:
        """Return the lower link's name in a plugin's configuration; empty if there is none."""
        return str(section.get(self.lower.key) or topology.default_link) if self.lower else ""

    def gateway(self, family: Family) -> Address | None:
        """Return the gateway of an IP version; None if it is that of the range."""
        return next((g for g in self.gateways if g.version == family.value), None)

    @property
    def shares_mac(self) -> bool:
        """True if pods' links have the MAC address of their lower link."""
        return self.kind in SHARING_MAC

    @property
    def flags(self) -> frozenset[str]:
        """Unusual flags of pods' links."""
        return frozenset() if self.lower is None or self.lower.arp else frozenset({"no ARP"})

    def is_of_mode(self, section: Mapping[str, object]) -> bool:
        """Return whether the paths are those of the mode in a plugin's configuration."""
        is_on = all(bool(section.get(key)) is value for key, value in self.keys.items())
        return is_on and (self.lower is None or self.mode_in(section) == self.lower.mode)

    def mode_in(self, section: Mapping[str, object]) -> str:
        """Return the mode in a plugin's configuration; empty if links have no mode."""
        return str(section.get(self.lower.mode_key) or self.lower.mode) if self.lower else ""
