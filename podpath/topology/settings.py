"""Check forwarding and other settings of pods and host ends: one function each. Pure."""

from podpath.cni.network import Network
from podpath.model import (
    NODE,
    POD_INTERFACE,
    Difference,
    Family,
    Interface,
    Settings,
    Topology,
    listed,
)
from podpath.topology.comparison import Differences, no_host_end


def host_end(topology: Topology, pod: str) -> Differences:
    """Check that the host end is up, has no master, and forwards the pod's IP versions."""
    end = topology.host_end(pod)
    if end is None:
        return [no_host_end(pod)]
    where = f"{NODE} {end.name} (pod {pod})"
    differences = [] if end.up else [Difference("interface down", where, "up", "down")]
    if end.master is not None:
        master = topology.node.by_index(end.master)
        differences.append(
            Difference("master", where, "none", master.name if master else "unknown")
        )
    for family in Family:
        has = any(a.version == family.value for a in topology.everybody[pod].addresses)
        if has and family not in end.settings.forwarding & topology.node.settings.forwarding:
            differences.append(Difference("forwarding", f"{where} IPv{family.value}", "on", "off"))
    return differences


def settings(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that a pod forwards nothing, and that no interface on its path answers for others.

    A host end does if the profile has proxy ARP. Interfaces on the path are eth0, its host end and
    the bridge. Their flags must be the usual ones, and eth0 must be promiscuous only if "tuning"
    makes it so. Settings that a new namespace, or a new interface of the node, starts with come
    from the host, and are no differences (net/ipv4/devinet.c, devinet_init_net and inetdev_init).
    """
    inherited = topology.pods[pod].inherited
    inside = topology.of_pod(pod).interface(POD_INTERFACE)
    links: dict[str, Interface | None] = {
        f"host end of pod {pod}": topology.host_end(pod),
        **{
            f"{NODE} {name}": topology.node.interface(name)
            for name in sorted(network.own_links(topology))
        },
    }
    proxy = Settings()
    if network.profile.host_end.proxy_arp and Family.IPV4 in network.families:
        proxy = Settings(proxies=frozenset({"proxy_arp"}))
    differences = []
    for where, link in links.items():
        expected = proxy if link == topology.host_end(pod) else Settings()
        if link is not None:
            differences += _proxies(where, link.settings - inherited.node - expected, "off")
            differences += _proxies(where, expected - link.settings, "on")
        if link is not None and link.flags:
            differences.append(Difference("flags", where, "none unusual", listed(link.flags)))
    if inside is not None:
        differences += _switches(f"pod {pod} {POD_INTERFACE}", inside, network)
    now = inside.settings if inside else Settings()
    return differences + switched(f"pod {pod}", now, inherited.pod, network)


def _switches(where: str, link: Interface, network: Network) -> Differences:
    """Check that a pod's interface has the switches that "tuning" turns on, and no others."""
    flags = set(network.profile.flags)
    flags |= {"all multicast"} if network.conflist.is_tuned("allmulti") else set()
    differences = []
    if link.flags != flags:
        expected = listed(flags) if flags else "none unusual"
        differences.append(Difference("flags", where, expected, listed(link.flags)))
    if link.promiscuous != network.conflist.is_tuned("promisc"):
        values = ("off", "on") if link.promiscuous else ("on", "off")
        differences.append(Difference("promiscuous", where, *values))
    return differences


def switched(where: str, now: Settings, before: Settings, network: Network) -> Differences:
    """Check that a pod's forwarding and proxies are the initial ones, changed as configured.

    Args:
        where: The place of the settings.
        now: The settings after ADD.
        before: The settings that the namespace started with.
        network: The configuration, and how its plugin wires pods.
    """
    on, off = network.conflist.switched
    extra, missing = now - ((before | on) - off), on - now
    return [
        *_proxies(where, extra, "off"),
        *_forwarding(where, extra, "off"),
        *_proxies(where, missing, "on"),
        *_forwarding(where, missing, "on"),
    ]


def _proxies(where: str, present: Settings, expected: str) -> Differences:
    return [Difference("proxy ARP", where, expected, _OTHER[expected])] if present.proxies else []


def _forwarding(where: str, present: Settings, expected: str) -> Differences:
    return [
        Difference("forwarding", f"{where} IPv{family.value}", expected, _OTHER[expected])
        for family in Family
        if family in present.forwarding
    ]


_OTHER = {"on": "off", "off": "on"}
