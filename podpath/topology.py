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
    Address,
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
# Addresses and routes of others, such as MPLS, are none of a pod's IP.
_FAMILIES = {int(socket.AF_INET): Family.IPV4, int(socket.AF_INET6): Family.IPV6}

T = TypeVar("T")


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
            return _inside(path, lambda: _namespace(name, paths, inodes))
        except _ChangedMeanwhile:
            continue
    raise CouldNotTest(
        f"the interfaces of namespace {name} changed in each of {_ATTEMPTS} readings",
        "See what adds and removes pods on this node meanwhile",
    )


def _inside(path: str, work: Callable[[], T]) -> T:
    """netns.run_in, for work that asks the kernel. Raises CouldNotTest if it refuses."""
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        return netns.run_in(path, work)
    except (NetlinkError, OSError) as error:
        raise CouldNotTest(f"the kernel did not tell of the namespace at {path}: {error}") from None


def _namespace(name: str, paths: Mapping[str, str], inodes: Mapping[str, int]) -> Namespace:
    """Runs inside the namespace."""
    from pyroute2 import IPRoute

    with _listener() as changes, IPRoute() as netlink:
        links = list(netlink.get_links())
        addresses = list(netlink.get_addr())
        interfaces = tuple(_interface(link, addresses) for link in links)
        names = {interface.index: interface.name for interface in interfaces}
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


# --- what the kernel says, as sound values, or CouldNotTest ---------------------------------------


def _shown(value: object) -> str:
    return repr(value)[:80]


def _number(value: object, what: str) -> int:
    if type(value) is not int:
        raise CouldNotTest(f"the kernel gives {_shown(value)} as {what}, which is no number")
    return value


def _number_if_any(value: object, what: str) -> int | None:
    return None if value is None else _number(value, what)


def _text(value: object, what: str) -> str:
    if isinstance(value, bytes):  # a name may be any bytes; those of others are UTF-8
        value = value.decode(errors="surrogateescape")
    if not isinstance(value, str):
        raise CouldNotTest(f"the kernel gives {_shown(value)} as {what}, which is no text")
    return value


def _nested(message: Any, name: str) -> Any:
    """Attributes in an attribute, or None."""
    found = message.get_attr(name)
    if found is not None and not hasattr(found, "get_attr"):
        raise CouldNotTest(f"the kernel gives {_shown(found)} as {name}, which is not understood")
    return found


def _ip(value: object, what: str) -> Address:
    try:
        return ip_address(_text(value, what))
    except ValueError:
        raise CouldNotTest(
            f"the kernel gives {_shown(value)} as {what}, which is no address"
        ) from None


def _family(message: Any) -> Family | None:
    return _FAMILIES.get(_number(message["family"], "a family of addresses"))


def _interface(link: Any, addresses: Iterable[Any]) -> Interface:
    index = _number(link["index"], "the index of an interface")
    info = _nested(link, "IFLA_LINKINFO")
    kind = _text((info.get_attr("IFLA_INFO_KIND") if info else None) or "", "the kind of a link")
    return Interface(
        index=index,
        name=_text(link.get_attr("IFLA_IFNAME"), "the name of an interface"),
        kind=kind,
        mac=_text(link.get_attr("IFLA_ADDRESS") or "", "a MAC address"),
        mtu=_number(link.get_attr("IFLA_MTU"), "an MTU"),
        up=bool(_number(link["flags"], "the flags of an interface") & _IFF_UP),
        addresses=tuple(
            _address(a) for a in addresses if a["index"] == index and _family(a) is not None
        ),
        master=_number_if_any(link.get_attr("IFLA_MASTER"), "the index of a master"),
        peer_index=_number_if_any(link.get_attr("IFLA_LINK"), "the index of a peer"),
        peer_nsid=_number_if_any(link.get_attr("IFLA_LINK_NETNSID"), "a namespace id"),
        port=_port(info) if info else None,
        bridge=_bridge(info) if info and kind == "bridge" else None,
    )


def _address(message: Any) -> AddressWithPrefix:
    # IFA_ADDRESS is the peer's on a point-to-point link; IFA_LOCAL, where it exists, is ours
    value = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
    address = _ip(value, "an address of an interface")
    prefix = _number(message["prefixlen"], "the length of a prefix")
    if not 0 <= prefix <= address.max_prefixlen:
        raise CouldNotTest(f"the kernel gives {address} a prefix of {prefix} bits")
    return ip_interface((address, prefix))


def _port(info: Any) -> Port | None:
    if info.get_attr("IFLA_INFO_SLAVE_KIND") != "bridge":
        return None
    data = _nested(info, "IFLA_INFO_SLAVE_DATA")
    if data is None:
        return None
    state = _number(data.get_attr("IFLA_BRPORT_STATE"), "the state of a bridge port")
    return Port(
        state=_STATES[state] if 0 <= state < len(_STATES) else f"unknown state {state}",
        hairpin=bool(_number(data.get_attr("IFLA_BRPORT_MODE"), "a port's hairpin mode")),
        # unknown to a kernel that cannot isolate ports
        isolated=bool(_number_if_any(data.get_attr("IFLA_BRPORT_ISOLATED"), "a port's isolation")),
        learning=bool(_number(data.get_attr("IFLA_BRPORT_LEARNING"), "a port's learning")),
    )


def _bridge(info: Any) -> Bridge | None:
    data = _nested(info, "IFLA_INFO_DATA")
    if data is None:
        return None
    # unknown to a kernel that bridges without regard to VLANs
    filtering = _number_if_any(data.get_attr("IFLA_BR_VLAN_FILTERING"), "a bridge's VLAN filtering")
    return Bridge(
        stp=bool(_number(data.get_attr("IFLA_BR_STP_STATE"), "a bridge's STP state")),
        vlan_filtering=bool(filtering),
    )


def _routes(messages: Iterable[Any], names: Mapping[int, str]) -> Iterable[Route]:
    for message in messages:
        family = _family(message)
        table = message.get_attr("RTA_TABLE")
        if family is not None and message["type"] == _RTN_UNICAST and table == _RT_TABLE_MAIN:
            yield _route(message, family, names)


def _route(message: Any, family: Family, names: Mapping[int, str]) -> Route:
    target = _ip(message.get_attr("RTA_DST") or str(ANYWHERE[family]), "the target of a route")
    prefix = _number(message["dst_len"], "the length of a route's prefix")
    # RTA_VIA: a gateway of another family than the route's own
    via = message.get_attr("RTA_GATEWAY") or message.get_attr("RTA_VIA")
    if isinstance(via, dict):
        via = via.get("addr")
    try:
        destination = ip_network((target, prefix))
    except ValueError as error:
        raise CouldNotTest(f"the kernel's route to {target}, prefix {prefix}: {error}") from None
    device = _number_if_any(message.get_attr("RTA_OIF"), "the interface of a route")
    return Route(
        destination=destination,
        gateway=_ip(via, "the gateway of a route") if via else None,
        device="?" if device is None else names.get(device, "?"),
    )


def _fdb(messages: Iterable[Any], names: Mapping[int, str]) -> Iterable[FdbEntry]:
    for message in messages:
        master = _number_if_any(message.get_attr("NDA_MASTER"), "the bridge of an FDB entry")
        if master is None or _number(message["flags"], "the flags of an FDB entry") & _NTF_SELF:
            continue
        state = _number(message["state"], "the state of an FDB entry")
        yield FdbEntry(
            mac=_text(message.get_attr("NDA_LLADDR"), "the MAC address of an FDB entry"),
            port=names.get(_number(message["ifindex"], "the port of an FDB entry"), "?"),
            bridge=names.get(master, "?"),
            learned=not state & _NUD_PERMANENT,
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
        if error.code != errno.ENOENT:  # the kernel has forgotten it by itself
            raise


def neighbours(namespace: str) -> dict[str, str]:
    """What the namespace at this path believes: address -> MAC."""

    def work() -> dict[str, str]:
        from pyroute2 import IPRoute

        with IPRoute() as netlink:
            return dict(_neighbours(netlink.get_neighbours()))

    return _inside(namespace, work)


def _neighbours(messages: Iterable[Any]) -> Iterable[tuple[str, str]]:
    for message in messages:
        address, mac = message.get_attr("NDA_DST"), message.get_attr("NDA_LLADDR")
        if address and mac:
            yield _text(address, "the address of a neighbour"), _text(mac, "a MAC address")
