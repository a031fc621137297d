"""Things on a node that the kernel changes by itself: no plugin has left or lost them. Pure."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence

#: MTU of a bridge without ports (net/bridge/br_if.c, br_mtu_min).
_ETHERNET = 1500
#: A link with a smaller MTU loses its IPv6 settings (net/ipv6/addrconf.c, addrconf_notify).
_LEAST_OF_IPV6 = 1280
#: What `ip route` adds to a route whose link is down or has no carrier, as a bridge without ports,
#: and the time that a route has left.
_OF_LINK = re.compile(r" (?:dead|linkdown|expires \d+sec)(?= |$)")
#: Settings of links, which come and go with these; all others come with a module of the kernel.
_OF_LINKS = ("ipv4/conf/", "ipv4/neigh/", "ipv6/conf/", "ipv6/neigh/")
#: Value of a setting in place of the one that the kernel has chosen.
CHOSEN = "chosen by the kernel"


def route(line: str) -> str:
    """Return a line of `ip route` without the parts that follow the state of the link."""
    return _OF_LINK.sub("", line)


def settings(
    lines: Iterable[str], bridge: str, ports: Sequence[int], mtu: int | None = None
) -> Iterator[str]:
    """Yield settings, with CHOSEN for the MTU that a bridge has because of its ports.

    The kernel sets the MTU when a port comes, goes or changes (br_mtu_auto_adjust), unless it was
    set on the bridge itself. Any other MTU was set, and stays as it is.

    Args:
        lines: settings below /proc/sys/net, as "name:value".
        bridge: name of the bridge; empty if there is none.
        ports: MTU of each port of the bridge.
        mtu: MTU that the conflist sets. If it is too small for IPv6, the bridge's IPv6 settings
            come and go with its ports, and are left out.
    """
    automatic = min(ports, default=_ETHERNET)
    ipv6 = (f"ipv6/conf/{bridge}/", f"ipv6/neigh/{bridge}/")
    for line in lines:
        name, _, value = line.partition(":")
        if name == f"{ipv6[0]}mtu" and value == str(automatic):
            yield f"{name}:{CHOSEN}"
        elif mtu is None or mtu >= _LEAST_OF_IPV6 or not name.startswith(ipv6):
            yield line


def of_both(now: Iterable[str], then: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return two lists of settings without those that came or went with a module of the kernel.

    A plugin's first rule may load one, such as nf_conntrack, and with it come its settings
    (net/netfilter/nf_conntrack_standalone.c, nf_conntrack_standalone_init_sysctl).
    """
    later, earlier = list(now), list(then)
    names = {_name(line) for line in later} & {_name(line) for line in earlier}
    return _kept(later, names), _kept(earlier, names)


def _kept(lines: Iterable[str], names: Container[str]) -> list[str]:
    return [line for line in lines if line.startswith(_OF_LINKS) or _name(line) in names]


def _name(line: str) -> str:
    return line.partition(":")[0]


def comparable(now: Iterable[str], then: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return two lists of settings without those that the kernel has chosen by now.

    The earlier value may have been set when the bridge was created, which the kernel does not
    respect when the last port goes.
    """
    later, earlier = list(now), list(then)
    chosen = {line.removesuffix(CHOSEN) for line in later if line.endswith(CHOSEN)}
    if not chosen:
        return later, earlier
    begins = tuple(chosen)
    return (
        [line for line in later if not line.startswith(begins)],
        [line for line in earlier if not line.startswith(begins)],
    )
