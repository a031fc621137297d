"""The kernel's network state as plain values, read by netlink. The only user of pyroute2."""

import errno
import select
import socket
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any, TypeVar

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
    PodNetwork,
    Port,
    Route,
    Topology,
)

T = TypeVar("T")

_ATTEMPTS = 20
_IFF_UP = 0x1
_NTF_SELF = 0x2
_NSID_NOT_ASSIGNED = 0xFFFFFFFF  # -1, read unsigned
_NUD_NOARP = 0x40
_NUD_PERMANENT = 0x80
_RTN_UNICAST = 1
_RT_TABLE_MAIN = 254
_STATES = ("disabled", "listening", "learning", "forwarding", "blocking")
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
    from pyroute2 import NetlinkError

    for _ in range(_ATTEMPTS):
        try:
            return netns.run_in(path, lambda: _namespace(name, paths, inodes))
        except _ChangedMeanwhile:
            continue
        except (OSError, NetlinkError) as error:
            raise CouldNotTest(
                f"namespace {name} could not be read, it or another one may have vanished: {error}",
                "See what adds and removes pods on this node meanwhile",
            ) from None
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
        interfaces = tuple(_interface(link, addresses) for link in links)
        bridged = any(interface.bridge for interface in interfaces)
        space = Namespace(
            name=name,
            inode=inodes[name],
            interfaces=interfaces,
            routes=tuple(_routes(netlink.get_routes(), names)),
            fdb=tuple(_fdb(netlink.fdb("dump"), names)) if bridged else (),
            nsids=_nsids(netlink, paths, inodes),
            forwarding=frozenset(f for f in Family if _forwards(f)),
        )
        if select.select([changes], [], [], 0)[0]:
            raise _ChangedMeanwhile
        return space


def _listener() -> socket.socket:
    """A socket that becomes readable when links, addresses or routes change here."""
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    listener.bind((0, _CHANGES))
    return listener


def _interface(link: Any, addresses: Iterable[Any]) -> Interface:
    info = link.get_attr("IFLA_LINKINFO")
    kind = (info.get_attr("IFLA_INFO_KIND") if info else None) or ""
    return Interface(
        index=link["index"],
        name=link.get_attr("IFLA_IFNAME"),
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
    )


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
    )


def _bridge(info: Any) -> Bridge | None:
    data = info.get_attr("IFLA_INFO_DATA")
    if data is None:
        return None
    return Bridge(
        stp=bool(data.get_attr("IFLA_BR_STP_STATE")),
        vlan_filtering=bool(data.get_attr("IFLA_BR_VLAN_FILTERING")),
    )


def _routes(messages: Iterable[Any], names: Mapping[int, str]) -> Iterable[Route]:
    for message in messages:
        if message["type"] != _RTN_UNICAST or message.get_attr("RTA_TABLE") != _RT_TABLE_MAIN:
            continue
        family = Family.IPV4 if message["family"] == socket.AF_INET else Family.IPV6
        target = message.get_attr("RTA_DST") or ANYWHERE[family]
        gateway = message.get_attr("RTA_GATEWAY")
        yield Route(
            destination=ip_network((target, message["dst_len"])),
            gateway=ip_address(gateway) if gateway else None,
            device=names.get(message.get_attr("RTA_OIF"), "?"),
        )


def _fdb(messages: Iterable[Any], names: Mapping[int, str]) -> Iterable[FdbEntry]:
    for message in messages:
        master = message.get_attr("NDA_MASTER")
        if master is None or message["flags"] & _NTF_SELF:
            continue
        yield FdbEntry(
            mac=message.get_attr("NDA_LLADDR"),
            port=names.get(message["ifindex"], "?"),
            bridge=names.get(master, "?"),
            learned=not message["state"] & _NUD_PERMANENT,
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


def _forwards(family: Family) -> bool:
    setting = Path(f"/proc/sys/net/ipv{family.value}/conf/all/forwarding")
    return setting.exists() and setting.read_text().strip() == "1"


def forget_neighbours(namespace: str) -> None:
    """Flush the neighbour tables of the namespace at this path, so that it asks again."""

    def work() -> None:
        from pyroute2 import IPRoute

        with IPRoute() as netlink:
            for message in netlink.get_neighbours():
                if not message["state"] & (_NUD_PERMANENT | _NUD_NOARP):
                    _forget(netlink, message)

    _neighbourly(namespace, work)


def _forget(netlink: Any, message: Any) -> None:
    from pyroute2 import NetlinkError

    try:
        netlink.neigh(
            "del",
            dst=message.get_attr("NDA_DST"),
            ifindex=message["ifindex"],
            family=message["family"],
        )
    except NetlinkError as error:
        if error.code != errno.ENOENT:  # forgotten meanwhile
            raise


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

    return _neighbourly(namespace, work)


def _neighbourly(namespace: str, work: Callable[[], T]) -> T:
    """Do work in a namespace. Raises CouldNotTest if the kernel does not let us."""
    from pyroute2 import NetlinkError

    try:
        return netns.run_in(namespace, work)
    except (OSError, NetlinkError) as error:
        raise CouldNotTest(
            f"the neighbours of namespace {namespace} could not be read or forgotten: {error}"
        ) from None
