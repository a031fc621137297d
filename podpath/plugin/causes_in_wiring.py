"""Causes in the wiring of the pods that stay, as it was right after ADD, or has become."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podpath.plugin import judged, shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from podpath.cni.network import Network
    from podpath.lifecycle.persistence import Persistence
    from podpath.model import Difference, Family, Topology


#: Requirements on packets to beyond the node, and on those that pods send to their gateway.
_BEYOND = frozenset({"PATH-MASQUERADE", "PATH-PORTMAP", "LIFE-PORTMAP"})
_BY_GATEWAY = _BEYOND | {"PATH-GATEWAY"}
#: Requirements on packets whose way is compared hop by hop.
_HOP_BY_HOP = frozenset(
    {"PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-GATEWAY", "K8S-SERVICE", "K8S-PROBE"}
)
#: Requirements on packets that the node sends on to pods on a bridge.
_FROM_NODE = _BY_GATEWAY | {"LIFE-REUSE", "K8S-SERVICE", "K8S-HAIRPIN", "K8S-PROBE"}
_PEERLESS = ("TOPO-VETH-PEER", "a pod has no host end")
_ADDRESSED = ("TOPO-ADDR", "a pod's interface lacks its address")
_ROUTED = ("TOPO-ROUTE", "a pod lacks a route for these packets, or the gateway's MAC address")
_LIMITED = ("TOPO-ADDR", "a pod's address is not for packets to elsewhere")
_TAKEN = ("TOPO-NODE-ROUTE", "a route of the node takes a pod's address for its own")
_HELD = ("TOPO-NETNS-IP", "the node has a pod's address, too")
_UNPLACED = ("TOPO-RESULT", "the result names no interface of the pod")
_KNOWN = ("TOPO-NODE-ROUTE", "the node has a wrong MAC address of a pod")
_ANSWERING = ("TOPO-SETTINGS", "a pod does not answer, or does not hear, such packets")
_FILTERED = ("TOPO-HOOKS", "a hook on the path drops packets")
_DEAF = ("TOPO-POD-LINKS", judged.DEAF)
_DEAF_NODE = ("LIFE-OTHERS", judged.DEAF)
#: What is said of changed wiring, by whether that came with pods.
_CHANGED = {
    False: "the pods' wiring changed while no pod was created or deleted",
    True: "the pods' wiring changed as other pods were created or deleted",
}
#: What changed of pods that were left alone, in this process; and what they need.
_alone = pytest.StashKey["list[Difference]"]()
_on_fresh_node = pytest.StashKey["list[Difference]"]()
_NEEDED = ("node", "network", "created")


def undone(item: pytest.Item, persistence: Persistence) -> Exception | None:
    """Return the violation of LIFE-PERSIST or LIFE-OTHERS, if the pods' wiring changed.

    The latter explains that of LIFE-PERSIST alone, and not whatever else a test may find.
    """
    from podpath.errors import DoesNotConform, Unmet
    from podpath.lifecycle.persistence import OTHERS, PERSISTS

    ids = shared.ids_of(item)
    about_changes = not {PERSISTS[0], OTHERS[0]}.isdisjoint(ids)
    changes = persistence.all_changes() if about_changes else persistence.by_themselves()
    if not changes and judged.is_of_packets(item):
        # what falls into the creation of another pod by chance does not come of it
        meanwhile = persistence.all_changes() + persistence.meanwhile
        changes = _alike_alone(item, meanwhile) if meanwhile else []
    if not changes:
        return None
    with_pods = persistence.came_with_pods(changes) and not _alike_alone(item, changes)
    violated = OTHERS if with_pods and judged.is_judged(item, OTHERS[0]) else PERSISTS
    if violated[0] in ids:
        return None
    text = "\n".join(map(str, changes))
    return Unmet(DoesNotConform(_CHANGED[with_pods], text), *violated)


def _alike_alone(item: pytest.Item, changes: list[Difference]) -> list[Difference]:
    """Return the changes that pods which are left alone have, too; they are made once.

    What changes once for all pods of a node, they have on another node alone.
    """
    from podpath.errors import CouldNotTest, DoesNotConform
    from podpath.lifecycle import left_alone

    stash, fixtures = item.config.stash, judged.fixtures(item)
    if not fixtures.keys() >= {*_NEEDED}:
        return changes
    node, network, pods = (fixtures[name] for name in _NEEDED)
    if _alone not in stash:
        try:
            stash[_alone] = left_alone.changes(node, network, pods)
        except (CouldNotTest, DoesNotConform, OSError):  # such pods say nothing
            stash[_alone] = changes
    of_alone = stash[_alone]
    if (alike := left_alone.alike(changes, of_alone)) or node.shared:
        return alike
    if _on_fresh_node not in stash:
        try:
            found = left_alone.on_fresh_node(shared.plan(item.config), pods.hung)
        except (CouldNotTest, DoesNotConform, OSError):
            found = []
        stash[_on_fresh_node] = found
    of_fresh = stash[_on_fresh_node]
    return left_alone.alike(changes, of_fresh)


def unrouted(item: pytest.Item, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO-ROUTE, if a missing route explains where packets went."""
    from podpath.model import NODE
    from podpath.topology import following, unrouted

    ids, network = shared.ids_of(item), shared.network(item.config)
    if not judged.is_of_packets(item) or _ROUTED[0] in network.not_applicable:
        return None
    params = judged.parameters(item)
    # a pod with mapped ports comes later, and is wired as those that stay
    pods = judged.named(params) if judged.MAPPED.isdisjoint(ids) else []
    to_node, family = params.get("peer") == NODE, params.get("family")
    misled = to_node or not _BY_GATEWAY.isdisjoint(ids) or not network.is_bridged
    beyond = not _BEYOND.isdisjoint(ids)
    for violated, found in _of_addresses(
        persistence.first, network, pods, family, beyond=beyond, misled=misled
    ):
        if found and violated[0] not in network.not_applicable:
            return judged.unmet(violated, found)
    lacking = unrouted.lacking(
        persistence.first,
        network,
        pods or list(persistence.first.pods),
        family,
        beyond=beyond,
        misled=misled,
    )
    if not lacking:
        return None
    cause = following.cause(_ROUTED[0], lacking, persistence.first, network)
    if cause is None:
        return judged.unmet(_ROUTED, lacking)
    return judged.violation(cause)


def _of_addresses(
    first: Topology,
    network: Network,
    pods: Sequence[str],
    family: Family | None,
    *,
    beyond: bool,
    misled: bool,
) -> Iterator[tuple[tuple[str, str], Sequence[object]]]:
    """Yield violations about the addresses of pods, each with what was found; pods: none for all.

    Those of the node concern packets that it sends to pods, and IPv4 ones on a bridge: it answers
    ARP for its addresses, whatever link they are on (ip-sysctl, arp_ignore).
    """
    from podpath.model import Family
    from podpath.topology import comparison, unrouted

    own = [pod for pod in pods or list(first.pods) if pod in first.pods]
    unheld = [
        f"pod {pod} has no address {address} on its interface"
        for pod in own
        for address in comparison.unheld(first, pod)
        if family in (None, Family(address.version))
    ]
    yield _ADDRESSED, unheld
    if beyond:
        yield _LIMITED, [text for pod in own for text in comparison.limited(first, pod)]
    if misled:
        yield _KNOWN, unrouted.unknown_to_node(first, pods, family)
    if misled or family is Family.IPV4:
        yield _HELD, unrouted.held_by_node(first, pods, family)
        yield _TAKEN, unrouted.taken_by_node(first, network, pods, family)


def peerless(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of TOPO-VETH-PEER, if packets have no path because of it."""
    from podpath.errors import Unmet
    from podpath.paths.expected import NoHostEnd

    if not isinstance(error, NoHostEnd) or not judged.is_judged(item, _PEERLESS[0]):
        return None
    return Unmet(error, *_PEERLESS)


def routeless(item: pytest.Item, error: Exception, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO-NODE-ROUTE, if pods' packets need a route that is missing."""
    from podpath.errors import Unmet
    from podpath.paths import without_route

    if not isinstance(error, Unmet) or error.requirement not in without_route.BETWEEN_PODS:
        return None
    network = shared.network(item.config)
    cause = without_route.of_pods(persistence.first, network)
    return judged.violation(cause) if cause and judged.is_judged(item, cause.requirement) else None


def unreached(item: pytest.Item, error: Exception, persistence: Persistence) -> Exception | None:
    """Return the violation that keeps the node from sending to pods, if a test looks no closer.

    Tests that watch single packets compare hop by hop what became of them: they may find another
    fault.
    """
    from podpath.paths import without_route

    ids, network = set(shared.ids_of(item)), shared.network(item.config)
    from_node = not network.is_bridged or not ids.isdisjoint(_FROM_NODE)
    looks_closer = bool(ids & _HOP_BY_HOP) and bool(item.stash.get(shared.observations, []))
    if not from_node or not judged.is_of_packets(item) or looks_closer:
        return None
    if not judged.may_follow(error):
        return None
    params = judged.parameters(item)
    pods = judged.named(params) if ids.isdisjoint(judged.MAPPED) else []
    cause = without_route.to_pods(
        persistence.first, network, pods or list(persistence.first.pods), params.get("family")
    )
    return judged.violation(cause) if cause and judged.is_judged(item, cause.requirement) else None


def silenced(item: pytest.Item, error: Exception, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO-SETTINGS, if a pod does not answer, or hear, such packets.

    Whether others know the address of a pod at that moment is a matter of time.
    """
    from podpath.errors import CouldNotTest, DoesNotConform
    from podpath.model import POD_INTERFACE
    from podpath.nodes import own_settings

    node, params, ids = shared.node(item), judged.parameters(item), shared.ids_of(item)
    if node is None or not judged.is_of_packets(item) or not judged.may_follow(error):
        return None
    if not judged.is_judged(item, _ANSWERING[0]):
        return None
    try:
        by_pod = {
            pod: own_settings.read_in(node, own.netns)
            for pod, own in persistence.first.pods.items()
        }
    except (CouldNotTest, DoesNotConform):  # a pod went, which is a finding of its own
        return None
    found = own_settings.silencing(by_pod, POD_INTERFACE, ids, params.get("family"))
    # a pod with mapped ports comes later, and is set as those that stay
    named = judged.named(params) if judged.MAPPED.isdisjoint(ids) else []
    texts = [str(d) for pod, own in found.items() if not named or pod in named for d in own]
    return judged.unmet(_ANSWERING, texts) if texts else None


def filtered(item: pytest.Item, error: Exception, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO-HOOKS, if a pod's own rules drop packets that reach it.

    They are seen at its interface, and the program does not get them.
    """
    from podpath.errors import CouldNotTest, DoesNotConform, Inconclusive
    from podpath.model import POD_INTERFACE
    from podpath.nodes import ruleset
    from podpath.topology import firewall, hooks

    node, named = shared.node(item), judged.named(judged.parameters(item))
    if not isinstance(error, Inconclusive) or node is None:
        return None
    if not judged.is_judged(item, _FILTERED[0]):
        return None
    try:
        rules = firewall.rules(node, persistence.first)
    except (CouldNotTest, DoesNotConform):  # a pod went, which is a finding of its own
        return None
    pods = named or list(persistence.first.pods)
    drops = {pod: list(filter(ruleset.drops_any, rules.get(pod, ()))) for pod in pods}
    found = hooks.differences(persistence.first, shared.network(item.config), drops)
    places = {place for pod in pods for place in (f"pod {pod}", f"pod {pod} {POD_INTERFACE}")}
    own = [d for d in found if str(d.where) in places]
    return judged.unmet(_FILTERED, own) if own else None


def miswired(item: pytest.Item, error: Exception, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO that decides where the packets of a test go, if there is one."""
    from podpath.topology import miswired

    if not judged.is_of_packets(item) or not judged.may_follow(error):
        return None
    params, first = judged.parameters(item), persistence.first
    pods = [pod for pod in first.pods if pod in judged.named(params)] or list(first.pods)
    causes = miswired.causes(
        *(shared.ids_of(item), pods, params.get("family"), first, shared.network(item.config))
    )
    found = (cause for cause in causes if judged.is_judged(item, cause.requirement))
    return next(map(judged.violation, found), None)


def unplaced(item: pytest.Item, error: Exception, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO-RESULT, if mapped ports have no address to lead to.

    The plugin portmap passes over addresses of interfaces without a sandbox
    (plugins/meta/portmap/main.go, parseConfig).
    """
    from podpath.topology import unplaced

    if not judged.MAPPED.issuperset(shared.ids_of(item)) or not judged.is_judged(
        item, _UNPLACED[0]
    ):
        return None
    if not judged.may_follow(error):
        return None
    found = unplaced.results(persistence.first, shared.network(item.config))
    return judged.unmet(_UNPLACED, found) if found else None


def deaf(item: pytest.Item, error: Exception, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO-POD-LINKS, if no sniffer gets ready as a pod's lo is down.

    If it is the node's, which also sends itself what is for its mapped ports, it is LIFE-OTHERS.
    """
    from podpath.errors import CouldNotTest
    from podpath.model import NODE
    from podpath.topology import interfaces

    ids, unready = shared.ids_of(item), isinstance(error, CouldNotTest)
    if not judged.is_of_packets(item) or not (unready or judged.MAPPED.issuperset(ids)):
        return None
    changes = judged.fixtures(item)["created"].link_changes
    of_node = [d for d in changes if str(d.where) == f"{NODE} lo flags"]
    is_judged = _DEAF_NODE[0] not in ids and judged.is_judged(item, _DEAF_NODE[0])
    if of_node and is_judged and judged.is_lo_down(judged.fixtures(item)["node"]):
        return judged.unmet(_DEAF_NODE, of_node)
    if not unready or not judged.is_judged(item, _DEAF[0]):
        return None
    first = persistence.first
    of_links = (d for pod in first.pods for d in interfaces.pod_links(first, pod))
    found = [d for d in of_links if d.kind == "interface down" and str(d.where).endswith(" lo")]
    return judged.unmet(_DEAF, found) if found else None
