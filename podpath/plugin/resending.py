"""Attribute lost packets to the requirement on plain traffic that is lost as well.

The plain traffic is sent once more, so that this rests on what was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from podpath.plugin import judged, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podpath.model import Family, Loss
    from podpath.paths.observe import Observed
    from podpath.paths.plain import Exchange


@dataclass(frozen=True, slots=True)
class _Seen:
    """A plain exchange whose packets were lost: the first difference, why, and by which rules."""

    text: str
    losses: Sequence[Loss]
    rules: frozenset[str]


#: Fixtures with which traffic is sent and watched.
_NEEDED = {"observer", "node", "pods", "draws"}
#: Plain exchanges of this process that were lost: their packets need not be awaited again.
_lost = pytest.StashKey["dict[tuple[Exchange, Family], _Seen]"]()


def exchange(item: pytest.Item, family: Family) -> tuple[Exchange, str] | None:
    """Return the plain exchange that a failed test's packets are lost with, and how it differs.

    Args:
        item: A test of a requirement on packets, which has failed.
        family: The IP version of its packets.
    """
    from podpath.paths import plain

    requirement = shared.ids_of(item)[0]
    failed = [o for o in item.stash.get(shared.observations, []) if o.differences]
    unwatched = item.stash.get(shared.unwatched, None)
    if not judged.fixtures(item).keys() >= _NEEDED:
        return None
    if not failed:
        if unwatched is None or not unwatched.is_all:
            return None
        return _by_rules(item, family, [plain.of_all(unwatched.losses)], requirement)
    dropping = [plain.rules(o.judgement, o.losses) for o in failed]
    return _by_rules(item, family, dropping, requirement) or (
        _of_same_packets(item, family, failed) if requirement in plain.RESENDING else None
    )


def _by_rules(
    item: pytest.Item, family: Family, dropping: Sequence[frozenset[str]], requirement: str
) -> tuple[Exchange, str] | None:
    """Return a simpler exchange whose packets the same rules drop.

    Args:
        item: The test.
        family: The IP version of its packets.
        dropping: The rules that dropped what was lost, of each observation.
        requirement: id of the test's requirement.
    """
    from podpath.nodes.deployment import CLIENT, SERVER
    from podpath.paths import plain

    if not all(dropping):
        return None
    for one in plain.simpler(requirement, CLIENT, SERVER):
        seen = _send(item, one, family)
        if seen and frozenset().union(*dropping) <= seen.rules:
            return one, seen.text
    return None


def _of_same_packets(
    item: pytest.Item, family: Family, failed: Sequence[Observed]
) -> tuple[Exchange, str] | None:
    """Return a plain exchange of the packets that were lost, if each protocol's is lost, too."""
    from podpath.paths import plain

    exchanges = [plain.lost(o.judgement) for o in failed]
    if not all(exchanges):
        return None
    of_plain: list[Loss] = []
    found: tuple[Exchange, str] | None = None
    for one in dict.fromkeys(one for some in exchanges for one in some):
        if not (seen := _send(item, one, family)):
            return None
        found = found or (one, seen.text)
        of_plain += seen.losses
    losses = [loss for o in failed for loss in o.losses]
    return found if plain.is_alike(losses, of_plain) else None


def _send(item: pytest.Item, one: Exchange, family: Family) -> _Seen | None:
    """Send a plain exchange, and return how its packets are lost; None if they are not."""
    from podpath.paths import plain
    from podpath.paths.kinds import MISSING
    from podpath.paths.repeating import unspoiled
    from podpath.paths.traffic import Traffics

    known = item.config.stash.setdefault(_lost, {})
    if (one, family) not in known:
        made = judged.fixtures(item)
        send = getattr(Traffics(made["node"], made["pods"], made["draws"]), one.traffic)
        # apart from the test's own observations, of which the last one is shown if it stays red
        again = partial(made["observer"].observe, send(one.source, one.destination, family))
        observed = unspoiled(again)
        lacking = [d for d in observed.differences if d.kind == MISSING]
        if not lacking:
            return None
        rules = plain.rules(observed.judgement, observed.losses)
        known[one, family] = _Seen(str(lacking[0]), observed.losses, rules)
    return known[one, family]
