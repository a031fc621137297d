"""Attribute what deleted pods leave to LIFE-DELETE, if the deletion of any pod leaves it.

One more pod is created and deleted, so that this rests on what was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podpath.plugin import judged, outcome, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podpath.model import Difference

#: What the deletion of a pod left in this process.
_left = pytest.StashKey["Sequence[Difference]"]()
_NEEDED = ("node", "pods", "network")


def left(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of LIFE-DELETE, if the deletion of any pod leaves what a test found."""
    from podpath.errors import CouldNotTest, DoesNotConform, Unmet
    from podpath.lifecycle import deletion

    if not isinstance(error, AssertionError):
        return None
    try:
        found = _leftovers(item)
    except (CouldNotTest, DoesNotConform):  # another pod says nothing, and the failure stays
        return None
    if not found or not judged.is_judged(item, deletion.REQUIREMENT):
        return None
    text = "\n".join(map(str, found))
    return Unmet(DoesNotConform(text), deletion.REQUIREMENT, deletion.CONSEQUENCE)


def _leftovers(item: pytest.Item) -> Sequence[Difference]:
    """Return what the deletion of a pod leaves, if a failed test found nothing but that."""
    from podpath.lifecycle import deletion

    ids, found = shared.ids_of(item), outcome.compared(item.config)
    fixtures = judged.fixtures(item)
    if not found or not deletion.DELETING.issuperset(ids) or not fixtures.keys() >= {*_NEEDED}:
        return ()
    stash = item.config.stash
    if _left not in stash:
        node, pods, network = (fixtures[name] for name in _NEEDED)
        stash[_left] = deletion.differences(node, pods, network)
    of_any = stash[_left]
    return of_any if deletion.is_alike(found, of_any) else ()
