"""Topology of a node: its pods, and the interfaces, routes and settings of their namespaces."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from podpath.errors import DoesNotConform, Unmet
from podpath.model.addresses import Address, AddressWithPrefix, Family, Subnet

#: Kinds of links that lie on another one (ip-link(8)). IFLA_LINK names the lower one, not a peer.
STACKED = frozenset({"ipvlan", "ipvtap", "macvlan", "macvtap", "vlan"})

#: Particulars of a route that send no packet another way.
_ATTRIBUTES = ("mtu", "advmss", "hoplimit", "window", "rto_min", "expires", "metric", "scope")

#: Name of the node's own network namespace wherever podpath names a namespace.
NODE = "node"

#: Name of the network behind the node's uplink.
BEYOND = "beyond the node"

#: Interface of a pod to the network of its node (kubelet and CRI use this name).
POD_INTERFACE = "eth0"


#: Requirement on the names of namespaces, with the reason why tests of others are not run.
UNNAMED = ("TOPO-NETNS-NAME", "a pod has no named namespace on the node")


@dataclass(frozen=True, slots=True, order=True)
class PortVlan:
    """Membership of a bridge port in a VLAN (linux/if_bridge.h, struct bridge_vlan_info).

    Attributes:
        number: VLAN ID.
        pvid: true if untagged frames that come in on the port belong to the VLAN.
        untagged: true if frames of the VLAN leave the port without a tag.
    """

    number: int
    pvid: bool = False
    untagged: bool = False

    def __str__(self) -> str:
        flags = [name for name, on in (("PVID", self.pvid), ("untagged", self.untagged)) if on]
        return " ".join([str(self.number), *flags])


@dataclass(frozen=True, slots=True)
class Port:
    """Settings of an interface as a bridge port (linux/if_link.h, IFLA_BRPORT_*).

    Attributes:
        state: state in STP, as bridge(8) names it.
        hairpin: true if the port sends frames back out of itself.
        isolated: true if the port exchanges frames only with ports that are not isolated.
        learning: true if the bridge learns MAC addresses at the port.
        switches: other settings that change which frames pass, by their names in bridge(8).
        vlans: VLANs of the port, in order; empty if the kernel does not know VLANs of ports.
    """

    state: str
    hairpin: bool
    isolated: bool
    learning: bool
    switches: Mapping[str, bool] = field(default_factory=dict)
    vlans: tuple[PortVlan, ...] = ()


@dataclass(frozen=True, slots=True)
class Bridge:
    """Settings of a bridge (linux/if_link.h, IFLA_BR_*).

    Attributes:
        stp: true if the bridge runs STP.
        ageing: seconds after which the bridge forgets a learned address.
        vlan_filtering: true if the bridge keeps VLANs apart.
    """

    stp: bool
    ageing: float
    vlan_filtering: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Services of an interface, or of a whole namespace, for other hosts (ip-sysctl).

    Attributes:
        forwarding: families that it forwards.
        proxies: settings with which it answers ARP for other hosts: "proxy_arp" and
            "proxy_arp_pvlan".
    """

    forwarding: frozenset[Family] = frozenset()
    proxies: frozenset[str] = frozenset()

    def __and__(self, other: "Settings") -> "Settings":
        """Return the settings that both have turned on."""
        return Settings(self.forwarding & other.forwarding, self.proxies & other.proxies)

    def __or__(self, other: "Settings") -> "Settings":
        """Return the settings that either has turned on."""
        return Settings(self.forwarding | other.forwarding, self.proxies | other.proxies)

    def __sub__(self, other: "Settings") -> "Settings":
        """Return the settings that this one has turned on and the other has not."""
        return Settings(self.forwarding - other.forwarding, self.proxies - other.proxies)

    def __str__(self) -> str:
        forwarded = [f"forwards IPv{f.value}" for f in Family if f in self.forwarding]
        return ", ".join([*forwarded, *sorted(self.proxies)]) or "none"


@dataclass(frozen=True, slots=True)
class Inherited:
    """Settings with which the kernel makes interfaces, before any plugin sets anything.

    Attributes:
        pod: settings of a new namespace.
        node: settings of a new interface of the node.
    """

    pod: Settings = Settings()
    node: Settings = Settings()


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface as the kernel describes it.

    Attributes:
        index: index in its namespace.
        name: name in its namespace.
        kind: IFLA_INFO_KIND; empty for lo.
        mac: MAC address.
        mtu: MTU in bytes.
        up: true if the interface is up.
        addresses: IP addresses with their prefix lengths.
        master: index of its master; None if it has none.
        peer_index: IFLA_LINK: index of its peer, or of its lower link if its kind is STACKED.
        peer_nsid: IFLA_LINK_NETNSID: number of the peer's namespace, valid in this one only.
        port: settings as a bridge port; None if it is none.
        bridge: settings as a bridge; None if it is none.
        mode: mode of a macvlan or ipvlan, as ip-link(8) names it.
        queues: kinds of its queueing disciplines, without the kernel's defaults.
        xdp: true if an XDP program is attached.
        settings: families that it forwards, and settings with which it answers ARP for others.
        promiscuous: true if a user or a program made it promiscuous.
        flags: other unusual flags, for example "no ARP".
        limited: what limits the use of an address: "10.88.0.3/24 is of scope link".
        mtu_of_ipv6: MTU of IPv6 packets in bytes; None if the interface has no IPv6.
    """

    index: int
    name: str
    kind: str
    mac: str
    mtu: int
    up: bool
    addresses: tuple[AddressWithPrefix, ...] = ()
    master: int | None = None
    peer_index: int | None = None
    peer_nsid: int | None = None
    port: Port | None = None
    bridge: Bridge | None = None
    mode: str = ""
    queues: tuple[str, ...] = ()
    xdp: bool = False
    settings: Settings = Settings()
    promiscuous: bool = False
    flags: frozenset[str] = frozenset()
    limited: tuple[str, ...] = ()
    mtu_of_ipv6: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One route.

    Attributes:
        destination: destination network; 0.0.0.0/0 or ::/0 for the default route.
        gateway: next hop; None for a route on the link.
        device: name of the interface.
        particulars: unusual attributes, for example "table 100", "blackhole" or "mtu 1400".
        metric: metric, which decides between routes to the same destination.
        scope: scope (linux/rtnetlink.h, RT_SCOPE_*).
    """

    destination: Subnet
    gateway: Address | None
    device: str
    particulars: tuple[str, ...] = ()
    # programs that manage the node's links choose them: they make no other route of it
    metric: int = field(default=0, compare=False)
    scope: int = field(default=0, compare=False)

    def __str__(self) -> str:
        via = f"via {self.gateway or 'the link'} dev {self.device}"
        return " ".join([str(self.destination), via, *self.particulars])

    @property
    def mtu(self) -> int | None:
        """MTU in bytes that the route sets for its packets; None if it leaves that to the link."""
        sizes = (p.split()[-1] for p in self.particulars if p.startswith("mtu "))
        return next((int(size) for size in sizes if size.isdecimal()), None)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The particulars that send no packet another way: sizes, and what ranks the route."""
        return tuple(p for p in self.particulars if p.split()[0] in _ATTRIBUTES)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The particulars that send packets another way, or that need a rule."""
        return tuple(p for p in self.particulars if p.split()[0] not in _ATTRIBUTES)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the routing policy that the kernel did not make itself (ip-rule(8)).

    Attributes:
        text: the rule as podpath prints it.
        source: network that the source must be in; None for any.
        destination: network that the destination must be in; None for any.
        interfaces: interfaces that the rule names; empty for any.
        table: number of the routing table that it leads to.
    """

    text: str
    source: Subnet | None = None
    destination: Subnet | None = None
    interfaces: tuple[str, ...] = ()
    table: int = 0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One permanent entry of a neighbour table, which the kernel never makes by itself.

    Attributes:
        address: IP address.
        mac: MAC address; empty if the entry has none.
        device: name of the interface.
    """

    address: Address
    mac: str
    device: str


@dataclass(frozen=True, slots=True)
class FdbEntry:
    """One entry of a bridge's forwarding database.

    Attributes:
        mac: MAC address that the bridge reaches through the port.
        port: name of the port.
        bridge: name of the bridge.
        learned: true if the bridge learned the entry, and it was not configured.
    """

    mac: str
    port: str
    bridge: str
    learned: bool


@dataclass(frozen=True, slots=True)
class Namespace:
    """One network namespace at one moment.

    Attributes:
        name: NODE, or the name that `ip netns list` shows.
        inode: the kernel's number of the namespace.
        interfaces: its interfaces.
        routes: its routes.
        fdb: entries of its bridges' forwarding databases.
        rules: rules of its routing policy.
        neighbours: permanent entries of its neighbour tables.
        nsids: its own numbers of other namespaces -> their inode.
        settings: settings of all links ("all").
    """

    name: str
    inode: int
    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    fdb: tuple[FdbEntry, ...] = ()
    rules: tuple[Rule, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    nsids: Mapping[int, int] = field(default_factory=dict)
    settings: Settings = Settings()

    def interface(self, name: str) -> Interface | None:
        """Return the interface of that name, or None."""
        return next((i for i in self.interfaces if i.name == name), None)

    def by_index(self, index: int | None) -> Interface | None:
        """Return the interface of that index, or None."""
        return next((i for i in self.interfaces if i.index == index), None)

    def inode_of(self, nsid: int | None) -> int | None:
        """Return the inode of the namespace that this one knows by a number, or None."""
        return None if nsid is None else self.nsids.get(nsid)

    def route_to(self, address: Address) -> Route | None:
        """Return the most specific route to an address, if neither rules nor tables choose one."""
        if self.rules:
            return None
        fitting = [r for r in self.routes if address in r.destination and not r.elsewhere]
        return max(fitting, key=lambda r: (r.destination.prefixlen, -r.metric), default=None)

    def ports_of(self, master: Interface) -> tuple[Interface, ...]:
        """List the interfaces enslaved to master."""
        return tuple(i for i in self.interfaces if i.master == master.index)


@dataclass(frozen=True, slots=True)
class PodNetwork:
    """Network of a pod as the runtime reports it.

    Attributes:
        name: name of the pod.
        netns: name of its network namespace.
        addresses: its IP addresses.
        sandbox: container id that the runtime gave to the plugin.
        result: last result document of the plugin, as the runtime stored it.
        inherited: settings of its interfaces before the plugin ran, as far as podpath was there.
    """

    name: str
    netns: str
    addresses: tuple[Address, ...]
    sandbox: str
    result: Mapping[str, Any] = field(default_factory=dict)
    inherited: Inherited = Inherited()

    def address(self, family: Family) -> Address:
        """Return the pod's first address of a family.

        Raises:
            DoesNotConform: the pod has no address of the family.
        """
        for address in self.addresses:
            if address.version == family.value:
                return address
        raise DoesNotConform(f"pod {self.name} has no IPv{family.value} address")


@dataclass(frozen=True, slots=True)
class Topology:
    """A node and its pods at one moment.

    Attributes:
        node: namespace of the node itself.
        named: name -> each named namespace of the node, including those of pods.
        pods: name -> each pod that podpath created.
        foreign_pods: name -> each pod that podpath did not create, for example a cluster's own.
    """

    node: Namespace
    named: Mapping[str, Namespace]
    pods: Mapping[str, PodNetwork]
    foreign_pods: Mapping[str, PodNetwork] = field(default_factory=dict)

    @property
    def everybody(self) -> Mapping[str, PodNetwork]:
        """All pods: those that podpath created, and the others."""
        return {**self.foreign_pods, **self.pods}

    def host_ends(self) -> set[str]:
        """Return the names of the peers that the eth0 of all pods have in the node's namespace."""
        return {end.name for end in map(self.host_end, self.everybody) if end is not None}

    def of_pod(self, pod: str) -> Namespace:
        """Return the pod's namespace.

        Raises:
            Unmet: the node has no namespace of that name.
        """
        try:
            return self.named[self.everybody[pod].netns]
        except KeyError:
            error = DoesNotConform(f"pod {pod} has no named namespace on the node")
            raise Unmet(error, *UNNAMED) from None

    def host_end(self, pod: str, interface: str = "eth0") -> Interface | None:
        """Return the peer of a pod's interface in the node's namespace, or None."""
        return self._linked(pod, interface, stacked=False)

    def lower_link(self, pod: str, interface: str = "eth0") -> Interface | None:
        """Return the link of the node that a pod's interface lies on, or None."""
        return self._linked(pod, interface, stacked=True)

    def peer_in_node(self, interface: str) -> Interface | None:
        """Return the peer of an interface of the node, if it is in the node's namespace, too."""
        link = self.node.interface(interface)
        if link is None or link.peer_nsid is not None:
            return None
        return self.node.by_index(link.peer_index)

    def _linked(self, pod: str, interface: str, *, stacked: bool) -> Interface | None:
        """Return the node's link that IFLA_LINK names: the lower link if stacked, else the peer."""
        inside = self.of_pod(pod)
        link = inside.interface(interface)
        if link is None or (link.kind in STACKED) is not stacked:
            return None
        if inside.inode_of(link.peer_nsid) != self.node.inode:
            return None
        return self.node.by_index(link.peer_index)

    @property
    def default_link(self) -> str:
        """Interface of the node's first default route; empty if the node has none.

        A plugin uses it as lower link if its configuration names none (macvlan.go, loadConf).
        """
        default = (r for r in self.node.routes if not r.destination.prefixlen and r.device != "?")
        main = (r for r in default if not any(p.startswith("table ") for p in r.particulars))
        return next((route.device for route in main), "")
