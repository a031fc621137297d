"""Read the kernel's network state by netlink, as plain values."""

import errno
import select
import socket
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Any, TypeVar

from podpath.errors import CouldNotTest
from podpath.model import (
    ANYWHERE,
    NODE,
    AddressWithPrefix,
    Bridge,
    Family,
    FdbEntry,
    Interface,
    Namespace,
    PodNetwork,
    Port,
    Route,
    Rule,
    Subnet,
    Topology,
)
from podpath.system import attributes, netns, sysctl
from podpath.system.netlink import (
    ADDRESSES,
    FDB,
    LINKS,
    QUEUES,
    ROUTES,
    RULES,
    ChangedMeanwhile,
    Questions,
    listener,
)

T = TypeVar("T")

_ATTEMPTS = 20
# linux/if.h. The kernel reports IFF_PROMISC only if it was set on the interface: sniffers do not
# count (dev_get_flags).
_IFF_UP = 0x1
_IFF_PROMISC = 0x100
_USER_HZ = 100  # ticks a second in times that the kernel reports, whatever its own HZ
_WITHOUT = {0x2: "no broadcast", 0x1000: "no multicast"}
_WITH = {0x80: "no ARP", 0x200: "all multicast"}
_NTF_SELF = 0x2
_NTF_STICKY = 0x40
_NSID_NOT_ASSIGNED = 0xFFFFFFFF  # -1, read unsigned
_NUD_NOARP = 0x40
_NUD_PERMANENT = 0x80
_RT_TABLE_MAIN = 254
_RTPROT_KERNEL = 2
# Types of routes to the namespace itself (linux/rtnetlink.h, RTN_*).
_ITSELF = frozenset({"local", "broadcast", "anycast", "multicast"})
_ROUTE_TYPES = (
    *("unspecified", "unicast", "local", "broadcast", "anycast", "multicast"),
    *("blackhole", "unreachable", "prohibit", "throw", "nat", "xresolve"),
)
# The kernel's own rules, as priority and table: local, main and default, the last one only for
# IPv4 (fib_default_rules_init).
_KERNELS_RULES = frozenset({(0, 255), (32766, 254), (32767, 253)})
_DEFAULT_QUEUES = frozenset({"noqueue", "pfifo_fast", "fq_codel", "fq", "mq"})
# Switches of a bridge port, besides learning and isolation: attribute -> bridge(8)'s name.
_SWITCHES = {
    "IFLA_BRPORT_UNICAST_FLOOD": "flood",
    "IFLA_BRPORT_MCAST_FLOOD": "mcast_flood",
    "IFLA_BRPORT_BCAST_FLOOD": "bcast_flood",
    "IFLA_BRPORT_GUARD": "guard",
    "IFLA_BRPORT_PROXYARP": "proxy_arp",
    "IFLA_BRPORT_NEIGH_SUPPRESS": "neigh_suppress",
    "IFLA_BRPORT_LOCKED": "locked",
}
_STATES = ("disabled", "listening", "learning", "forwarding", "blocking")
# Other families, such as MPLS, are ignored: pods are tested over IP.
_FAMILIES = {int(socket.AF_INET): Family.IPV4, int(socket.AF_INET6): Family.IPV6}


def read(
    node: str,
    named: Mapping[str, str],
    pods: Iterable[PodNetwork],
    foreign_pods: Iterable[PodNetwork] = (),
) -> Topology:
    """Read the node and all its named namespaces.

    Each namespace is one consistent snapshot: a change during the reading starts it again.

    Args:
        node: Path of the node's network namespace.
        named: Name of every other namespace -> its path.
        pods: Pods that podpath created.
        foreign_pods: Pods that podpath did not create.

    Raises:
        CouldNotTest: A namespace does not settle or cannot be entered, or the kernel refuses or
            gives a value that is not sound.
    """
    paths = {NODE: node, **named}
    inodes = {name: netns.inode(path) for name, path in paths.items()}
    spaces = {name: _consistent(name, path, paths, inodes) for name, path in paths.items()}
    return Topology(
        node=spaces.pop(NODE),
        named=spaces,
        pods={pod.name: pod for pod in pods},
        foreign_pods={pod.name: pod for pod in foreign_pods if pod.netns in spaces},
    )


def _consistent(
    name: str, path: str, paths: Mapping[str, str], inodes: Mapping[str, int]
) -> Namespace:
    for _ in range(_ATTEMPTS):
        try:
            return _inside(path, lambda: _namespace(name, paths, inodes))
        except ChangedMeanwhile:
            continue
    raise CouldNotTest(
        f"the interfaces of namespace {name} changed in each of {_ATTEMPTS} readings",
        "See what adds and removes pods on this node meanwhile",
    )


def _inside(path: str, work: Callable[[], T]) -> T:
    """Call work() inside the namespace at a path. Raises CouldNotTest if the kernel refuses."""
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        return netns.run_in(path, work)
    except (NetlinkError, OSError) as error:
        raise CouldNotTest(f"the kernel did not tell of the namespace at {path}: {error}") from None


def _namespace(name: str, paths: Mapping[str, str], inodes: Mapping[str, int]) -> Namespace:
    """Read the namespace of this thread. Raises ChangedMeanwhile."""
    with listener() as changes, closing(Questions()) as kernel:
        links = kernel.ask(LINKS)
        addresses = kernel.ask(ADDRESSES)
        queues = kernel.ask(QUEUES)
        interfaces = tuple(_interface(link, addresses, queues) for link in links)
        names = {interface.index: interface.name for interface in interfaces}
        bridged = any(interface.bridge for interface in interfaces)
        others = {i.peer_nsid for i in interfaces if i.peer_nsid is not None}
        space = Namespace(
            name=name,
            inode=inodes[name],
            interfaces=interfaces,
            routes=tuple(_routes(kernel.ask(ROUTES), names)),
            rules=tuple(_rules(kernel.ask(RULES))),
            fdb=tuple(_fdb(kernel.ask(FDB), names)) if bridged else (),
            nsids=_nsids(kernel, paths, inodes, others),
            settings=sysctl.of_link("all"),
        )
        if select.select([changes], [], [], 0)[0]:
            raise ChangedMeanwhile
        return space


def _family(message: Any) -> Family | None:
    return _FAMILIES.get(attributes.number(message["family"], "a family of addresses"))


def _interface(link: Any, addresses: Iterable[Any], queues: Iterable[Any]) -> Interface:
    index = attributes.number(link["index"], "the index of an interface")
    info = attributes.nested(link, "IFLA_LINKINFO")
    kind = attributes.text(
        (info.get_attr("IFLA_INFO_KIND") if info else None) or "", "the kind of a link"
    )
    name = attributes.text(link.get_attr("IFLA_IFNAME"), "the name of an interface")
    if not name:
        raise CouldNotTest(f"the kernel gives interface {index} no name")
    xdp = attributes.nested(link, "IFLA_XDP")
    flags = attributes.number(link["flags"], "the flags of an interface")
    return Interface(
        index=index,
        name=name,
        kind=kind,
        mac=attributes.text(link.get_attr("IFLA_ADDRESS") or "", "a MAC address"),
        mtu=attributes.number(link.get_attr("IFLA_MTU"), "an MTU"),
        up=bool(flags & _IFF_UP),
        addresses=tuple(
            _address(a) for a in addresses if a["index"] == index and _family(a) is not None
        ),
        master=attributes.number_if_any(link.get_attr("IFLA_MASTER"), "the index of a master"),
        peer_index=attributes.number_if_any(link.get_attr("IFLA_LINK"), "the index of a peer"),
        peer_nsid=attributes.number_if_any(link.get_attr("IFLA_LINK_NETNSID"), "a namespace id"),
        port=_port(info) if info else None,
        bridge=_bridge(info) if info and kind == "bridge" else None,
        mode=_mode(info) if info and kind == "macvlan" else "",
        queues=tuple(_queues(index, queues)),
        xdp=bool(xdp and xdp.get_attr("IFLA_XDP_ATTACHED")),
        settings=sysctl.of_link(name),
        promiscuous=bool(flags & _IFF_PROMISC),
        flags=frozenset(
            [name for flag, name in _WITH.items() if flags & flag]
            + [name for flag, name in _WITHOUT.items() if not flags & flag]
        ),
    )


def _queues(index: int, queues: Iterable[Any]) -> Iterable[str]:
    kinds = (
        attributes.text(q.get_attr("TCA_KIND"), "a queueing discipline")
        for q in queues
        if q["index"] == index
    )
    return (kind for kind in kinds if kind not in _DEFAULT_QUEUES)


def _address(message: Any) -> AddressWithPrefix:
    # IFA_ADDRESS is the peer's on a point-to-point link; IFA_LOCAL, if present, is our own
    value = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
    address = attributes.ip(value, "an address of an interface")
    prefix = attributes.number(message["prefixlen"], "the length of a prefix")
    if not 0 <= prefix <= address.max_prefixlen:
        raise CouldNotTest(f"the kernel gives {address} a prefix of {prefix} bits")
    return ip_interface((address, prefix))


def _port(info: Any) -> Port | None:
    if info.get_attr("IFLA_INFO_SLAVE_KIND") != "bridge":
        return None
    data = attributes.nested(info, "IFLA_INFO_SLAVE_DATA")
    if data is None:
        return None
    state = attributes.number(data.get_attr("IFLA_BRPORT_STATE"), "the state of a bridge port")
    return Port(
        state=_STATES[state] if 0 <= state < len(_STATES) else f"unknown state {state}",
        hairpin=bool(attributes.number(data.get_attr("IFLA_BRPORT_MODE"), "a port's hairpin mode")),
        # None from a kernel that cannot isolate ports
        isolated=bool(
            attributes.number_if_any(data.get_attr("IFLA_BRPORT_ISOLATED"), "a port's isolation")
        ),
        learning=bool(
            attributes.number(data.get_attr("IFLA_BRPORT_LEARNING"), "a port's learning")
        ),
        switches={
            name: bool(attributes.number(data.get_attr(attribute), f"a port's {name}"))
            for attribute, name in _SWITCHES.items()
            if data.get_attr(attribute) is not None
        },
    )


def _bridge(info: Any) -> Bridge | None:
    data = attributes.nested(info, "IFLA_INFO_DATA")
    if data is None:
        return None
    ageing = attributes.number(data.get_attr("IFLA_BR_AGEING_TIME"), "a bridge's ageing time")
    return Bridge(
        stp=bool(attributes.number(data.get_attr("IFLA_BR_STP_STATE"), "a bridge's STP state")),
        ageing=ageing / _USER_HZ,
    )


def _mode(info: Any) -> str:
    data = attributes.nested(info, "IFLA_INFO_DATA")
    mode = data.get_attr("IFLA_MACVLAN_MODE") if data is not None else None
    return "" if mode is None else attributes.text(mode, "the mode of a link")


def _routes(messages: Iterable[Any], names: Mapping[int, str]) -> Iterable[Route]:
    for message in messages:
        family = _family(message)
        kind = _name(_ROUTE_TYPES, attributes.number(message["type"], "the type of a route"))
        own = message["proto"] == _RTPROT_KERNEL and kind in _ITSELF
        if family is not None and not own:
            yield _route(message, family, kind, names)


def _route(message: Any, family: Family, kind: str, names: Mapping[int, str]) -> Route:
    target = attributes.ip(
        message.get_attr("RTA_DST") or str(ANYWHERE[family]), "the target of a route"
    )
    prefix = attributes.number(message["dst_len"], "the length of a route's prefix")
    # RTA_VIA: a gateway of another family than the route's own
    via = message.get_attr("RTA_GATEWAY") or message.get_attr("RTA_VIA")
    if isinstance(via, dict):
        via = via.get("addr")
    try:
        destination = ip_network((target, prefix))
    except ValueError as error:
        raise CouldNotTest(f"the kernel's route to {target}, prefix {prefix}: {error}") from None
    device = attributes.number_if_any(message.get_attr("RTA_OIF"), "the interface of a route")
    return Route(
        destination=destination,
        gateway=attributes.ip(via, "the gateway of a route") if via else None,
        device="?" if device is None else names.get(device, "?"),
        particulars=tuple(_particulars(message, kind)),
    )


def _particulars(message: Any, kind: str) -> Iterable[str]:
    if kind != "unicast":
        yield kind
    table = attributes.number_if_any(message.get_attr("RTA_TABLE"), "the table of a route")
    if table != _RT_TABLE_MAIN:
        yield f"table {table}"
    if message.get_attr("RTA_MULTIPATH"):
        yield "several next hops"
    metrics = attributes.nested(message, "RTA_METRICS")
    for name in ("MTU", "ADVMSS") if metrics else ():
        if value := attributes.number_if_any(
            metrics.get_attr(f"RTAX_{name}"), f"the {name} of a route"
        ):
            yield f"{name.lower()} {value}"


def _name(names: tuple[str, ...], number: int) -> str:
    return names[number] if 0 <= number < len(names) else str(number)


def _rules(messages: Iterable[Any]) -> Iterable[Rule]:
    for message in messages:
        family = _family(message)
        rule = _rule(message, family) if family else None
        if rule is not None:
            yield rule


def _rule(message: Any, family: Family) -> Rule | None:
    """Read a routing rule; None for the kernel's own."""
    table = message.get_attr("FRA_TABLE")
    table = attributes.number(message["table"] if table is None else table, "the table of a rule")
    priority = (
        attributes.number_if_any(message.get_attr("FRA_PRIORITY"), "the priority of a rule") or 0
    )
    source = _about(message, "FRA_SRC", "src_len")
    destination = _about(message, "FRA_DST", "dst_len")
    named = (message.get_attr(f"FRA_{end}IFNAME") for end in "IO")
    links = tuple(attributes.text(name, "the interface of a rule") for name in named if name)
    if (priority, table) in _KERNELS_RULES and not (source or destination or links):
        return None
    said = [f"from {source}"] * bool(source) + [f"to {destination}"] * bool(destination)
    text = " ".join([f"IPv{family.value} {priority}:", *said, *links, f"table {table}"])
    return Rule(text, source, destination, links)


def _about(message: Any, attribute: str, length: str) -> Subnet | None:
    if not message.get_attr(attribute):
        return None
    address = attributes.ip(message.get_attr(attribute), "the address of a rule")
    prefix = attributes.number(message[length], "the length of a rule's prefix")
    try:
        return ip_network((address, prefix), strict=False)
    except ValueError as error:
        raise CouldNotTest(f"the kernel's rule about {address}: {error}") from None


def _fdb(messages: Iterable[Any], names: Mapping[int, str]) -> Iterable[FdbEntry]:
    for message in messages:
        master = attributes.number_if_any(
            message.get_attr("NDA_MASTER"), "the bridge of an FDB entry"
        )
        if (
            master is None
            or attributes.number(message["flags"], "the flags of an FDB entry") & _NTF_SELF
        ):
            continue
        state = attributes.number(message["state"], "the state of an FDB entry")
        yield FdbEntry(
            mac=attributes.text(message.get_attr("NDA_LLADDR"), "the MAC address of an FDB entry"),
            port=names.get(attributes.number(message["ifindex"], "the port of an FDB entry"), "?"),
            bridge=names.get(master, "?"),
            learned=not state & (_NUD_PERMANENT | _NUD_NOARP)
            and not message["flags"] & _NTF_STICKY,
        )


def _nsids(
    kernel: Questions,
    paths: Mapping[str, str],
    inodes: Mapping[str, int],
    wanted: Collection[int],
) -> dict[int, int]:
    """Read this namespace's numbers for others that its links name: number -> inode."""
    found: dict[int, int] = {}
    for name, path in paths.items():
        if all(number in found for number in wanted):
            break
        with open(path, "rb") as handle:
            number = kernel.number_of(handle.fileno())
        if number is not None and 0 <= number < _NSID_NOT_ASSIGNED:
            found[number] = inodes[name]
    return found


def filters_bridged(namespace: str, family: Family = Family.IPV4) -> bool:
    """Return whether iptables filters bridged packets in the namespace at a path (br_netfilter).

    Raises:
        CouldNotTest: The namespace cannot be entered, or its setting cannot be read.
    """
    tables = "iptables" if family is Family.IPV4 else "ip6tables"

    def work() -> bool:
        try:
            return Path(f"/proc/sys/net/bridge/bridge-nf-call-{tables}").read_text().strip() != "0"
        except FileNotFoundError:
            return False

    return _inside(namespace, work)


def forget_neighbours(namespace: str) -> None:
    """Flush the neighbour tables of the namespace at a path, so that it sends requests again.

    Raises:
        CouldNotTest: The namespace cannot be entered, or the kernel refuses.
    """

    def work() -> None:
        from pyroute2 import IPRoute

        with IPRoute() as netlink:
            for message in netlink.get_neighbours():
                if not message["state"] & (_NUD_PERMANENT | _NUD_NOARP):
                    _forget(netlink, message)

    _inside(namespace, work)


def _forget(netlink: Any, neighbour: Any) -> None:
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        netlink.neigh(
            "del",
            dst=neighbour.get_attr("NDA_DST"),
            ifindex=neighbour["ifindex"],
            family=neighbour["family"],
        )
    except NetlinkError as error:
        if error.code != errno.ENOENT:  # the kernel has already removed the entry
            raise


def neighbours(namespace: str) -> dict[str, str]:
    """Read the neighbour tables of the namespace at a path.

    Returns:
        IP address -> MAC address.

    Raises:
        CouldNotTest: The namespace cannot be entered, or the kernel refuses or gives a value that
            is not sound.
    """

    def work() -> dict[str, str]:
        from pyroute2 import IPRoute

        with IPRoute() as netlink:
            return dict(_neighbours(netlink.get_neighbours()))

    return _inside(namespace, work)


def _neighbours(messages: Iterable[Any]) -> Iterable[tuple[str, str]]:
    for message in messages:
        address, mac = message.get_attr("NDA_DST"), message.get_attr("NDA_LLADDR")
        if address and mac:
            yield (
                attributes.text(address, "the address of a neighbour"),
                attributes.text(mac, "a MAC address"),
            )
