"""Repeat an observation that an overloaded kernel spoiled."""

from collections.abc import Callable

from podpath.errors import CouldNotTest, Overloaded
from podpath.paths.observe import Observed

#: Number of observations, the first one included.
_ATTEMPTS = 3


def despite_load(observe: Callable[[], Observed]) -> Observed:
    """Observe traffic, and repeat it if the kernel had no room for its frames.

    A repetition counts only if each packet took its path: what the first attempt left, as a pod's
    neighbour entry, may make it differ.

    Args:
        observe: sends the traffic once, and watches it.

    Raises:
        Overloaded: no attempt showed the path.
        CouldNotTest: as for Observer.observe, by the first attempt.
    """
    try:
        return observe()
    except Overloaded as overload:
        for _ in range(_ATTEMPTS - 1):
            try:
                observed = observe()
            except CouldNotTest:
                continue
            if not observed.differences:
                return observed
        raise overload
