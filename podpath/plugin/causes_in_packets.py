"""Causes that a test's own packets show: where each was lost, why, and how it differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podpath.plugin import judged, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from podpath.cni.network import Network
    from podpath.lifecycle.persistence import Persistence
    from podpath.model import Difference, Family
    from podpath.paths.observe import Observed
    from podpath.topology.cause import Cause

#: Its packets pass between two pods, after a translation.
_OF_SERVICES = "K8S-SERVICE"


def following(item: pytest.Item, persistence: Persistence) -> Exception | None:
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
    elif ids[0].startswith(judged.OF_PACKETS):
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
    if cause is None or judged.is_declared(item, cause.requirement):
        return None
    return judged.violation(cause)


def altered(item: pytest.Item) -> Exception | None:
    """Return the violation of PATH-UNCHANGED, if packets only change on their way."""
    from podpath.paths import altered
    from podpath.plugin import outcome

    differences = outcome.compared(item.config)
    failed = [o for o in item.stash.get(shared.observations, []) if o.differences]
    if not altered.SENDING.issuperset(shared.ids_of(item)) or not failed or not differences:
        return None
    found = [altered.changes(o.judgement, differences) for o in failed]
    if not all(found) or not judged.is_judged(item, altered.REQUIREMENT):
        return None
    return judged.unmet((altered.REQUIREMENT, altered.CONSEQUENCE), found[0])


def copied(item: pytest.Item) -> Exception | None:
    """Return the violation of PATH-BYSTANDER, if packets only appear elsewhere as well."""
    from podpath.paths import copied
    from podpath.plugin import outcome

    ids, differences = shared.ids_of(item), outcome.compared(item.config)
    failed = [o for o in item.stash.get(shared.observations, []) if o.differences]
    if not failed or not ids or not copied.OF_ONE_PATH.issuperset(ids):
        return None
    causes = [copied.cause(o.judgement, differences) for o in failed]
    first = causes[0] if all(causes) else None
    return judged.violation(first) if first and judged.is_judged(item, first.requirement) else None


def preceding(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of TOPO that explains the path before other pods come and go."""
    from podpath.lifecycle.bystanders import PathDiffers

    if not isinstance(error, PathDiffers):
        return None
    observed = error.observed
    cause = _of_packets(observed, observed.differences, shared.network(item.config))
    return judged.violation(cause) if cause and judged.is_judged(item, cause.requirement) else None


def resent(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of PATH-ICMP, PATH-HTTP or PATH-UDP, if plain traffic is lost, too."""
    from podpath.errors import CouldNotTest
    from podpath.plugin import resending

    ids = shared.ids_of(item)
    of_path = len(ids) == 1 and ids[0].startswith(("PATH-", _OF_SERVICES))
    family = judged.parameters(item).get("family") or _only_family(item)
    if not of_path or family is None or not isinstance(error, AssertionError):
        return None
    try:
        found = resending.exchange(item, family)
    except CouldNotTest:  # the plain traffic says nothing, and the failure stays
        return None
    if not found or not judged.is_judged(item, found[0].requirement):
        return None
    plain, text = found
    return judged.unmet((plain.requirement, plain.consequence), [text])


def _only_family(item: pytest.Item) -> Family | None:
    """Return the IP version of a test's packets, if they have one alone."""
    from podpath.model import Family

    observed = item.stash.get(shared.observations, [])
    packets = (s.packet for o in observed for s in o.observation.sightings)
    versions = {packet.source.version for packet in packets if packet.source}
    return Family(versions.pop()) if len(versions) == 1 else None


def _of_packets(
    observed: Observed, differences: Sequence[Difference], network: Network
) -> Cause | None:
    """Return the violation of TOPO that explains all differences of observed packets, or None."""
    from podpath.paths import following

    said = [result.errors for result in observed.results]
    return following.cause(
        *(observed.judgement, differences, observed.losses, said), observed.topology, network
    )
