"""Packets that only hooks on the path dropped, of which TOPO-HOOKS tells. Pure."""

import re
from collections import Counter
from collections.abc import Sequence

from podpath.cni.network import Network
from podpath.model import NODE, Difference, Loss, Topology
from podpath.model import Cause as LossCause
from podpath.paths import ending
from podpath.paths.crossing import Crossing
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import DUPLICATE, MISSING, OPTIONS
from podpath.paths.why import NETFILTER
from podpath.system import ipsec
from podpath.topology import hooks
from podpath.topology.cause import Cause

REQUIREMENT = "TOPO-HOOKS"
#: Kinds of difference with which packets may only be lost: the sender repeats them.
KINDS = frozenset({MISSING, DUPLICATE, OPTIONS})
#: The kernel's reasons for what hooks of links drop (net/dropreason-core.h).
_OF_LINKS = frozenset({"TC_INGRESS", "TC_EGRESS", "QDISC_DROP", "XDP"})
#: The kernel's reason for what a policy of IPsec drops.
_OF_IPSEC = frozenset({"XFRM_POLICY"})
#: Families of tables that TOPO-HOOKS looks at on the node; in pods, these are all.
_ON_LINKS = ("bridge", "netdev")
_TABLE = re.compile(r", table (\w+) ")


def cause(
    judgement: Judgement, losses: Sequence[Loss], topology: Topology, network: Network
) -> Cause | None:
    """Return the hooks that explain all lost packets, or None.

    Args:
        judgement: The sightings, compared with the expected paths.
        losses: Why packets were lost, as far as the kernel reported it.
        topology: The node and its pods when the traffic was over.
        network: The configuration, and how its plugin wires pods.
    """
    of_hooks = explaining(losses, topology, network)
    if of_hooks is None:
        return None
    lost = Counter(c.path.name for c in judgement.crossings if c.differences)
    explained = Counter[str]()
    for loss in losses:
        explained[loss.path] += loss.packets
    early = all(_is_early(d, c) for c in judgement.crossings for d in c.differences)
    if not early or lost - explained or not ending.explains_all(judgement, explained):
        return None
    return of_hooks


def explaining(losses: Sequence[Loss], topology: Topology, network: Network) -> Cause | None:
    """Return the hooks that are the causes of all losses, or None; for the arguments see cause."""
    found: list[Difference] = []
    for loss in losses:
        for dropped in loss.causes:
            own = _hook(dropped, loss.namespace, topology, network)
            if not own:
                return None
            found += own
    differences = tuple(dict.fromkeys(found))
    return Cause(REQUIREMENT, "a hook on the path drops packets", differences) if found else None


def _is_early(difference: Difference, crossing: Crossing) -> bool:
    """Return whether a packet is missing, or was repeated by its sender before it was lost."""
    passed = {h.place for h, seen in zip(crossing.path.hops, crossing.at_hops, strict=True) if seen}
    lost = not crossing.at_hops[-1]
    return difference.kind == MISSING or (lost and difference.where in passed)


def _hook(
    dropped: LossCause, namespace: str, topology: Topology, network: Network
) -> list[Difference]:
    """List the differences of TOPO-HOOKS that drop packets for this cause."""
    if dropped.reason == NETFILTER:
        tables = (_TABLE.search(rule) for rule in dropped.rules)
        on_links = [t and (namespace != NODE or t[1] in _ON_LINKS) for t in tables]
        where = NODE if namespace == NODE else f"pod {namespace}"
        if not all(on_links) or (namespace == NODE and network.conflist.spoof_check):
            return []
        return [Difference("packet filter", where, "none", rule) for rule in dropped.rules]
    if dropped.reason in _OF_IPSEC:
        where = NODE if namespace == NODE else f"pod {namespace}"
        return [Difference("packet filter", where, "none", f"{ipsec.MARK}a policy")]
    if dropped.reason not in _OF_LINKS or not dropped.interface:
        return []
    names = {f"{namespace} {dropped.interface}", f"pod {namespace} {dropped.interface}"}
    names |= {
        f"host end of pod {pod}"
        for pod in topology.pods
        if namespace == NODE and (end := topology.host_end(pod)) and end.name == dropped.interface
    }
    return [d for d in hooks.differences(topology, network, {}) if d.where in names]
