"""Settings of network namespaces (ip-sysctl), and those that new namespaces start with.

net.core.devconf_inherit_init_net chooses the values that a new namespace copies. With 0, the
default, these are net.ipv4.conf.all and .default of the machine's initial namespace; with 1 those
of IPv6, too; with 2 the kernel's own values; with 3 those of the namespace that it is created from
(net/ipv4/devinet.c, devinet_init_net; net/ipv6/addrconf.c, addrconf_init_net). So the settings that
pods start with depend on the host: a Docker engine turns forwarding on when it starts.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from podpath.errors import CouldNotTest
from podpath.model import Family, Settings
from podpath.system import kernel_settings, netns
from podpath.system.kernel_settings import ROOT, SCOPES

T = TypeVar("T")

_PROXIES = ("proxy_arp", "proxy_arp_pvlan")
_HERE = "/proc/self/ns/net"
#: The value of devconf_inherit_init_net with which a namespace copies its creator's settings.
_CREATORS = "3"


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


def of_host() -> list[str]:
    """List the settings that pods start with on this machine and that are not the kernel's own.

    Returns:
        Each as sysctl.conf(5) has it; one entry for all links and new ones, if both have one value.

    Raises:
        CouldNotTest: The settings cannot be read.
    """
    inherit = ROOT / "core/devconf_inherit_init_net"  # only in the initial namespace
    chosen = inherit.read_text().strip() if inherit.exists() else "0"
    settings = [] if chosen == _CREATORS else _in_new(_HERE, lambda: list(_unusual()))
    return settings + [f"net.core.devconf_inherit_init_net = {chosen}"] * (chosen != "0")


def _unusual() -> Iterator[str]:
    for family in Family:
        scopes_of: dict[tuple[str, int], list[str]] = {}
        for scope in SCOPES:
            for name, kernels in kernel_settings.kernels(family.value, scope):
                if (value := _read(family, scope, name)) != kernels:
                    scopes_of.setdefault((name, value), []).append(scope)
        for (name, value), scopes in scopes_of.items():
            where = scopes[0] if len(scopes) == 1 else f"{{{','.join(scopes)}}}"
            yield f"{_name(family, where, name)} = {value}"
        for name, kernels in NEIGHBOURS.items():
            path = ROOT / f"ipv{family.value}/neigh/lo/{name}"  # any link's, in a new namespace
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
                for scope in SCOPES
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
    for scope in SCOPES:
        for family, name in (*names, (Family.IPV6, "force_forwarding")):
            if _read(family, scope, name):
                kernel_settings.path(family.value, scope, name).write_text("0")


def _in_new(node: str, work: Callable[[], T]) -> T:
    return _reading(lambda: netns.run_in_new(node, work))


def _reading(work: Callable[[], T]) -> T:
    try:
        return work()
    except OSError as error:
        raise CouldNotTest(f"the settings of a network namespace: {error}") from None


def _read(family: Family, link: str, name: str) -> int:
    return kernel_settings.read(family.value, link, name)
