"""Attribute what a container's ADD or CHECK shows to TOPO, if a pod's attachment has it, too.

One more pod is created and deleted, so that this rests on what was seen.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from podpath.plugin import judged, outcome, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podpath.topology.cause import Cause

#: What is wrong with a pod on the node without pods, in this process.
_seen: pytest.StashKey[Sequence[Cause]] = pytest.StashKey()


def of_pod(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of TOPO that any pod shows, if it explains all that a test found."""
    from podpath.lifecycle import attached

    used, violated = judged.without_pods(item), _violated(item, error)
    if violated not in attached.EXPLAINING or used is None:
        return None
    found = (
        cause
        for cause in judged.once(item, _seen, partial(attached.violations, *used))
        if cause.requirement in attached.EXPLAINING[violated]
        if judged.is_judged(item, cause.requirement)
    )
    return next(map(judged.violation, found), None)


def _violated(item: pytest.Item, error: Exception) -> str:
    """Return the requirement that a test has violated in a way that pods may share; or none."""
    from podpath.errors import Unmet
    from podpath.lifecycle import attached

    if isinstance(error, Unmet):
        return error.requirement
    ids, found = shared.ids_of(item), outcome.compared(item.config)
    if len(ids) != 1 or not isinstance(error, AssertionError):
        return ""
    return ids[0] if attached.may_explain(ids[0], {d.kind for d in found}) else ""
