"""Check for hooks that take, change or copy packets between a pod and the bridge. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from podpath.cni.network import Network
from podpath.model import NODE, POD_INTERFACE, Difference, Interface, Topology
from podpath.system import ipsec


def nft_rules(listing: str, families: Iterable[str]) -> list[str]:
    """List the rules, and the policies that drop, in the output of `nft list ruleset`.

    Args:
        listing: The output.
        families: The families of tables to list, such as "bridge".
    """
    rules, family = [], ""
    for line in (raw.strip() for raw in listing.splitlines()):
        if line.startswith("table "):
            family = line.split()[1]
        elif family in families and _takes_effect(line):
            rules.append(f"{family}: {line}")
    return rules


def _takes_effect(line: str) -> bool:
    """Return whether a line within a table is a rule, or a policy that drops."""
    frame = not line or line.endswith("{") or line.startswith(_NO_RULES)
    return not frame or (line.startswith("type ") and "policy drop" in line)


_NO_RULES = ("}", "type", "policy", "flags", "elements", "comment", "#")


def differences(
    topology: Topology, network: Network, filters: Mapping[str, Iterable[str]]
) -> list[Difference]:
    """Check that only configured hooks are on the path.

    Args:
        topology: The node and its pods.
        network: The configuration, and how its plugin wires pods.
        filters: Packet filter rules on the path, as firewall.rules() returns them.
    """
    unexpected = []
    links: dict[str, Interface | None] = {
        f"{NODE} {name}": topology.node.interface(name)
        for name in sorted(network.own_links(topology))
    }
    for pod in topology.pods:
        links[f"pod {pod} {POD_INTERFACE}"] = topology.of_pod(pod).interface(POD_INTERFACE)
        links[f"host end of pod {pod}"] = topology.host_end(pod)
        if lower := topology.lower_link(pod):
            links[f"{NODE} {lower.name}"] = lower
    expected = network.conflist.rates.queues
    for where, link in links.items():
        of_limits = expected if where.startswith("host end") and link else ()
        queues = link.queues if link else ()
        extra, missing = Counter(queues) - Counter(of_limits), Counter(of_limits) - Counter(queues)
        for queue in extra.elements():
            unexpected.append(Difference("traffic control", where, "none", queue))
        for queue in missing.elements():
            unexpected.append(Difference("traffic control", where, queue, "none"))
        if link and link.xdp:
            unexpected.append(Difference("XDP program", where, "none", "attached"))
    for where, rules in filters.items():
        name = where if where == NODE else f"pod {where}"
        # macspoofchk adds rules of the bridge family
        own = where == NODE and network.conflist.spoof_check
        unexpected += [
            Difference("packet filter", name, "none", rule)
            for rule in rules
            if not own or rule.startswith(ipsec.MARK)
        ]
    return unexpected
