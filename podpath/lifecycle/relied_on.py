"""Settings on which pods rely: of the node, of pods, and of their links."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

#: Settings that decide whether a node or a pod forwards, filters, answers and remembers (ip-sysctl,
#: nf_conntrack-sysctl).
_SETTINGS = (
    *("ipv4/ip_forward", "ipv4/conf/all/rp_filter", "ipv4/conf/all/route_localnet"),
    *("ipv4/conf/all/arp_ignore", "ipv4/conf/all/accept_local", "ipv4/icmp_echo_ignore_all"),
    *("ipv6/conf/all/forwarding", "ipv6/conf/all/disable_ipv6", "ipv4/ip_default_ttl"),
    *("bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"),
    *("bridge/bridge-nf-call-arptables", "netfilter/nf_conntrack_max"),
    *("netfilter/nf_conntrack_udp_timeout", "netfilter/nf_conntrack_tcp_timeout_established"),
    "ipv4/ip_local_port_range",
)
#: The same of a link: of a pod's interface and the node's uplink, which has the same name, of the
#: bridge, and of host ends that route.
_OF_LINKS = (
    *("ipv4/conf/{}/rp_filter", "ipv4/conf/{}/arp_ignore", "ipv4/conf/{}/accept_local"),
    *("ipv4/conf/{}/drop_gratuitous_arp", "ipv4/neigh/{}/mcast_solicit"),
    *("ipv6/conf/{}/disable_ipv6", "ipv6/conf/{}/drop_unsolicited_na"),
    *("ipv6/conf/{}/hop_limit", "ipv6/neigh/{}/mcast_solicit", "ipv6/conf/{}/accept_ra"),
)


def settings(links: Iterable[str]) -> dict[str, str]:
    """Read the settings of this thread's network namespace, as far as the kernel has them.

    Args:
        links: names of the links whose settings are read, too.

    Returns:
        "setting" and its path below /proc/sys/net -> its value.
    """
    values = {}
    for name in (*_SETTINGS, *(name.format(link) for link in links for name in _OF_LINKS)):
        with suppress(OSError):
            values[f"setting {name}"] = Path("/proc/sys/net", name).read_text().strip()
    return values
