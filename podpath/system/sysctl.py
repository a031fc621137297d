"""Settings of network namespaces (ip-sysctl), and those that new namespaces start with.

net.core.devconf_inherit_init_net chooses the values that a new namespace copies. With 0, the
default, these are net.ipv4.conf.all and .default of the machine's initial namespace; with 1 those
of IPv6, too; with 2 the kernel's own values; with 3 those of the namespace that it is created from
(net/ipv4/devinet.c, devinet_init_net; net/ipv6/addrconf.c, addrconf_init_net). So the settings that
pods start with depend on the host: a Docker engine turns forwarding on when it starts.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from podpath.errors import CouldNotTest
from podpath.model import Family, Settings
from podpath.system import netns

T = TypeVar("T")

_ROOT = Path("/proc/sys/net")
_PROXIES = ("proxy_arp", "proxy_arp_pvlan")
#: Names that stand for all interfaces of a namespace, and for future ones.
_SCOPES = ("all", "default")
_HERE = "/proc/self/ns/net"
#: The value of devconf_inherit_init_net with which a namespace copies its creator's settings.
_CREATORS = "3"

#: Settings that change which packets pods send, take or answer, with the kernel's own values, in
#: the order of ip-sysctl(5): ipv4_devconf in net/ipv4/devinet.c, ipv6_devconf in addrconf.c.
KERNELS: Mapping[Family, Mapping[str, int]] = {
    Family.IPV4: {
        "forwarding": 0,
        "secure_redirects": 1,
        "send_redirects": 1,
        "shared_media": 1,
        "accept_local": 0,
        "route_localnet": 0,
        "rp_filter": 0,
        "src_valid_mark": 0,
        "arp_filter": 0,
        "arp_announce": 0,
        "arp_ignore": 0,
        "arp_notify": 0,
        "arp_accept": 0,
        "drop_gratuitous_arp": 0,
        "drop_unicast_in_l2_multicast": 0,
        "proxy_arp": 0,
        "proxy_arp_pvlan": 0,
        "bc_forwarding": 0,
        "log_martians": 0,
        "ignore_routes_with_linkdown": 0,
        "disable_policy": 0,
        "disable_xfrm": 0,
        "promote_secondaries": 0,
        "force_igmp_version": 0,
    },
    Family.IPV6: {
        "forwarding": 0,
        "force_forwarding": 0,
        "hop_limit": 64,
        "mtu": 1280,
        "accept_ra": 1,
        "accept_redirects": 1,
        "autoconf": 1,
        "dad_transmits": 1,
        "accept_dad": 1,
        "use_tempaddr": 0,
        "addr_gen_mode": 0,
        "disable_ipv6": 0,
        "proxy_ndp": 0,
        "ndisc_notify": 0,
        "drop_unsolicited_na": 0,
        "drop_unicast_in_l2_multicast": 0,
        "ignore_routes_with_linkdown": 0,
        "disable_policy": 0,
        "force_mld_version": 0,
        "suppress_frag_ndisc": 1,
    },
}


#: Lifetimes of neighbour entries and numbers of solicitations: each new link copies the machine's
#: (net/core/neighbour.c, neigh_parms_alloc; arp_tbl in net/ipv4/arp.c, nd_tbl in
#: net/ipv6/ndisc.c).
NEIGHBOURS: Mapping[str, int] = {
    "base_reachable_time_ms": 30000,
    "retrans_time_ms": 1000,
    "delay_first_probe_time": 5,
    "ucast_solicit": 3,
    "mcast_solicit": 3,
    "gc_stale_time": 60,
}

#: The kernel's own values for all interfaces, where they differ from those for new ones.
_OF_ALL = {"accept_dad": 0}


def _kernels(family: Family, scope: str) -> Iterator[tuple[str, int]]:
    for name, value in KERNELS[family].items():
        if _path(family, scope, name).exists():
            yield name, _OF_ALL.get(name, value) if scope == "all" else value


def reset() -> None:
    """Give the caller's own namespace the kernel's own values.

    Raises:
        OSError: A setting cannot be written.
    """
    for family in Family:
        for scope in _SCOPES:
            for name, value in _kernels(family, scope):
                if _read(family, scope, name) != value:
                    _path(family, scope, name).write_text(str(value))


def of_host() -> list[str]:
    """List the settings that pods start with on this machine and that are not the kernel's own.

    Returns:
        Each as sysctl.conf(5) has it; one entry for all links and new ones, if both have one value.

    Raises:
        CouldNotTest: The settings cannot be read.
    """
    inherit = _ROOT / "core/devconf_inherit_init_net"  # only in the initial namespace
    chosen = inherit.read_text().strip() if inherit.exists() else "0"
    settings = [] if chosen == _CREATORS else _in_new(_HERE, lambda: list(_unusual()))
    return settings + [f"net.core.devconf_inherit_init_net = {chosen}"] * (chosen != "0")


def _unusual() -> Iterator[str]:
    for family in Family:
        scopes_of: dict[tuple[str, int], list[str]] = {}
        for scope in _SCOPES:
            for name, kernels in _kernels(family, scope):
                if (value := _read(family, scope, name)) != kernels:
                    scopes_of.setdefault((name, value), []).append(scope)
        for (name, value), scopes in scopes_of.items():
            where = scopes[0] if len(scopes) == 1 else f"{{{','.join(scopes)}}}"
            yield f"{_name(family, where, name)} = {value}"
        for name, kernels in NEIGHBOURS.items():
            path = _ROOT / f"ipv{family.value}/neigh/lo/{name}"  # any link's, in a new namespace
            if path.exists() and (value := int(path.read_text())) != kernels:
                yield f"net.ipv{family.value}.neigh.default.{name} = {value}"


def having(node: str, values: Mapping[str, int]) -> list[str]:
    """List the IPv4 settings that new namespaces start with, if they have all of these values.

    Args:
        node: The path of the namespace that they are created from.
        values: Name of a setting -> value.

    Returns:
        Each setting as sysctl.conf(5) has it; none if a value differs.

    Raises:
        CouldNotTest: The settings cannot be read.
    """

    def scopes() -> list[list[str]]:
        return [
            [
                f"{_name(Family.IPV4, scope, name)} = {value}"
                for scope in _SCOPES
                if _read(Family.IPV4, scope, name) == value
            ]
            for name, value in values.items()
        ]

    by_name = _in_new(node, scopes)
    return [setting for settings in by_name for setting in settings] if all(by_name) else []


def _name(family: Family, scope: str, name: str) -> str:
    return f"net.ipv{family.value}.conf.{scope}.{name}"


def of_link(link: str) -> Settings:
    """Read the forwarding and proxy settings of a link in the caller's own namespace.

    Args:
        link: Its name, "default" for a new one, or "all".
    """
    return LinkSettings().of(link)


class LinkSettings:
    """The forwarding and proxy settings of links in the caller's own namespace.

    Those of all links are read once.

    IPv4 forwards by the setting of the link that a packet comes in by; IPv6 by the setting of all
    links, or by the link's force_forwarding. A link answers ARP as a proxy by its own setting or
    by that of all links (include/linux/inetdevice.h, IN_DEV_FORWARD and IN_DEV_PROXY_ARP;
    net/ipv6/ip6_output.c, ip6_forward).
    """

    def __init__(self) -> None:
        self._forwards6 = _read(Family.IPV6, "all", "forwarding") or _read(
            Family.IPV6, "all", "force_forwarding"
        )
        self._proxies = {name for name in _PROXIES if _read(Family.IPV4, "all", name)}

    def of(self, link: str) -> Settings:
        """Read the settings of a link.

        Args:
            link: Its name, "default" for a new one, or "all".
        """
        forwarding = {
            Family.IPV4: _read(Family.IPV4, link, "forwarding"),
            Family.IPV6: self._forwards6 or _read(Family.IPV6, link, "force_forwarding"),
        }
        return Settings(
            frozenset(family for family, on in forwarding.items() if on),
            frozenset(
                name for name in _PROXIES if name in self._proxies or _read(Family.IPV4, link, name)
            ),
        )


def of_namespace(path: str, link: str) -> Settings:
    """Read the forwarding and proxy settings of a link in the namespace at a path.

    Raises:
        CouldNotTest: The settings cannot be read.
    """
    return _reading(lambda: netns.run_in(path, lambda: of_link(link)))


def of_new_namespace(node: str) -> Settings:
    """Read the forwarding and proxy settings of a new link in a new namespace.

    Args:
        node: The path of the namespace that it is created from.

    Raises:
        CouldNotTest: The settings cannot be read.
    """
    return _in_new(node, lambda: of_link("default"))


def turn_off(path: str) -> None:
    """Turn off forwarding and proxies of all links in the namespace at a path, future ones too.

    Raises:
        CouldNotTest: The settings cannot be written.
    """
    _reading(lambda: netns.run_in(path, _turn_off))


def _turn_off() -> None:
    names = [(f, "forwarding") for f in Family] + [(Family.IPV4, name) for name in _PROXIES]
    for scope in _SCOPES:
        for family, name in (*names, (Family.IPV6, "force_forwarding")):
            if _read(family, scope, name):
                _path(family, scope, name).write_text("0")


def _in_new(node: str, work: Callable[[], T]) -> T:
    return _reading(lambda: netns.run_in_new(node, work))


def _reading(work: Callable[[], T]) -> T:
    try:
        return work()
    except OSError as error:
        raise CouldNotTest(f"the settings of a network namespace: {error}") from None


def _read(family: Family, link: str, name: str) -> int:
    """Read a setting of the caller's own namespace; 0 if the kernel or the link lacks it."""
    try:
        # not by Path, which takes three times as long: a node with many pods has many links
        descriptor = os.open(f"{_ROOT}/ipv{family.value}/conf/{link}/{name}", os.O_RDONLY)
    except FileNotFoundError:  # no IPv6, or a link that vanished, which the listener notices
        return 0
    try:
        return int(os.read(descriptor, 32))
    finally:
        os.close(descriptor)


def _path(family: Family, link: str, name: str) -> Path:
    return _ROOT / f"ipv{family.value}/conf/{link}/{name}"
