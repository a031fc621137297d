"""Settings of the node itself, and of a container's namespace (ip-sysctl), that ADD changes."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from podpath.model import NODE, Difference, Family
from podpath.nodes.base import Node

#: A setting that a namespace cannot write is the whole machine's, and may change at any time.
_LIST = "cd /proc/sys/net && find . -type f -perm -200 -exec grep -sH . {} +; true"

#: Settings without which a node does not pass on what pods send, or does it in another way: plugins
#: and daemons of networks set them, and other requirements are about what they do to pods.
_FOR_PODS = frozenset(
    {
        # pkg/ip of containernetworking/plugins; the kernel changes the third with them
        # (net/ipv4/devinet.c, inet_forward_change)
        *("ip_forward", "forwarding", "accept_redirects", "force_forwarding"),
        # kube-proxy (pkg/proxy/iptables, pkg/proxy/ipvs, cmd/kube-proxy conntrack)
        *("route_localnet", "arp_ignore", "arp_announce", "nf_conntrack_tcp_be_liberal"),
        *("bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"),
        # Calico, Cilium, kindnet and kube-router
        *("rp_filter", "accept_local", "src_valid_mark", "send_redirects", "accept_ra"),
        *("proxy_arp", "proxy_arp_pvlan", "proxy_ndp", "arp_filter", "arp_notify"),
        *("nf_conntrack_acct", "nf_conntrack_timestamp", "nf_conntrack_checksum"),
    }
)
#: The kernel changes these: the IPv6 MTU of a link follows the link's own, at which LIFE-OTHERS
#: looks, and the other one is of the whole machine.
_KERNELS = frozenset({"mtu", "max_dgram_qlen"})
_ARP_IGNORE = "ipv4/conf/{}/arp_ignore"
#: Settings of a link -> the values with which it asks for neighbours, takes their announcements,
#: answers requests for its addresses, and sends packets that come far enough (ip-sysctl).
_USABLE = {
    _ARP_IGNORE: range(3),
    "ipv4/conf/{}/drop_gratuitous_arp": range(1),
    "ipv6/conf/{}/drop_unsolicited_na": range(1),
    "ipv6/conf/{}/hop_limit": range(32, 256),
    "ipv4/neigh/{}/mcast_solicit": range(1, sys.maxsize),
    "ipv6/neigh/{}/mcast_solicit": range(1, sys.maxsize),
}
_REUSE = frozenset({"LIFE-REUSE"})
#: Settings without which a pod does not answer, or does not hear -> the requirements on packets
#: that such a pod cannot meet; none for all (ip-sysctl).
_SILENCING = {
    _ARP_IGNORE: frozenset[str](),
    "ipv4/icmp_echo_ignore_all": frozenset[str](),
    "ipv6/icmp/echo_ignore_all": frozenset[str](),
    "ipv4/conf/{}/drop_gratuitous_arp": _REUSE,
    "ipv6/conf/{}/drop_unsolicited_na": _REUSE,
}
#: Each namespace has random values of its own. Without IPv6, a pod lacks addresses: TOPO-ADDR. What
#: a link of another kind announces is seen by TOPO-POD-LINKS, and by LIFE-REUSE.
_SECRET = frozenset({"tcp_fastopen_key", "stable_secret"})
_SEEN_ELSEWHERE = _SECRET | _KERNELS | {"disable_ipv6", "arp_notify"}
#: A router on the network announces these (RFC 4861, section 4.2).
_ANNOUNCED = frozenset(
    {
        "hop_limit",
        "base_reachable_time",
        "base_reachable_time_ms",
        "retrans_time",
        "retrans_time_ms",
    }
)
_OF_IPVS = "ipv4/vs/"
_TRACKING = "netfilter/nf_conntrack_"
#: Times in seconds for which kube-proxy lets the kernel track connections, where it lowers them
#: (pkg/proxy/apis/config/v1alpha1/defaults.go).
_KUBE_PROXYS = {"nf_conntrack_tcp_timeout_established": 86400}


def read(node: Node) -> dict[str, str]:
    """Return name -> value of each setting; none on a node that other programs set up, too."""
    return {} if node.shared else read_in(node, "")


def read_in(node: Node, netns: str) -> dict[str, str]:
    """Return the same of a named network namespace of the node; empty for the node's own."""
    lines = node.run(["sh", "-c", _LIST], netns=netns).stdout.splitlines()
    fields = (line.partition(":") for line in lines)
    return {name.removeprefix("./"): value for name, _, value in fields}


def changes(
    before: Mapping[str, str], now: Mapping[str, str], place: str = NODE
) -> list[Difference]:
    """List the settings that changed, but for those that pods' traffic may require. Pure.

    Settings that appeared came with a link or with a module of the kernel.
    """
    return [
        Difference("changed", f"{place} setting {name}", value, now[name])
        for name, value in before.items()
        if now.get(name, value) != value and not _is_for_pods(name, value, now[name])
    ]


def changes_in_container(before: Mapping[str, str], now: Mapping[str, str]) -> list[Difference]:
    """List the settings of a container's namespace that changed. Pure.

    Settings that appeared, or vanished, did so with a link.
    """
    passed_over = _SECRET | _KERNELS | _ANNOUNCED
    return [
        Difference("changed", f"a container's setting {name}", value, now[name])
        for name, value in before.items()
        if now.get(name, value) != value and name.rpartition("/")[2] not in passed_over
    ]


def hindering(now: Mapping[str, str], link: str) -> list[Difference]:
    """List the settings with which a container's link hears or answers less than others do. Pure.

    Settings of a new link have no value before ADD: the kernel's own values are the measure.
    """
    return [
        Difference("changed", f"a container's setting {name}", _bounds(usable), value)
        for pattern, usable in _USABLE.items()
        if (value := now.get(name := pattern.format(link), "")).isdecimal()
        and int(value) not in usable
    ]


def silencing(
    by_pod: Mapping[str, Mapping[str, str]],
    link: str,
    requirements: Iterable[str],
    family: Family | None,
) -> dict[str, list[Difference]]:
    """Return the settings with which pods do not answer, or do not hear, the packets of a test.

    Pure. A new link begins with the namespace's default, which may be the host's; a namespace
    begins as other pods' do.

    Args:
        by_pod: pod -> the settings of its namespace, as read_in() returns them.
        link: the pods' interface.
        requirements: ids of the test's requirements.
        family: IP version of its packets; None for all.

    Returns:
        Pod -> the differences.
    """
    ids, found = set(requirements), dict[str, list[Difference]]()
    versions = tuple(f"ipv{one.value}/" for one in Family if family in (None, one))
    for pattern, packets in _SILENCING.items():
        if not pattern.startswith(versions) or (packets and not ids & packets):
            continue
        name, initial = pattern.format(link), pattern.format("default")
        usable = _USABLE.get(pattern, range(1))
        usual = _usual([own[name] for own in by_pod.values() if name in own])
        for pod, own in by_pod.items():
            value, before = own.get(name, ""), own.get(initial) if initial != name else usual
            if value.isdecimal() and int(value) not in usable and value != before:
                difference = Difference("setting", f"pod {pod} {name}", _bounds(usable), value)
                found.setdefault(pod, []).append(difference)
    return found


def unlike_configured(
    now: Mapping[str, str], wanted: Mapping[str, str], link: str
) -> list[Difference]:
    """List the settings of a container that have another value than "tuning" gives them. Pure.

    Forwarding is left out: one such setting changes others.

    Args:
        now: the settings of the container's namespace.
        wanted: the values; names may have IFNAME in place of the link.
        link: the container's interface.
    """
    named = {name.replace("IFNAME", link): value for name, value in wanted.items()}
    return [
        Difference("setting", f"a container {name}", value, now[name])
        for name, value in named.items()
        if name in now and "forward" not in name and now[name].split() != value.split()
    ]


def _bounds(usable: range) -> str:
    """Return the values of a range in words."""
    if usable.start:
        return f"{usable.start} at least"
    return f"{usable[-1]} at most" if usable[-1] else "0"


def unlike(by_pod: Mapping[str, Mapping[str, str]]) -> list[Difference]:
    """List the settings that most pods have alike, and a pod has otherwise. Pure.

    Args:
        by_pod: pod -> the settings of its namespace, as read_in() returns them.
    """
    found = []
    names = dict.fromkeys(name for settings in by_pod.values() for name in settings)
    for name in (n for n in names if n.rpartition("/")[2] not in _SEEN_ELSEWHERE):
        values = {pod: own[name] for pod, own in by_pod.items() if name in own}
        usual = _usual(list(values.values()))
        found += [
            Difference("setting", f"pod {pod} {name}", f"{usual}, as other pods", value)
            for pod, value in values.items()
            if usual is not None and value != usual
        ]
    return found


def _usual(values: Sequence[str]) -> str | None:
    """Return the value that more than half of the pods have; None if there is none."""
    value, number = Counter(values).most_common(1)[0] if values else ("", 0)
    return value if 2 * number > len(values) else None


def _is_for_pods(name: str, before: str, now: str) -> bool:
    own = name.rpartition("/")[2]
    if own in _FOR_PODS | _KERNELS or name.startswith(_OF_IPVS):
        return True
    if own == "disable_ipv6":
        return now == "0"
    if name.startswith(_TRACKING) and before.isdecimal() and now.isdecimal():
        return int(now) >= min(int(before), _KUBE_PROXYS.get(own, int(before)))
    return False
