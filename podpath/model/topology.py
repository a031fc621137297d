"""A node, its pods, and the interfaces, routes and settings of their namespaces."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from podpath.errors import DoesNotConform
from podpath.model.addresses import Address, AddressWithPrefix, Family, Subnet

#: Kinds of links that lie on another one (ip-link(8)): it is that which IFLA_LINK names, no peer.
STACKED = frozenset({"ipvlan", "ipvtap", "macvlan", "macvtap", "vlan"})

#: How the node's own network namespace is called wherever a namespace is named.
NODE = "node"

#: What the node's uplink leads to.
BEYOND = "beyond the node"

#: The interface that a pod has for the network of its node (kubelet and CRI call it so).
POD_INTERFACE = "eth0"


@dataclass(frozen=True, slots=True)
class Port:
    """Settings of an interface as a bridge port (linux/if_link.h, IFLA_BRPORT_*).

    switches: the other ones that change which frames pass, by the names of bridge(8).
    """

    state: str
    hairpin: bool
    isolated: bool
    learning: bool
    switches: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bridge:
    """Settings of a bridge (linux/if_link.h, IFLA_BR_*).

    ageing: seconds after which an address that was learned is forgotten.
    """

    stp: bool
    ageing: float


@dataclass(frozen=True, slots=True)
class Settings:
    """What an interface, or all of a namespace, does for others (ip-sysctl).

    forwarding: the families that it forwards; proxies: the settings by which it answers ARP for
    others, "proxy_arp" and "proxy_arp_pvlan".
    """

    forwarding: frozenset[Family] = frozenset()
    proxies: frozenset[str] = frozenset()

    def __and__(self, other: "Settings") -> "Settings":
        """What both have turned on."""
        return Settings(self.forwarding & other.forwarding, self.proxies & other.proxies)

    def __or__(self, other: "Settings") -> "Settings":
        """What either has turned on."""
        return Settings(self.forwarding | other.forwarding, self.proxies | other.proxies)

    def __sub__(self, other: "Settings") -> "Settings":
        """What this one has turned on and the other has not."""
        return Settings(self.forwarding - other.forwarding, self.proxies - other.proxies)

    def __str__(self) -> str:
        forwarded = [f"forwards IPv{f.value}" for f in Family if f in self.forwarding]
        return ", ".join([*forwarded, *sorted(self.proxies)]) or "none"


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a pod's interfaces have before any plugin sets anything, as the kernel made them.

    pod: what a new namespace starts with; node: what a new interface of the node starts with.
    """

    pod: Settings = Settings()
    node: Settings = Settings()


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface as the kernel describes it.

    kind: IFLA_INFO_KIND, empty for lo; mtu in bytes; peer_index and peer_nsid: IFLA_LINK and
    IFLA_LINK_NETNSID, the latter a number that only this namespace uses: of one that is STACKED,
    what it lies on; master: the index of what it is enslaved to; mode: of a macvlan, as
    ip-link(8) names it; queues: kinds of its queueing disciplines, the kernel's defaults left
    out; xdp: whether an XDP program is attached; forwarding: families that it forwards;
    proxy_arp: whether it answers ARP for others; promiscuous: whether somebody set it so;
    flags: what else is unusual of its flags, such as "no ARP".
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


@dataclass(frozen=True, slots=True)
class Route:
    """One route; destination 0.0.0.0/0 or ::/0 is the default route.

    particulars: what is unusual of it, such as "table 100", "blackhole" or "mtu 1400".
    """

    destination: Subnet
    gateway: Address | None
    device: str
    particulars: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the routing policy that the kernel did not make itself (ip-rule(8)).

    source, destination: what it is about, if it says; interfaces: likewise.
    """

    text: str
    source: Subnet | None = None
    destination: Subnet | None = None
    interfaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FdbEntry:
    """One entry of a bridge's forwarding database; learned means that nobody configured it."""

    mac: str
    port: str
    bridge: str
    learned: bool


@dataclass(frozen=True, slots=True)
class Namespace:
    """One network namespace at one moment.

    name: NODE, or as `ip netns list` shows it; inode: the kernel's number for it; nsids: the
    namespace's own numbers for others -> their inode; settings: those of all links.
    """

    name: str
    inode: int
    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    fdb: tuple[FdbEntry, ...] = ()
    rules: tuple[Rule, ...] = ()
    nsids: Mapping[int, int] = field(default_factory=dict)
    settings: Settings = Settings()

    def interface(self, name: str) -> Interface | None:
        """The interface of that name, or None."""
        return next((i for i in self.interfaces if i.name == name), None)

    def by_index(self, index: int | None) -> Interface | None:
        """The interface of that index, or None."""
        return next((i for i in self.interfaces if i.index == index), None)

    def inode_of(self, nsid: int | None) -> int | None:
        """The inode of the namespace that this one knows by a number, or None."""
        return None if nsid is None else self.nsids.get(nsid)

    def ports_of(self, master: Interface) -> tuple[Interface, ...]:
        """The interfaces enslaved to master."""
        return tuple(i for i in self.interfaces if i.master == master.index)


@dataclass(frozen=True, slots=True)
class PodNetwork:
    """What the runtime says of a pod's network.

    netns: the name of its namespace; sandbox: the container id that the plugin was given;
    result: the plugin's own last result document, as the runtime stored it; inherited: what its
    interfaces had before the plugin was called, as far as podpath was there.
    """

    name: str
    netns: str
    addresses: tuple[Address, ...]
    sandbox: str
    result: Mapping[str, Any] = field(default_factory=dict)
    inherited: Inherited = Inherited()

    def address(self, family: Family) -> Address:
        """The pod's first address of a family. Raises DoesNotConform if it has none."""
        for address in self.addresses:
            if address.version == family.value:
                return address
        raise DoesNotConform(f"pod {self.name} has no IPv{family.value} address")


@dataclass(frozen=True, slots=True)
class Topology:
    """A node and its pods at one moment.

    named: every named namespace of the node, by name, those of the pods among them; others: the
    pods that are not podpath's, such as a cluster's own.
    """

    node: Namespace
    named: Mapping[str, Namespace]
    pods: Mapping[str, PodNetwork]
    others: Mapping[str, PodNetwork] = field(default_factory=dict)

    @property
    def everybody(self) -> Mapping[str, PodNetwork]:
        """The pods of podpath, and the others."""
        return {**self.others, **self.pods}

    def host_ends(self) -> set[str]:
        """The names of the peers that everybody's eth0 has in the node's namespace."""
        return {end.name for end in map(self.host_end, self.everybody) if end is not None}

    def of_pod(self, pod: str) -> Namespace:
        """The pod's namespace. Raises DoesNotConform if the node has none of that name."""
        try:
            return self.named[self.everybody[pod].netns]
        except KeyError:
            raise DoesNotConform(f"pod {pod} has no named namespace on the node") from None

    def host_end(self, pod: str, interface: str = "eth0") -> Interface | None:
        """The peer of a pod's interface in the node's namespace, or None if there is none."""
        return self._linked(pod, interface, stacked=False)

    def lower_link(self, pod: str, interface: str = "eth0") -> Interface | None:
        """What a pod's interface lies on in the node's namespace, or None if it does on nothing."""
        return self._linked(pod, interface, stacked=True)

    def _linked(self, pod: str, interface: str, *, stacked: bool) -> Interface | None:
        """What IFLA_LINK names, where that is in the node's namespace, and means that."""
        inside = self.of_pod(pod)
        link = inside.interface(interface)
        if link is None or (link.kind in STACKED) is not stacked:
            return None
        if inside.inode_of(link.peer_nsid) != self.node.inode:
            return None
        return self.node.by_index(link.peer_index)

    @property
    def default_link(self) -> str:
        """The interface of the node's first default route; empty if it has none.

        What a plugin takes for its lower link that is given none (macvlan.go, loadConf).
        """
        default = (r for r in self.node.routes if not r.destination.prefixlen and r.device != "?")
        main = (r for r in default if not any(p.startswith("table ") for p in r.particulars))
        return next((route.device for route in main), "")
