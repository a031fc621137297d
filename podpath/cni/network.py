"""The meaning of a conflist with the profile of its plugin. Pure, but for reading the files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from podpath import profiles
from podpath.cni import conflist, unsupported, vlans
from podpath.cni.conflist import Conflist
from podpath.cni.ipam import Ipam
from podpath.errors import CouldNotTest
from podpath.model import Address, AddressWithPrefix, Family, Topology
from podpath.profiles import UPLINK, HopRule, Profile, RouteRule, limited
from podpath.requirements import REQUIREMENTS

#: Requirements on traffic between pods, which isolated pods do not have.
_BETWEEN_PODS = (
    *("PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-CONTAINER", "PATH-ARP", "PATH-BYSTANDER"),
    *(
        "PATH-UNCHANGED",
        "PATH-SIZE",
        "PATH-MTU",
        "PATH-CONCURRENT",
        "LIFE-SURVIVOR",
        "LIFE-REUSE",
        "K8S-SERVICE",
    ),
)
_ISOLATED = "the conflist isolates pods from each other, see PATH-ISOLATION"


@dataclass(frozen=True, slots=True)
class Network:
    """The pods' network: a conflist, and the way its plugin wires pods.

    Attributes:
        conflist: configuration as it is written.
        profile: the way the plugin wires pods.
        lease_command: shell command that lists the leases on the node; empty for none.
    """

    conflist: Conflist
    profile: Profile
    lease_command: str = ""

    @classmethod
    def read(cls, path: Path, profile: str = "") -> "Network":
        """Read a conflist, and the profile of its plugin.

        Args:
            path: conflist file.
            profile: name of a shipped profile, or a file; by default the profile that covers the
                conflist's main plugin.

        Raises:
            CouldNotTest: the conflist or the profile is not usable; the text gives the reason.
        """
        return cls.of(conflist.read(path), path, profile)

    @classmethod
    def of(cls, written: Conflist, path: PurePath, profile: str = "") -> "Network":
        """Return the network of a conflist that was read; for the arguments see read.

        Raises:
            CouldNotTest: as read does.
        """
        unsupported.check_main(written, path)
        if profile:
            return cls(written, profiles.given(profile, written.wiring_plugin))
        return cls(written, cls.covering(written))

    @staticmethod
    def covering(written: Conflist) -> Profile:
        """Return the shipped profile that covers a conflist's main plugin, or its delegate.

        Raises:
            CouldNotTest: no profile covers it.
        """
        plugins = (written.main_plugin, written.wiring_plugin)
        return profiles.for_plugin(*plugins, section=written.section)

    @property
    def ipam(self) -> Ipam:
        """Addresses and routes that pods get, with the gateways of the profile if it has any."""
        return self.conflist.ipam.with_gateways(self.profile.gateway)

    @property
    def families(self) -> tuple[Family, ...]:
        """IP versions of the addresses that pods get, IPv4 first."""
        return self.ipam.families

    @property
    def is_complete(self) -> bool:
        """True if the conflist states all that its pods get, and nobody need look at them."""
        return self.ipam.is_stated and not self.profile.is_lent

    @property
    def bridge(self) -> str:
        """Name of the interface that host ends are enslaved to; empty without one."""
        return self.profile.master_in(self.conflist.section)

    @property
    def vlan_gateway(self) -> str:
        """Name of the gateway's interface if pods are in a VLAN, which the bridge itself is not in.

        It is one end of a veth; the other end is a port of the bridge (bridge.go,
        ensureVlanInterface). Empty without one.
        """
        vlan = self.conflist.vlans.access
        return f"{self.bridge}.{vlan}" if vlan and self.conflist.is_gateway else ""

    @property
    def is_bridge_gateway(self) -> bool:
        """True if the bridge itself is the pods' gateway."""
        return self.conflist.is_gateway and not self.vlan_gateway

    @property
    def vlan_on_bridge(self) -> int | None:
        """VLAN of the tag with which the bridge shows pods' frames; None if they have no tag.

        The bridge itself is in the kernel's default VLAN, whose frames have none.
        """
        vlan = self.conflist.vlans.access
        return vlan if vlan not in (0, vlans.DEFAULT) else None

    @property
    def shared_links(self) -> frozenset[str]:
        """Names of the node's interfaces that belong to all pods: bridge, gateway of the VLAN."""
        return frozenset(filter(None, (self.bridge, self.vlan_gateway)))

    def gateway_port(self, topology: Topology) -> str:
        """Name of the gateway's port of the bridge if pods are in a VLAN; empty without one."""
        end = topology.peer_in_node(self.vlan_gateway)
        return end.name if end else ""

    def own_links(self, topology: Topology) -> frozenset[str]:
        """Names of the interfaces of the node that the plugin makes once for all pods."""
        return self.shared_links | (frozenset({self.gateway_port(topology)}) - {""})

    def ports(self, topology: Topology) -> frozenset[str]:
        """Return the names of the bridge's ports beside host ends: links that are the node's own.

        If the node's default route is by the bridge, its uplink is the bridge's own port.
        """
        names = set(self.profile.master.ports if self.profile.master else ())
        if UPLINK in names:
            names = (names - {UPLINK}) | {self._uplink(topology)}
        return frozenset(names)

    def _uplink(self, topology: Topology) -> str:
        if topology.default_link != self.bridge:
            return topology.default_link or UPLINK
        bridge = topology.node.interface(self.bridge)
        ports = topology.node.ports_of(bridge) if bridge else ()
        ends = topology.host_ends()
        return next((port.name for port in ports if port.name not in ends), UPLINK)

    @property
    def is_bridged(self) -> bool:
        """True if host ends are ports of a bridge."""
        return self.profile.master is not None and self.profile.master.kind == "bridge"

    @property
    def has_gateway(self) -> bool:
        """True if the node routes for its pods; a bridge does so only if configured."""
        exists = all(r.gateway is not None for r in self.ipam.ranges)
        return exists and (self.profile.master is None or self.conflist.is_gateway)

    def is_held(self, gateway: Address) -> bool:
        """Return whether the node holds the address of its pods' gateway, and so answers a ping."""
        if self.profile.master is not None:
            return self.conflist.is_gateway
        return gateway not in self.profile.gateways

    def may_be_gateway(self, held: AddressWithPrefix) -> bool:
        """Return whether an address of a link of all pods may be that of a gateway.

        Where pods have shown the ranges, another pod may bring another one, with its own gateway.
        """
        if held in self.ipam.gateways_of(Family(held.version)):
            return True
        is_known = any(held.ip in stated.subnet for stated in self.ipam.ranges)
        return not (is_known or self.ipam.is_stated)

    @property
    def mode(self) -> str:
        """Mode of the pods' links; empty if they have none."""
        return self.profile.mode_in(self.conflist.section)

    @property
    def not_applicable(self) -> Mapping[str, str]:
        """Requirement -> reason why it does not apply to this network."""
        turned_off = {
            name: f'the conflist turns {name} off with "disable{key}"'
            for name, key, is_off in (
                ("CHECK", "Check", self.conflist.disable_check),
                ("GC", "GC", self.conflist.disable_gc),
            )
            if is_off
        }
        of_conflist = {
            identifier: reason
            for name, reason in turned_off.items()
            for identifier in REQUIREMENTS
            if identifier.startswith(f"CNI-{name}")
        }
        isolated = dict.fromkeys(_BETWEEN_PODS, _ISOLATED) if self.conflist.is_apart else {}
        return {**of_conflist, **isolated, **self.profile.not_applicable}

    def lower(self, topology: Topology) -> str:
        """Return the name of the node's link below the pods' links; empty without one."""
        return self.profile.lower_in(self.conflist.section, topology)

    @property
    def conditions(self) -> frozenset[str]:
        """Conditions of the profile's rules that the conflist meets."""
        configured = {"gateway": self.conflist.is_gateway, "hairpin": self.conflist.hairpin}
        return frozenset(name for name, value in configured.items() if value)

    def hops(self, kind: str) -> tuple[HopRule, ...]:
        """Return the hops of a kind of path that exist in this network.

        Raises:
            CouldNotTest: the profile has no path of this kind.
        """
        if kind not in self.profile.paths:
            raise CouldNotTest(f'the profile {self.profile.name} has no path of the kind "{kind}"')
        rules = tuple(rule for rule in self.profile.paths[kind] if self._applies(rule))
        return limited(rules) if self.conflist.rates.egress else rules

    @property
    def node_routes(self) -> tuple[RouteRule, ...]:
        """Routes that the node must have for its pods."""
        return tuple(rule for rule in self.profile.node_routes if self._applies(rule))

    def _applies(self, rule: HopRule | RouteRule) -> bool:
        return not rule.when or rule.when in self.conditions
