"""Settings of network namespaces (ip-sysctl): what they are, and what new namespaces start with.

A new namespace copies net.ipv4.conf.all and .default from the machine's initial namespace, and
net.ipv6.conf from what is compiled in, unless net.core.devconf_inherit_init_net says otherwise
(net/ipv4/devinet.c, devinet_init_net; net/ipv6/addrconf.c, addrconf_init_net). So they depend on
the host: a Docker engine turns forwarding on when it starts.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from podpath import netns
from podpath.errors import CouldNotTest
from podpath.model import Family, Settings

_ROOT = Path("/proc/sys/net")
_PROXIES = ("proxy_arp", "proxy_arp_pvlan")
#: What stands for all interfaces of a namespace, and for those to come.
_SCOPES = ("all", "default")

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


#: Where what is compiled in for all interfaces is not what each new one gets.
_OF_ALL = {"accept_dad": 0}


def _kernels(family: Family, scope: str) -> Iterator[tuple[str, int]]:
    for name, value in KERNELS[family].items():
        if _path(family, scope, name).exists():
            yield name, _OF_ALL.get(name, value) if scope == "all" else value


def reset() -> None:
    """Give the caller's own namespace the kernel's own values. Raises OSError."""
    for family in Family:
        for scope in _SCOPES:
            for name, value in _kernels(family, scope):
                if _read(family, scope, name) != value:
                    _path(family, scope, name).write_text(str(value))


def of_host() -> list[str]:
    """The settings that new namespaces start with on this machine, but for the kernel's own.

    As sysctl.conf(5) has them. Raises CouldNotTest.
    """
    found = netns.run_in_new("/proc/self/ns/net", lambda: list(_unusual()))
    inherit = _ROOT / "core/devconf_inherit_init_net"
    if inherit.exists() and (chosen := inherit.read_text().strip()) != "0":
        found.append(f"net.core.devconf_inherit_init_net = {chosen}")
    return found


def _unusual() -> Iterator[str]:
    for family in Family:
        found: dict[tuple[str, int], list[str]] = {}
        for scope in _SCOPES:
            for name, kernels in _kernels(family, scope):
                if (value := _read(family, scope, name)) != kernels:
                    found.setdefault((name, value), []).append(scope)
        for (name, value), scopes in found.items():
            yield f"{_name(family, _scopes(scopes), name)} = {value}"


def having(family: Family, name: str, value: int) -> str:
    """The setting, as of_host gives it, if new namespaces start with that value; else nothing.

    Raises CouldNotTest.
    """

    def scopes() -> list[str]:
        return [scope for scope in _SCOPES if _read(family, scope, name) == value]

    found = netns.run_in_new("/proc/self/ns/net", scopes)
    return f"{_name(family, _scopes(found), name)} = {value}" if found else ""


def _name(family: Family, scope: str, name: str) -> str:
    return f"net.ipv{family.value}.conf.{scope}.{name}"


def _scopes(scopes: list[str]) -> str:
    return scopes[0] if len(scopes) == 1 else f"{{{','.join(scopes)}}}"


def switches(link: str) -> Settings:
    """What a link of the reader's own namespace does for others; "all" stands for all of them."""
    return Settings(
        frozenset(f for f in Family if _read(f, link, "forwarding")),
        frozenset(name for name in _PROXIES if _read(Family.IPV4, link, name)),
    )


def of_namespace(path: str, link: str) -> Settings:
    """What the namespace at this path, with one of its links, does for others.

    Raises CouldNotTest.
    """
    return netns.run_in(path, lambda: _of_new_links() | switches(link))


def turn_off(path: str) -> None:
    """Have the namespace at this path do nothing for others, nor what is made in it from now on.

    Raises CouldNotTest.
    """
    try:
        netns.run_in(path, _turn_off)
    except OSError as error:
        raise CouldNotTest(f"a setting of the namespace at {path}: {error}") from None


def _turn_off() -> None:
    names = [(f, "forwarding") for f in Family] + [(Family.IPV4, name) for name in _PROXIES]
    for scope in _SCOPES:
        for family, name in names:
            if _read(family, scope, name):
                _path(family, scope, name).write_text("0")


def of_new_namespace(node: str) -> Settings:
    """What a new namespace, and what is made in it, does for others: nobody set that.

    node: the path of the namespace that it is made from. Raises CouldNotTest.
    """
    return netns.run_in_new(node, _of_new_links)


def of_new_link(node: str) -> Settings:
    """The same of what is made in the namespace at this path. Raises CouldNotTest."""
    return netns.run_in(node, _of_new_links)


def _of_new_links() -> Settings:
    both = (switches(scope) for scope in _SCOPES)
    return next(both) | next(both)


def _read(family: Family, link: str, name: str) -> int:
    """A setting of the reader's own namespace; 0 of what the kernel, or the link, does not have."""
    try:
        return int(_path(family, link, name).read_text())
    except FileNotFoundError:  # no IPv6, or the link is gone: the topology's listener tells that
        return 0


def _path(family: Family, link: str, name: str) -> Path:
    return _ROOT / f"ipv{family.value}/conf/{link}/{name}"
