"""Repeat an observation that an overloaded kernel, or pods of others on the node, spoiled.

So is one during which a bridge learned a MAC address that it had forgotten, and one of a question
that a pod did not ask, as its neighbour had asked first.
"""

from collections.abc import Callable

from podpath.errors import CouldNotTest, Disturbed, Forestalled, Overloaded
from podpath.paths.observe import Observed

#: Number of observations, the first one included. Where pods of others come and go every second,
#: they spoil every second one.
_ATTEMPTS = {Overloaded: 3, Forestalled: 3, Disturbed: 8}


def unspoiled(observe: Callable[[], Observed], *, anew: bool = False) -> Observed:
    """Observe traffic, and repeat it if what happened meanwhile spoiled it.

    A repetition counts only if each packet took its path: what the first attempt left, as a pod's
    neighbour entry, may make it differ. It counts in any case if each attempt begins anew.

    Args:
        observe: sends the traffic once, and watches it.
        anew: true if it leaves nothing that the next attempt meets.

    Raises:
        Overloaded: no attempt showed the path, as the kernel had no room for its frames.
        Forestalled: the same, as a neighbour asked first.
        Disturbed: the same, as pods of others came or went.
        CouldNotTest: as for Observer.observe, by the first attempt.
    """

    def learned() -> Observed:
        observed = observe()
        return observe() if observed.is_flooding and not anew else observed

    try:
        return learned()
    except tuple(_ATTEMPTS) as first:
        for _ in range(_ATTEMPTS[type(first)] - 1):
            try:
                observed = learned()
            except CouldNotTest:
                continue
            if anew or not observed.differences:
                return observed
        raise first
