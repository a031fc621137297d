"""Attribute the failure of a test to the violation that it follows from, which is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from podpath.cni.network import Network
    from podpath.errors import Unmet
    from podpath.lifecycle.persistence import Persistence
    from podpath.model import Difference
    from podpath.paths.observe import Observed
    from podpath.topology.following import Cause

#: Requirements on packets of pods, and those of them on packets to beyond the node.
_OF_PACKETS = ("PATH-", "LIFE-REUSE", "LIFE-OTHERS", "LIFE-SURVIVOR", "LIFE-PORTMAP")
_BEYOND = frozenset({"PATH-MASQUERADE", "PATH-PORTMAP", "LIFE-PORTMAP"})
_BY_GATEWAY = _BEYOND | {"PATH-GATEWAY"}
#: Requirement on pods of its own, whose wiring may change by itself as that of the others does.
_RESTART = "LIFE-RESTART"
#: Requirements on packets whose way is compared hop by hop.
_HOP_BY_HOP = frozenset({"PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-GATEWAY"})
#: Requirements on packets to mapped ports, and on those that the node sends on to pods on a bridge.
_MAPPED = frozenset({"PATH-PORTMAP", "LIFE-PORTMAP"})
_FROM_NODE = _BY_GATEWAY | {"LIFE-REUSE"}
#: Fixtures with which a test calls plugins.
_CALLING = frozenset({"contract_node", "unset"})
_PEERLESS = ("TOPO-VETH-PEER", "a pod has no host end")
_ADDRESSED = ("TOPO-ADDR", "a pod's interface lacks its address")
_ROUTED = ("TOPO-ROUTE", "a pod lacks a route for these packets, or the gateway's MAC address")
_HELD = ("TOPO-NETNS-IP", "the node has a pod's address, too")
_UNPLACED = ("TOPO-RESULT", "the result names no interface of the pod")
_KNOWN = ("TOPO-NODE-ROUTE", "the node has a wrong MAC address of a pod")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let tests call plugins on the node of the pods, if the run was given no other one."""
    persistence = item.config.stash.get(shared.persistence, None)
    calls = not _CALLING.isdisjoint(getattr(item, "fixturenames", ()))
    if persistence is None or not calls or shared.given_of(item.config) is None:
        return (yield)
    with persistence.suspended():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Do not count a test as run that relies on wiring which another test reports."""
    try:
        return (yield)
    except Exception as error:
        persistence = item.config.stash.get(shared.persistence, None)
        on_pods = "created" in getattr(item, "fixturenames", ())
        if persistence is None or not (on_pods or _RESTART in shared.ids_of(item)):
            raise
        cause = _undone(item, persistence)
        if not on_pods:
            raise cause or error from None
        if cause is None and isinstance(error, AssertionError):
            cause = _unrouted(item, persistence) or _following(item, persistence) or _altered(item)
        elif cause is None and _is_about_paths(error):
            cause = _unrouted(item, persistence)
        cause = cause or _preceding(item, error)
        cause = cause or _peerless(item, error) or _routeless(item, error, persistence)
        cause = cause or _unreached(item, error, persistence)
        cause = cause or _unplaced(item, error, persistence)
        cause = cause or _resent(item, error) or _left(item, error)
        if cause is None:
            raise
        raise cause from None


def _is_about_paths(error: Exception) -> bool:
    """Return whether a test could not be run because of where packets went, perhaps."""
    from podpath.errors import CouldNotTest, Unmet

    of_path = isinstance(error, Unmet) and error.requirement.startswith("PATH-")
    return of_path or isinstance(error, CouldNotTest)


def _undone(item: pytest.Item, persistence: Persistence) -> Exception | None:
    """Return the violation of LIFE-PERSIST, if the pods' wiring changed by itself."""
    from podpath.errors import DoesNotConform, Unmet
    from podpath.lifecycle.persistence import PERSISTS

    if PERSISTS[0] in shared.ids_of(item) or not (changes := persistence.all_changes()):
        return None
    text = "\n".join(map(str, changes))
    fault = DoesNotConform("the pods' wiring changed while no pod was created or deleted", text)
    return Unmet(fault, *PERSISTS)


def _unrouted(item: pytest.Item, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO-ROUTE, if a missing route explains where packets went."""
    from podpath.errors import DoesNotConform, Unmet
    from podpath.model import Family
    from podpath.topology import comparison, following, unrouted

    ids, network = shared.ids_of(item), shared.network(item.config)
    if not all(i.startswith(_OF_PACKETS) for i in ids) or _ROUTED[0] in network.not_applicable:
        return None
    params = _parameters(item)
    pods = _named(params)
    unheld = [
        f"pod {pod} has no address {address} on its interface"
        for pod in pods or list(persistence.first.pods)
        if pod in persistence.first.pods
        for address in comparison.unheld(persistence.first, pod)
        if params.get("family") in (None, Family(address.version))
    ]
    misled = not _BY_GATEWAY.isdisjoint(ids) or not network.is_bridged
    concerned = (persistence.first, pods, params.get("family"))
    # the node answers ARP for its addresses, whatever link they are on (ip-sysctl, arp_ignore)
    taken = misled or params.get("family") is Family.IPV4
    for violated, found in (
        (_ADDRESSED, unheld),
        (_KNOWN, unrouted.unknown_to_node(*concerned) if misled else []),
        (_HELD, unrouted.held_by_node(*concerned) if taken else []),
    ):
        if found and violated[0] not in network.not_applicable:
            return Unmet(DoesNotConform("\n".join(map(str, found))), *violated)
    lacking = unrouted.lacking(
        persistence.first,
        network,
        pods or list(persistence.first.pods),
        params.get("family"),
        beyond=not _BEYOND.isdisjoint(ids),
        misled=misled,
    )
    if not lacking:
        return None
    cause = following.cause(_ROUTED[0], lacking, persistence.first, network)
    if cause is None:
        return Unmet(DoesNotConform("\n".join(map(str, lacking))), *_ROUTED)
    return _violation(cause)


def _following(item: pytest.Item, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO that explains all differences of a test, if it is certain."""
    from podpath.paths import hooked, too_large
    from podpath.plugin import outcome
    from podpath.topology import following

    ids, network = shared.ids_of(item), shared.network(item.config)
    differences = outcome.compared(item.config)
    if not differences or len(ids) != 1:
        return None
    cause = None
    if ids[0].startswith("TOPO-"):
        cause = following.cause(ids[0], differences, persistence.first, network)
    elif ids[0].startswith(_OF_PACKETS):
        observed = item.stash.get(shared.observations, [])
        causes = [_of_packets(o, differences, network) for o in observed if o.differences]
        cause = causes[0] if causes and all(causes) else None
        explained = item.stash.get(shared.unwatched, None)
        if explained and explained.is_all and not causes:
            cause = hooked.explaining(explained.losses, persistence.first, network)
        if not cause and not causes:
            cause = too_large.of_flows(differences, persistence.first, network)
        # a hook that another pod's end left is a finding of its own, and TOPO-HOOKS saw none
        if cause and cause.requirement == hooked.REQUIREMENT and not ids[0].startswith("PATH-"):
            cause = None
    if cause is None or _is_declared(item, cause.requirement):
        return None
    return _violation(cause)


def _altered(item: pytest.Item) -> Exception | None:
    """Return the violation of PATH-UNCHANGED, if packets only change on their way."""
    from podpath.errors import DoesNotConform, Unmet
    from podpath.paths import altered
    from podpath.plugin import outcome

    differences = outcome.compared(item.config)
    failed = [o for o in item.stash.get(shared.observations, []) if o.differences]
    if not altered.SENDING.issuperset(shared.ids_of(item)) or not failed or not differences:
        return None
    found = [altered.changes(o.judgement, differences) for o in failed]
    if not all(found) or not _is_judged(item, altered.REQUIREMENT):
        return None
    text = "\n".join(map(str, found[0]))
    return Unmet(DoesNotConform(text), altered.REQUIREMENT, altered.CONSEQUENCE)


def _preceding(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of TOPO that explains the path before other pods come and go."""
    from podpath.lifecycle.bystanders import PathDiffers

    if not isinstance(error, PathDiffers):
        return None
    observed = error.observed
    cause = _of_packets(observed, observed.differences, shared.network(item.config))
    return _violation(cause) if cause and _is_judged(item, cause.requirement) else None


def _of_packets(
    observed: Observed, differences: Sequence[Difference], network: Network
) -> Cause | None:
    """Return the violation of TOPO that explains all differences of observed packets, or None."""
    from podpath.paths import following

    said = [result.errors for result in observed.results]
    return following.cause(
        *(observed.judgement, differences, observed.losses, said), observed.topology, network
    )


def _peerless(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of TOPO-VETH-PEER, if packets have no path because of it."""
    from podpath.errors import Unmet
    from podpath.paths.expected import NoHostEnd

    if not isinstance(error, NoHostEnd) or not _is_judged(item, _PEERLESS[0]):
        return None
    return Unmet(error, *_PEERLESS)


def _routeless(item: pytest.Item, error: Exception, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO-NODE-ROUTE, if pods' packets need a route that is missing."""
    from podpath.errors import Unmet
    from podpath.paths import without_route

    if not isinstance(error, Unmet) or error.requirement not in without_route.BETWEEN_PODS:
        return None
    network = shared.network(item.config)
    cause = without_route.of_pods(persistence.first, network)
    return _violation(cause) if cause and _is_judged(item, cause.requirement) else None


def _unreached(item: pytest.Item, error: Exception, persistence: Persistence) -> Exception | None:
    """Return the violation that keeps the node from sending to pods, if a test looks no closer.

    Tests that watch single packets compare hop by hop what became of them: they may find another
    fault.
    """
    from podpath.paths import without_route

    ids, network = set(shared.ids_of(item)), shared.network(item.config)
    from_node = not network.is_bridged or not ids.isdisjoint(_FROM_NODE)
    looks_closer = ids & _HOP_BY_HOP and item.stash.get(shared.observations, [])
    if not from_node or not all(i.startswith(_OF_PACKETS) for i in ids) or looks_closer:
        return None
    if not isinstance(error, AssertionError) and not _is_about_paths(error):
        return None
    params = _parameters(item)
    pods = _named(params) if ids.isdisjoint(_MAPPED) else []
    cause = without_route.to_pods(
        persistence.first, network, pods or list(persistence.first.pods), params.get("family")
    )
    return _violation(cause) if cause and _is_judged(item, cause.requirement) else None


def _unplaced(item: pytest.Item, error: Exception, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO-RESULT, if mapped ports have no address to lead to.

    The plugin portmap passes over addresses of interfaces without a sandbox
    (plugins/meta/portmap/main.go, parseConfig).
    """
    from podpath.errors import DoesNotConform, Unmet
    from podpath.topology import unplaced

    if not _MAPPED.issuperset(shared.ids_of(item)) or not _is_judged(item, _UNPLACED[0]):
        return None
    if not isinstance(error, AssertionError) and not _is_about_paths(error):
        return None
    found = unplaced.results(persistence.first, shared.network(item.config))
    return Unmet(DoesNotConform("\n".join(map(str, found))), *_UNPLACED) if found else None


def _resent(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of PATH-ICMP, PATH-HTTP or PATH-UDP, if plain traffic is lost, too."""
    from podpath.errors import CouldNotTest, DoesNotConform, Unmet
    from podpath.plugin import resending

    ids, family = shared.ids_of(item), _parameters(item).get("family")
    of_path = len(ids) == 1 and ids[0].startswith("PATH-")
    if not of_path or family is None or not isinstance(error, AssertionError):
        return None
    try:
        found = resending.exchange(item, family)
    except CouldNotTest:  # the plain traffic says nothing, and the failure stays
        return None
    if not found or not _is_judged(item, found[0].requirement):
        return None
    plain, text = found
    return Unmet(DoesNotConform(text), plain.requirement, plain.consequence)


def _left(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of LIFE-DELETE, if the deletion of any pod leaves what a test found."""
    from podpath.errors import CouldNotTest, DoesNotConform, Unmet
    from podpath.lifecycle import deletion
    from podpath.plugin import deleting

    if not isinstance(error, AssertionError):
        return None
    try:
        found = deleting.leftovers(item)
    except (CouldNotTest, DoesNotConform):  # another pod says nothing, and the failure stays
        return None
    if not found or not _is_judged(item, deletion.REQUIREMENT):
        return None
    text = "\n".join(map(str, found))
    return Unmet(DoesNotConform(text), deletion.REQUIREMENT, deletion.CONSEQUENCE)


def _parameters(item: pytest.Item) -> dict[str, Any]:
    """Return the parameters of a test; none of a test without."""
    call = getattr(item, "callspec", None)
    return dict(call.params) if call else {}


def _named(parameters: Mapping[str, Any]) -> list[str]:
    """List the ends and pods that parameters of a test name."""
    return [parameters[n] for n in ("source", "destination", "pod") if n in parameters]


def _violation(cause: Cause) -> Unmet:
    """Return a cause as the violation of its requirement."""
    from podpath.errors import DoesNotConform, Unmet

    error = DoesNotConform("\n".join(map(str, cause.differences)))
    return Unmet(error, cause.requirement, cause.consequence)


def _is_judged(item: pytest.Item, requirement: str) -> bool:
    """Return whether a requirement applies, and its violation is no known deviation."""
    is_applicable = requirement not in shared.network(item.config).not_applicable
    return is_applicable and not _is_declared(item, requirement)


def _is_declared(item: pytest.Item, requirement: str) -> bool:
    """Return whether a requirement's violation is a known deviation, which explains no other."""
    known = shared.plan(item.config).known_deviations
    return any(deviation.requirement == requirement for deviation in known)
