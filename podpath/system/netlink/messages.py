"""Messages about addresses, routes, rules, neighbours and others, as typed values. Pure."""

from functools import cached_property
from ipaddress import ip_interface
from typing import ClassVar

from podpath.errors import CouldNotTest
from podpath.model import Address, AddressWithPrefix
from podpath.system.netlink.framing import Volatile
from podpath.system.netlink.message import FamilyMessage, Message

_NTF_SELF, _NTF_STICKY = 0x2, 0x40  # linux/neighbour.h
_NUD_INCOMPLETE, _NUD_FAILED, _NUD_NOARP, _NUD_PERMANENT = 0x01, 0x20, 0x40, 0x80
_CLONED = 0x200  # RTM_F_CLONED, linux/rtnetlink.h
_EVERYWHERE = 0  # RT_SCOPE_UNIVERSE
_IFA_F_DADFAILED, _IFA_F_DEPRECATED = 0x08, 0x20  # linux/if_addr.h
_FOR_GOOD = 0xFFFFFFFF  # INFINITY_LIFE_TIME, include/net/addrconf.h
# Metrics of a route: attribute -> ip-route(8)'s name.
_LIMITS = {
    "RTAX_MTU": "mtu",
    "RTAX_ADVMSS": "advmss",
    "RTAX_HOPLIMIT": "hoplimit",
    "RTAX_WINDOW": "window",
    "RTAX_RTO_MIN": "rto_min",
}
_NSID_NOT_ASSIGNED = 0xFFFFFFFF  # -1, read unsigned


class AddressMessage(FamilyMessage):
    """An address of an interface."""

    NEW = 20  # RTM_NEWADDR

    @cached_property
    def index(self) -> int:
        """The index of the interface that has the address."""
        return self._attributes.field("index", "the index of an interface")

    @property
    def is_global(self) -> bool:
        """True if the address is valid everywhere, not only on its link."""
        return self.scope == _EVERYWHERE

    @property
    def is_for_good(self) -> bool:
        """True if the kernel never removes the address by itself."""
        times = self._attributes.nested("IFA_CACHEINFO")
        return times is None or times.field("ifa_valid", "the time of an address") == _FOR_GOOD

    @property
    def is_deprecated(self) -> bool:
        """True if new connections use another address, if there is one (RFC 4862, section 5.5.4).

        The kernel sets the flag of an IPv4 address, too.
        """
        return bool(self._flags & _IFA_F_DEPRECATED)

    @property
    def is_duplicate(self) -> bool:
        """True if another host answered for the address, which the kernel then does not use."""
        return bool(self._flags & _IFA_F_DADFAILED)

    @property
    def scope(self) -> int:
        """The scope of the address, RT_SCOPE_* of linux/rtnetlink.h."""
        return self._attributes.field("scope", "the scope of an address")

    @property
    def broadcast(self) -> Address | None:
        """The broadcast address of an IPv4 address; None without one."""
        return self._attributes.address("IFA_BROADCAST", "a broadcast address")

    @property
    def _flags(self) -> int:
        what = "the flags of an address"
        flags = self._attributes.number_if_any("IFA_FLAGS", what)
        return self._attributes.field("flags", what) if flags is None else flags

    @property
    def is_refreshed(self) -> bool:
        """True if only the lifetime is new, as after each router advertisement."""
        times = self._attributes.nested("IFA_CACHEINFO")
        return times is not None and (
            times.field("cstamp", "the time of an address")
            != times.field("tstamp", "the time of an address")
        )

    @cached_property
    def address(self) -> AddressWithPrefix:
        """The address, with the prefix of its network."""
        # IFA_ADDRESS is the peer's on a point-to-point link; IFA_LOCAL, if present, is our own
        what = "an address of an interface"
        address = self._attributes.address("IFA_LOCAL", what)
        address = address or self._attributes.address("IFA_ADDRESS", what)
        if address is None:
            raise CouldNotTest(f"the kernel gives interface {self.index} an address without bytes")
        length = self._attributes.field("prefixlen", "the length of a prefix")
        if not 0 <= length <= address.max_prefixlen:
            raise CouldNotTest(f"the kernel gives {address} a prefix of {length} bits")
        return ip_interface((address, length))


class RouteMessage(FamilyMessage):
    """A route."""

    NEW = 24  # RTM_NEWROUTE

    @property
    def length(self) -> int:
        """The length of the destination's prefix, in bits."""
        return self._attributes.field("dst_len", "the length of a route's prefix")

    @property
    def protocol(self) -> int:
        """The origin of the route, RTPROT_* of linux/rtnetlink.h."""
        return self._attributes.field("proto", "the origin of a route")

    @property
    def kind(self) -> int:
        """The type of route, RTN_* of linux/rtnetlink.h."""
        return self._attributes.field("type", "the type of a route")

    @cached_property
    def destination(self) -> Address | None:
        """The first address of the destination; None for a default route."""
        return self._attributes.address("RTA_DST", "the target of a route")

    @cached_property
    def gateway(self) -> Address | None:
        """The gateway, of any family; None for a direct route."""
        what = "the gateway of a route"
        own = self._attributes.address("RTA_GATEWAY", what)
        return own or self._attributes.via("RTA_VIA", what)

    @cached_property
    def device(self) -> int | None:
        """The index of the outgoing interface; None without one, or with several."""
        return self._attributes.number_if_any("RTA_OIF", "the interface of a route")

    @cached_property
    def table(self) -> int:
        """The number of the route's table."""
        table = self._attributes.number_if_any("RTA_TABLE", "the table of a route")
        return self._attributes.field("table", "the table of a route") if table is None else table

    @property
    def is_learned(self) -> bool:
        """True for a copy of a route, with what an ICMP error told of one destination.

        A dump has these, too (net/ipv4/fib_trie.c, fib_dump_info_fnhe).
        """
        return bool(self._attributes.field("flags", "the flags of a route") & _CLONED)

    @cached_property
    def has_several_hops(self) -> bool:
        """True if the route has several next hops."""
        return self._attributes.has("RTA_MULTIPATH")

    @cached_property
    def limits(self) -> dict[str, int]:
        """The metrics that bound packets or connections, by ip-route(8)'s names.

        Those that only tune how fast a connection is, such as its first window, are left out.
        """
        metrics = self._attributes.nested("RTA_METRICS")
        values = {
            name: metrics.number_if_any(attribute, f"the {name} of a route") if metrics else None
            for attribute, name in _LIMITS.items()
        }
        return {name: value for name, value in values.items() if value}

    @property
    def expires(self) -> bool:
        """True if the kernel removes the route by itself after a time."""
        times = self._attributes.nested("RTA_CACHEINFO")
        return times is not None and times.field("rta_expires", "the end of a route") != 0

    @cached_property
    def metric(self) -> int:
        """The metric of the route; 0 without one."""
        return self._attributes.number_if_any("RTA_PRIORITY", "the metric of a route") or 0

    @property
    def scope(self) -> int:
        """The scope of the route, RT_SCOPE_* of linux/rtnetlink.h."""
        return self._attributes.field("scope", "the scope of a route")


class RuleMessage(FamilyMessage):
    """A routing rule."""

    NEW = 32  # RTM_NEWRULE

    @cached_property
    def table(self) -> int:
        """The number of the table that the rule leads to."""
        table = self._attributes.number_if_any("FRA_TABLE", "the table of a rule")
        return self._attributes.field("table", "the table of a rule") if table is None else table

    @cached_property
    def priority(self) -> int:
        """The place of the rule among all rules."""
        return self._attributes.number_if_any("FRA_PRIORITY", "the priority of a rule") or 0

    @cached_property
    def source(self) -> tuple[Address, int] | None:
        """The address and the length of the prefix that sources must match; None for any source."""
        return self._end("FRA_SRC", "src_len")

    @cached_property
    def destination(self) -> tuple[Address, int] | None:
        """The address and prefix length that destinations must match; None for any destination."""
        return self._end("FRA_DST", "dst_len")

    @cached_property
    def interfaces(self) -> tuple[str, ...]:
        """The names of the interfaces that packets come in by, or leave by."""
        ends = ("FRA_IIFNAME", "FRA_OIFNAME")
        names = (self._attributes.text(end, "the interface of a rule") for end in ends)
        return tuple(name for name in names if name)

    def _end(self, name: str, length: str) -> tuple[Address, int] | None:
        address = self._attributes.address(name, "the address of a rule")
        if address is None:
            return None
        return address, self._attributes.field(length, "the length of a rule's prefix")


class QueueMessage(Message):
    """A queueing discipline."""

    NEW = 36  # RTM_NEWQDISC

    @cached_property
    def index(self) -> int:
        """The index of the interface that has the discipline."""
        return self._attributes.field("index", "the index of an interface")

    @cached_property
    def kind(self) -> str:
        """The name of the discipline."""
        if kind := self._attributes.text("TCA_KIND", "a queueing discipline"):
            return kind
        raise CouldNotTest(f"the kernel gives interface {self.index} a queue without a name")


class NeighbourMessage(FamilyMessage):
    """A neighbour, or an entry of a bridge's FDB."""

    NEW = 28  # RTM_NEWNEIGH
    FIXED = 12  # struct ndmsg
    VOLATILE: ClassVar[Volatile] = {3: None, 4: None}  # NDA_CACHEINFO, NDA_PROBES

    @property
    def address_family(self) -> int:
        """The address family, AF_*."""
        return self._family

    @property
    def index(self) -> int:
        """The index of the interface that leads to the neighbour."""
        return self._attributes.field("ifindex", "the interface of a neighbour")

    @property
    def is_of_link(self) -> bool:
        """True for an entry of the link's own filter, False for one of the bridge."""
        return bool(self._flags & _NTF_SELF)

    @property
    def is_static(self) -> bool:
        """True if the entry was set, not learned."""
        state = self._attributes.field("state", "the state of a neighbour")
        return bool(state & (_NUD_PERMANENT | _NUD_NOARP))

    @property
    def is_permanent(self) -> bool:
        """True if the entry stays until it is deleted; the kernel makes none by itself."""
        state = self._attributes.field("state", "the state of a neighbour")
        return bool(state & _NUD_PERMANENT)

    @property
    def is_unresolved(self) -> bool:
        """True if requests for the MAC address have no answer, so far or for good."""
        state = self._attributes.field("state", "the state of a neighbour")
        return bool(state & (_NUD_INCOMPLETE | _NUD_FAILED))

    @property
    def is_sticky(self) -> bool:
        """True if the entry never moves to another port."""
        return bool(self._flags & _NTF_STICKY)

    @property
    def _flags(self) -> int:
        return self._attributes.field("flags", "the flags of a neighbour")

    @cached_property
    def address(self) -> Address | None:
        """The IP address; None for an FDB entry."""
        return self._attributes.address("NDA_DST", "the address of a neighbour")

    @cached_property
    def mac(self) -> str:
        """The link-layer address; empty if unknown."""
        return self._attributes.text("NDA_LLADDR", "the MAC address of a neighbour")

    @cached_property
    def master(self) -> int | None:
        """The index of the bridge that has the entry; None for entries of no bridge."""
        return self._attributes.number_if_any("NDA_MASTER", "the bridge of an FDB entry")


class NamespaceIdMessage(Message):
    """A namespace's number for another one."""

    NEW = 88  # RTM_NEWNSID

    @property
    def number(self) -> int | None:
        """The number; None if the kernel has not assigned one."""
        number = self._attributes.number_if_any("NETNSA_NSID", "a namespace id")
        return None if number is None or not 0 <= number < _NSID_NOT_ASSIGNED else number
