"""Messages about interfaces, as typed values. Pure."""

from functools import cached_property
from typing import ClassVar

from podpath.errors import CouldNotTest
from podpath.system.netlink.attributes import Attributes
from podpath.system.netlink.framing import Volatile
from podpath.system.netlink.message import FamilyMessage

_AF_UNSPEC = 0  # sys/socket.h
_IFF_UP, _IFF_PROMISC = 0x1, 0x100  # linux/if.h
# Switches of a bridge port, besides learning and isolation: attribute -> bridge(8)'s name.
_SWITCHES = {
    "IFLA_BRPORT_UNICAST_FLOOD": "flood",
    "IFLA_BRPORT_MCAST_FLOOD": "mcast_flood",
    "IFLA_BRPORT_BCAST_FLOOD": "bcast_flood",
    "IFLA_BRPORT_GUARD": "guard",
    "IFLA_BRPORT_PROXYARP": "proxy_arp",
    "IFLA_BRPORT_PROXYARP_WIFI": "proxy_arp_wifi",
    "IFLA_BRPORT_NEIGH_SUPPRESS": "neigh_suppress",
    "IFLA_BRPORT_LOCKED": "locked",
    "IFLA_BRPORT_MAB": "mab",
    "IFLA_BRPORT_VLAN_TUNNEL": "vlan_tunnel",
    # the index of a link, which the kernel gives only if there is one
    "IFLA_BRPORT_BACKUP_PORT": "backup_port",
}

_VLAN_PVID, _VLAN_UNTAGGED = 0x2, 0x4  # linux/if_bridge.h, BRIDGE_VLAN_INFO_*
_IPVLAN_MODES = {0: "l2", 1: "l3", 2: "l3s"}  # linux/if_link.h, enum ipvlan_mode


class LinkMessage(FamilyMessage):
    """An interface."""

    NEW = 16  # RTM_NEWLINK
    FIXED = 16  # struct ifinfomsg
    VOLATILE: ClassVar[Volatile] = {
        7: None,  # IFLA_STATS
        23: None,  # IFLA_STATS64
        18: {  # IFLA_LINKINFO
            2: dict.fromkeys((16, 17, 18, 19)),  # IFLA_INFO_DATA: IFLA_BR_*_TIMER
            5: dict.fromkeys((21, 22, 23)),  # IFLA_INFO_SLAVE_DATA: IFLA_BRPORT_*_TIMER
        },
    }

    @property
    def is_general(self) -> bool:
        """True for the interface itself, False for a bridge's view of its port."""
        return self._family == _AF_UNSPEC

    @cached_property
    def index(self) -> int:
        """The number of the interface in its namespace."""
        return self._attributes.field("index", "the index of an interface")

    @cached_property
    def flags(self) -> int:
        """IFF_* of linux/if.h."""
        return self._attributes.field("flags", "the flags of an interface")

    @property
    def is_up(self) -> bool:
        """True if the interface was set up."""
        return bool(self.flags & _IFF_UP)

    @property
    def is_promiscuous(self) -> bool:
        """True if the interface was set promiscuous; sniffers do not count (dev_get_flags)."""
        return bool(self.flags & _IFF_PROMISC)

    @cached_property
    def name(self) -> str:
        """The name of the interface."""
        if name := self._attributes.text("IFLA_IFNAME", "the name of an interface"):
            return name
        raise CouldNotTest(f"the kernel gives interface {self.index} no name")

    @cached_property
    def mac(self) -> str:
        """The link-layer address; empty if the interface has none."""
        return self._attributes.text("IFLA_ADDRESS", "a MAC address")

    @cached_property
    def mtu(self) -> int:
        """The MTU, in bytes."""
        return self._attributes.number("IFLA_MTU", "an MTU")

    @cached_property
    def mtu_of_ipv6(self) -> int | None:
        """The MTU of IPv6 packets, in bytes; None if the interface has no IPv6."""
        families = self._attributes.nested("IFLA_AF_SPEC")
        own = families.nested("AF_INET6") if families and self.is_general else None
        configured = own.nested("IFLA_INET6_CONF") if own else None
        return configured.field("mtu", "an MTU of IPv6") if configured else None

    @cached_property
    def master(self) -> int | None:
        """The index of the master, such as a bridge; None without a master."""
        return self._attributes.number_if_any("IFLA_MASTER", "the index of a master")

    @cached_property
    def peer_index(self) -> int | None:
        """The index of the peer, or of the lower link; None without one."""
        return self._attributes.number_if_any("IFLA_LINK", "the index of a peer")

    @cached_property
    def peer_nsid(self) -> int | None:
        """The number of the peer's namespace; None if the peer is in the same namespace."""
        return self._attributes.number_if_any("IFLA_LINK_NETNSID", "a namespace id")

    @cached_property
    def has_xdp(self) -> bool:
        """True if an XDP program is attached."""
        xdp = self._attributes.nested("IFLA_XDP")
        return xdp is not None and xdp.has("IFLA_XDP_ATTACHED")

    @cached_property
    def kind(self) -> str:
        """The kind of link, such as "veth"; empty if the kernel names none."""
        info = self._info
        return info.text("IFLA_INFO_KIND", "the kind of a link") if info else ""

    @cached_property
    def bridge(self) -> "BridgeAttributes | None":
        """The attributes of a bridge; None for other kinds."""
        data = self._data("bridge")
        return BridgeAttributes(data) if data else None

    @cached_property
    def port(self) -> "PortAttributes | None":
        """The attributes of a bridge's port; None for other links."""
        info = self._info
        if info is None or info.text("IFLA_INFO_SLAVE_KIND", "the kind of a master") != "bridge":
            return None
        data = info.nested("IFLA_INFO_SLAVE_DATA")
        return PortAttributes(data) if data else None

    @cached_property
    def mode(self) -> str:
        """The mode of a macvlan or ipvlan, as ip-link(8) names it; empty for other kinds."""
        if macvlan := self._data("macvlan"):
            return macvlan.text("IFLA_MACVLAN_MODE", "the mode of a link")
        if ipvlan := self._data("ipvlan"):
            mode = ipvlan.number("IFLA_IPVLAN_MODE", "the mode of a link")
            return _IPVLAN_MODES.get(mode, f"unknown mode {mode}")
        return ""

    @cached_property
    def vlans(self) -> tuple["VlanAttributes", ...]:
        """The VLANs of a port or bridge; only in a bridge's view of it."""
        spec = self._attributes.nested("IFLA_AF_SPEC")
        found = spec.each("IFLA_BRIDGE_VLAN_INFO") if spec and not self.is_general else ()
        return tuple(map(VlanAttributes, found))

    @property
    def _info(self) -> Attributes | None:
        return self._attributes.nested("IFLA_LINKINFO")

    def _data(self, kind: str) -> Attributes | None:
        info = self._info
        return info.nested("IFLA_INFO_DATA") if info and self.kind == kind else None


class BridgeAttributes:
    """The attributes of a link as a bridge."""

    def __init__(self, data: Attributes) -> None:
        self._data = data

    @cached_property
    def stp(self) -> bool:
        """True if STP runs."""
        return self._data.number("IFLA_BR_STP_STATE", "a bridge's STP state") != 0

    @cached_property
    def ageing(self) -> int:
        """The ageing time of a learned MAC address, in hundredths of a second."""
        return self._data.number("IFLA_BR_AGEING_TIME", "a bridge's ageing time")

    @cached_property
    def vlan_filtering(self) -> bool:
        """True if the bridge keeps VLANs apart; False if the kernel cannot."""
        return bool(self._data.number_if_any("IFLA_BR_VLAN_FILTERING", "a bridge's filter"))


class VlanAttributes:
    """The membership of a bridge port in a VLAN."""

    def __init__(self, data: Attributes) -> None:
        self._data = data

    @cached_property
    def number(self) -> int:
        """The VLAN ID."""
        return self._data.field("vid", "the VLAN of a port")

    @property
    def is_pvid(self) -> bool:
        """True if untagged frames that come in belong to the VLAN."""
        return bool(self._flags & _VLAN_PVID)

    @property
    def is_untagged(self) -> bool:
        """True if the port sends frames of the VLAN without a tag."""
        return bool(self._flags & _VLAN_UNTAGGED)

    @cached_property
    def _flags(self) -> int:
        return self._data.field("flags", "the flags of a port's VLAN")


class PortAttributes:
    """The attributes of a link as a port of a bridge."""

    def __init__(self, data: Attributes) -> None:
        self._data = data

    @cached_property
    def state(self) -> int:
        """The state, as STP numbers states."""
        return self._data.number("IFLA_BRPORT_STATE", "the state of a bridge port")

    @cached_property
    def hairpin(self) -> bool:
        """True if frames may leave by the port that they came in by."""
        return self._data.number("IFLA_BRPORT_MODE", "a port's hairpin mode") != 0

    @cached_property
    def learning(self) -> bool:
        """True if the bridge learns MAC addresses on the port."""
        return self._data.number("IFLA_BRPORT_LEARNING", "a port's learning") != 0

    @cached_property
    def isolated(self) -> bool:
        """True if the port is isolated; False if the kernel cannot isolate ports."""
        return bool(self._data.number_if_any("IFLA_BRPORT_ISOLATED", "a port's isolation"))

    @property
    def switches(self) -> dict[str, bool]:
        """The other switches, by bridge(8)'s names, without those that the kernel does not have."""
        return {
            name: bool(value)
            for attribute, name in _SWITCHES.items()
            if (value := self._data.number_if_any(attribute, f"a port's {name}")) is not None
        }
