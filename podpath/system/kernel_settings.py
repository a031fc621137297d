"""The kernel's own values of network settings (ip-sysctl), and the way back to them.

The node's keeper imports this module before any package is on the path: standard library only.
An IP version is its number here, 4 or 6.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path("/proc/sys/net")
#: Names that stand for all interfaces of a namespace, and for future ones.
SCOPES = ("all", "default")

#: Settings that change which packets pods send, take or answer, with the kernel's own values, in
#: the order of ip-sysctl(5): ipv4_devconf in net/ipv4/devinet.c, ipv6_devconf in addrconf.c.
KERNELS: Mapping[int, Mapping[str, int]] = {
    4: {
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
    6: {
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

#: The kernel's own values for all interfaces, where they differ from those for new ones.
_OF_ALL = {"accept_dad": 0}


def kernels(version: int, scope: str) -> Iterator[tuple[str, int]]:
    """Yield the settings that this kernel has: name and the kernel's own value."""
    for name, value in KERNELS[version].items():
        if path(version, scope, name).exists():
            yield name, _OF_ALL.get(name, value) if scope == "all" else value


def reset() -> None:
    """Give the caller's own namespace the kernel's own values.

    Raises:
        OSError: A setting cannot be written.
    """
    for version in KERNELS:
        for scope in SCOPES:
            for name, value in kernels(version, scope):
                if read(version, scope, name) != value:
                    path(version, scope, name).write_text(str(value))


def read(version: int, link: str, name: str) -> int:
    """Read a setting of the caller's own namespace; 0 if the kernel or the link lacks it."""
    try:
        # not by Path, which takes three times as long: a node with many pods has many links
        descriptor = os.open(f"{ROOT}/ipv{version}/conf/{link}/{name}", os.O_RDONLY)
    except FileNotFoundError:  # no IPv6, or a link that vanished, which the listener notices
        return 0
    try:
        return int(os.read(descriptor, 32))
    finally:
        os.close(descriptor)


def path(version: int, link: str, name: str) -> Path:
    """Return the path of a setting of the caller's own namespace."""
    return ROOT / f"ipv{version}/conf/{link}/{name}"
