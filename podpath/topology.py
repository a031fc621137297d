"""The kernel's network state as plain values, read by netlink. The only user of pyroute2."""

import select
import socket
from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any

from podpath import netns
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
    Network,
    PodNetwork,
    Port,
    Route,
    Rule,
    Topology,
)

_ATTEMPTS = 20
_IFF_UP = 0x1
_NTF_SELF = 0x2
_NSID_NOT_ASSIGNED = 0xFFFFFFFF  # -1, read unsigned
_NTF_STICKY = 0x40
_NUD_NOARP = 0x40
_NUD_PERMANENT = 0x80
_RT_TABLE_MAIN = 254
_RTPROT_KERNEL = 2
# Routes that a namespace has for what is itself (linux/rtnetlink.h, RTN_*).
_ITSELF = frozenset({"local", "broadcast", "anycast", "multicast"})
_ROUTE_TYPES = (
    *("unspecified", "unicast", "local", "broadcast", "anycast", "multicast"),
    *("blackhole", "unreachable", "prohibit", "throw", "nat", "xresolve"),
)
# The kernel's own: local, main and default, the last one not for IPv6 (fib_default_rules_init).
_KERNELS_RULES = frozenset({(0, 255), (32766, 254), (32767, 253)})
_DEFAULT_QUEUES = frozenset({"noqueue", "pfifo_fast", "fq_codel", "fq", "mq"})
# What frames a bridge port lets pass, beside learning and isolation: attribute -> bridge(8)'s name.
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
_FAMILIES = {socket.AF_INET: Family.IPV4, socket.AF_INET6: Family.IPV6}
# linux/rtnetlink.h: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, and IPv6's
_CHANGES = 0x1 | 0x10 | 0x40 | 0x100 | 0x400


class _ChangedMeanwhile(Exception):
    pass


def read(node: str, named: Mapping[str, str], pods: Iterable[PodNetwork]) -> Topology:
    """Read the node and all its named namespaces.

    node: path of its network namespace; named: name -> path of every other. Each namespace
    is one consistent snapshot: if anything changed while it was read, it is read again.
    Raises CouldNotTest if it does not settle or cannot be entered.
    """
    paths = {NODE: node, **named}
    inodes = {name: netns.inode(path) for name, path in paths.items()}
    spaces = {name: _consistent(name, path, paths, inodes) for name, path in paths.items()}
    return Topology(node=spaces.pop(NODE), named=spaces, pods={pod.name: pod for pod in pods})


def _consistent(
    name: str, path: str, paths: Mapping[str, str], inodes: Mapping[str, int]
) -> Namespace:
    for _ in range(_ATTEMPTS):
        try:
            return netns.run_in(path, lambda: _namespace(name, paths, inodes))
        except _ChangedMeanwhile:
            continue
    raise CouldNotTest(
        f"the interfaces of namespace {name} changed in each of {_ATTEMPTS} readings",
        "See what adds and removes pods on this node meanwhile",
    )


def _namespace(name: str, paths: Mapping[str, str], inodes: Mapping[str, int]) -> Namespace:
    """Runs inside the namespace."""
    from pyroute2 import IPRoute

    with _listener() as changes, IPRoute() as netlink:
        links = list(netlink.get_links())
        addresses = list(netlink.get_addr())
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in links}
        queues = list(netlink.get_qdiscs())
        interfaces = tuple(_interface(link, addresses, queues) for link in links)
        bridged = any(interface.bridge for interface in interfaces)
        space = Namespace(
            name=name,
            inode=inodes[name],
            interfaces=interfaces,
            routes=tuple(_routes(netlink.get_routes(), names)),
            rules=tuple(_rules(netlink)),
            fdb=tuple(_fdb(netlink.fdb("dump"), names)) if bridged else (),
            nsids=_nsids(netlink, paths, inodes),
            forwarding=_forwarding("all"),
        )
        if select.select([changes], [], [], 0)[0]:
            raise _ChangedMeanwhile
        return space


def _listener() -> socket.socket:
    """A socket that becomes readable when links, addresses or routes change here."""
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    listener.bind((0, _CHANGES))
    return listener


def _interface(link: Any, addresses: Iterable[Any], queues: Iterable[Any]) -> Interface:
    info = link.get_attr("IFLA_LINKINFO")
    kind = (info.get_attr("IFLA_INFO_KIND") if info else None) or ""
    name = link.get_attr("IFLA_IFNAME")
    xdp = link.get_attr("IFLA_XDP")
    return Interface(
        index=link["index"],
        name=name,
        kind=kind,
        mac=link.get_attr("IFLA_ADDRESS") or "",
        mtu=link.get_attr("IFLA_MTU"),
        up=bool(link["flags"] & _IFF_UP),
        addresses=tuple(_address(a) for a in addresses if a["index"] == link["index"]),
        master=link.get_attr("IFLA_MASTER"),
        peer_index=link.get_attr("IFLA_LINK"),
        peer_nsid=link.get_attr("IFLA_LINK_NETNSID"),
        port=_port(info) if info else None,
        bridge=_bridge(info) if kind == "bridge" else None,
        queues=tuple(_queues(link["index"], queues)),
        xdp=bool(xdp and xdp.get_attr("IFLA_XDP_ATTACHED")),
        forwarding=_forwarding(name),
        proxy_arp=any(_setting(Family.IPV4, name, s) for s in ("proxy_arp", "proxy_arp_pvlan")),
    )


def _queues(index: int, queues: Iterable[Any]) -> Iterable[str]:
    kinds = (q.get_attr("TCA_KIND") for q in queues if q["index"] == index)
    return (kind for kind in kinds if kind not in _DEFAULT_QUEUES)


def _address(message: Any) -> AddressWithPrefix:
    # IFA_ADDRESS is the peer's on a point-to-point link; IFA_LOCAL, where it exists, is ours
    address = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
    return ip_interface(f"{address}/{message['prefixlen']}")


def _port(info: Any) -> Port | None:
    data = info.get_attr("IFLA_INFO_SLAVE_DATA")
    if info.get_attr("IFLA_INFO_SLAVE_KIND") != "bridge" or data is None:
        return None
    return Port(
        state=_STATES[data.get_attr("IFLA_BRPORT_STATE")],
        hairpin=bool(data.get_attr("IFLA_BRPORT_MODE")),
        isolated=bool(data.get_attr("IFLA_BRPORT_ISOLATED")),
        learning=bool(data.get_attr("IFLA_BRPORT_LEARNING")),
        switches={
            name: bool(data.get_attr(attribute))
            for attribute, name in _SWITCHES.items()
            if data.get_attr(attribute) is not None
        },
    )


def _bridge(info: Any) -> Bridge | None:
    data = info.get_attr("IFLA_INFO_DATA")
    if data is None:
        return None
    return Bridge(
        stp=bool(data.get_attr("IFLA_BR_STP_STATE")),
    )


def _routes(messages: Iterable[Any], names: Mapping[int, str]) -> Iterable[Route]:
    for message in messages:
        kind = _name(_ROUTE_TYPES, message["type"])
        own = message["proto"] == _RTPROT_KERNEL and kind in _ITSELF
        if own or message["family"] not in _FAMILIES:
            continue
        family = _FAMILIES[message["family"]]
        target = message.get_attr("RTA_DST") or ANYWHERE[family]
        gateway = message.get_attr("RTA_GATEWAY")
        yield Route(
            destination=ip_network((target, message["dst_len"])),
            gateway=ip_address(gateway) if gateway else None,
            device=names.get(message.get_attr("RTA_OIF"), "?"),
            particulars=tuple(_particulars(message, kind)),
        )


def _particulars(message: Any, kind: str) -> Iterable[str]:
    if kind != "unicast":
        yield kind
    if (table := message.get_attr("RTA_TABLE")) != _RT_TABLE_MAIN:
        yield f"table {table}"
    if message.get_attr("RTA_MULTIPATH"):
        yield "several next hops"
    metrics = message.get_attr("RTA_METRICS")
    for name in ("MTU", "ADVMSS") if metrics else ():
        if value := metrics.get_attr(f"RTAX_{name}"):
            yield f"{name.lower()} {value}"


def _name(names: tuple[str, ...], number: int) -> str:
    return names[number] if 0 <= number < len(names) else str(number)


def _rules(netlink: Any) -> Iterable[Rule]:
    for number, family in _FAMILIES.items():
        for message in netlink.get_rules(family=number):
            table = message.get_attr("FRA_TABLE") or message["table"]
            priority = message.get_attr("FRA_PRIORITY") or 0
            about = [
                _about(message, "FRA_SRC", "src_len"),
                _about(message, "FRA_DST", "dst_len"),
            ]
            links = [message.get_attr(f"FRA_{one}IFNAME") for one in "IO"]
            links = [link for link in links if link]
            if (priority, table) not in _KERNELS_RULES or any(about) or links:
                said = [f"{w} {n}" for w, n in zip(("from", "to"), about, strict=True) if n]
                text = f"IPv{family.value} {priority}: {' '.join([*said, *links])} table {table}"
                yield Rule(text.replace("  ", " "), about[0], about[1], tuple(links))


def _about(message: Any, attribute: str, length: str) -> Network | None:
    address = message.get_attr(attribute)
    return ip_network((address, message[length])) if address else None


def _fdb(messages: Iterable[Any], names: Mapping[int, str]) -> Iterable[FdbEntry]:
    for message in messages:
        master = message.get_attr("NDA_MASTER")
        if master is None or message["flags"] & _NTF_SELF:
            continue
        yield FdbEntry(
            mac=message.get_attr("NDA_LLADDR"),
            port=names.get(message["ifindex"], "?"),
            bridge=names.get(master, "?"),
            learned=not message["state"] & (_NUD_PERMANENT | _NUD_NOARP)
            and not message["flags"] & _NTF_STICKY,
        )


def _nsids(netlink: Any, paths: Mapping[str, str], inodes: Mapping[str, int]) -> dict[int, int]:
    """This namespace's numbers for the others (RTM_GETNSID), as number -> inode."""
    found = {}
    for name, path in paths.items():
        with open(path, "rb") as handle:
            number = netlink.get_netnsid(fd=handle.fileno())["nsid"]
        if number is not None and 0 <= number < _NSID_NOT_ASSIGNED:
            found[number] = inodes[name]
    return found


def _forwarding(link: str) -> frozenset[Family]:
    """The families that a link forwards; "all" stands for the namespace."""
    return frozenset(f for f in Family if _setting(f, link, "forwarding"))


def _setting(family: Family, link: str, name: str) -> bool:
    """A switch below /proc/sys/net, which shows the reader's own namespace."""
    try:
        setting = Path(f"/proc/sys/net/ipv{family.value}/conf/{link}/{name}").read_text()
    except FileNotFoundError:  # no IPv6, or the link is gone: the listener tells that
        return False
    return setting.strip() != "0"


def forget_neighbours(namespace: str) -> None:
    """Flush the neighbour tables of the namespace at this path, so that it asks again."""

    def work() -> None:
        from pyroute2 import IPRoute

        with IPRoute() as netlink:
            for message in netlink.get_neighbours():
                if not message["state"] & (_NUD_PERMANENT | _NUD_NOARP):
                    netlink.neigh(
                        "del",
                        dst=message.get_attr("NDA_DST"),
                        ifindex=message["ifindex"],
                        family=message["family"],
                    )

    netns.run_in(namespace, work)


def neighbours(namespace: str) -> dict[str, str]:
    """What the namespace at this path believes: address -> MAC."""

    def work() -> dict[str, str]:
        from pyroute2 import IPRoute

        with IPRoute() as netlink:
            return {
                m.get_attr("NDA_DST"): m.get_attr("NDA_LLADDR")
                for m in netlink.get_neighbours()
                if m.get_attr("NDA_LLADDR")
            }

    return netns.run_in(namespace, work)
