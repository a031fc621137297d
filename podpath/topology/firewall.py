"""A node's packet filter: its rules, and the chains that drop or reject forwarded packets.

The administrator owns these chains: a Docker engine sets the policy of iptables' chain FORWARD to
DROP when it starts; firewalld's chain ends with a rule that rejects. Only packets that a rule
accepts pass them. The conflist decides which plugin adds such a rule: "firewall" adds one to
iptables.
"""

import re
from collections.abc import Iterator

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import NODE, Family, Topology
from podpath.nodes.base import Node
from podpath.system import ipsec
from podpath.topology import hooks, reading

_LEGACY = {Family.IPV4: "iptables-legacy-save", Family.IPV6: "ip6tables-legacy-save"}
_PROGRAM = {Family.IPV4: "iptables", Family.IPV6: "ip6tables"}
_TABLE = {Family.IPV4: "ip", Family.IPV6: "ip6"}
#: The plugin that adds rules which accept pods' packets, to iptables.
_ACCEPTING = "firewall"
#: Families whose tables filter on links and bridges; the node's other tables are not on the path.
_ON_LINKS = ("bridge", "netdev")
_ANY = ("arp", "bridge", "inet", "ip", "ip6", "netdev")
_COUNTER = re.compile(r"counter( packets \d+ bytes \d+)? ")


def ruleset(node: Node, netns: str = "") -> str:
    """List the nftables rules of the node, or of one of its named network namespaces.

    Args:
        node: The node.
        netns: Name of the namespace; empty for the node's own.

    Raises:
        CouldNotTest: nft failed.
    """
    ended = node.run(["nft", "--stateless", "list", "ruleset"], netns=netns)
    if ended.returncode != 0:
        raise CouldNotTest(f"nft list ruleset failed on the node: {ended.stderr.strip()}")
    return ended.stdout


def policies(node: Node, netns: str = "") -> list[str]:
    """List the IPsec policies of the node, or of one of its named network namespaces.

    Args:
        node: The node.
        netns: Name of the namespace; empty for the node's own.

    Raises:
        CouldNotTest: ip failed.
    """
    ended = node.run(ipsec.POLICIES, netns=netns)
    if ended.returncode != 0 and not ipsec.is_absent(ended.stderr):
        raise CouldNotTest(f"ip xfrm policy failed on the node: {ended.stderr.strip()}")
    return ipsec.texts(ended.stdout.splitlines())


def in_pod(node: Node, netns: str) -> list[str]:
    """List the nftables rules, and policies that drop, of a pod's named network namespace.

    Raises:
        CouldNotTest: nft failed.
    """
    return hooks.nft_rules(ruleset(node, netns), _ANY)


def rules(node: Node, topology: Topology) -> dict[str, list[str]]:
    """List what filters packets on the path: rules of links and bridges on the node, all in pods.

    IPsec policies are among them: those in pods, and on the node, but for those of its other
    programs on a node that has some.

    Returns:
        "node" or pod name -> rules, as nft, iptables and ip list them.

    Raises:
        CouldNotTest: nft or ip cannot list the rules.
        DoesNotConform: A pod has no named namespace.
    """
    by_place = {NODE: hooks.nft_rules(ruleset(node), _ON_LINKS)}
    if not node.shared:
        by_place[NODE] += policies(node)
    for pod, pod_network in topology.pods.items():
        topology.of_pod(pod)
        by_place[pod] = in_pod(node, pod_network.netns)
        by_place[pod] += policies(node, pod_network.netns)
        for command in _LEGACY.values():
            ended = node.run([command], netns=pod_network.netns)
            # fails on a kernel without legacy tables, which has no rules in them either
            by_place[pod] += [line for line in ended.stdout.splitlines() if line.startswith("-")]
    return by_place


def closed_to_others(node: Node, family: Family, network: Network) -> bool:
    """Return whether the node forwards only what pods send, and the answers to it.

    The plugin firewall makes an exception from the chain FORWARD for these. Nothing makes one for
    hosts beyond the node that begin a connection to a mapped port.

    Raises:
        CouldNotTest: nft cannot list the node's rules.
    """
    return _ACCEPTING in network.conflist.plugins and bool(dropping(ruleset(node), family))


def require_bridged(node: Node, network: Network, family: Family) -> None:
    """Require that the kernel passes bridged packets to iptables, where isolation depends on it.

    Raises:
        CouldNotTest: the plugin firewall isolates pods, and the node's kernel bypasses its rules.
    """
    if not network.conflist.is_walled:
        return
    if not reading.filters_bridged(node.network_namespace(), family):
        name = f"net.bridge.bridge-nf-call-{_PROGRAM[family]}"
        raise CouldNotTest(
            f"the node passes no bridged packets of {family.text} to {_PROGRAM[family]}, and"
            ' "ingressPolicy": "isolated" is made of its rules',
            f"Run on the node: modprobe br_netfilter; sysctl -w {name}=1",
        )


def hindering(node: Node, family: Family, network: Network) -> list[str]:
    """List the chains that may drop traffic between pods: one sentence each, with its remedy.

    Raises:
        CouldNotTest: nft cannot list the node's rules.
    """
    namespace = node.network_namespace()
    if network.bridge and not reading.filters_bridged(namespace, family):
        return []  # only br_netfilter passes bridged packets to iptables
    listing = ruleset(node)
    legacy = node.run([_LEGACY[family]]).stdout  # fails on a kernel without such tables
    iptables = f"FORWARD of the table {_TABLE[family]} filter"
    chains = dropping(listing, family)
    if ":FORWARD DROP" in legacy and iptables not in chains:
        chains.append(iptables)
    if _ACCEPTING in network.conflist.plugins:
        chains = [chain for chain in chains if chain != iptables]
    policy = f"{_PROGRAM[family]} -P FORWARD ACCEPT"
    return [
        f"the node drops what it forwards, unless a rule accepts it, in its chain {chain}."
        f" Have it accept the pods' subnet for this test"
        + (f", or change the policy: {policy}" if chain == iptables else "")
        for chain in chains
    ]


def dropping(listing: str, family: Family) -> list[str]:
    """List the chains of `nft list ruleset` that drop forwarded packets. Pure."""
    return [
        f"{chain} of the table {table}"
        for table, chain, lines in _chains(listing)
        if table.split()[0] in (_TABLE[family], "inet")
        and any("hook forward" in line for line in lines)
        and (any("policy drop" in line for line in lines) or _ends(lines[-1]))
    ]


def _chains(listing: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each chain: its table, its name and its lines."""
    table, chain = "", ""
    lines: list[str] = []
    for line in (raw.strip() for raw in listing.splitlines()):
        if line.startswith("table "):
            table = line.removeprefix("table ").removesuffix(" {")
        elif line.startswith("chain "):
            chain, lines = line.removeprefix("chain ").removesuffix(" {"), []
        elif line == "}" and chain:
            if lines:
                yield table, chain, lines
            chain = ""
        elif chain:
            lines.append(line)


def _ends(rule: str) -> bool:
    """Return whether a chain's last rule drops or rejects every packet that reaches it."""
    return bool(re.match(r"(drop|reject)\b", _COUNTER.sub("", rule)))
