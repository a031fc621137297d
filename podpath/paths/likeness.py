"""Compare the paths of two senders in one pod, which must be the same. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from podpath.model import Difference


def unlike(
    of_program: Sequence[Difference], of_container: Sequence[Difference]
) -> list[Difference]:
    """List where the packets of only one sender differ from the path that both must take.

    A difference that both senders have, of one kind at one place, is the finding of another
    requirement.

    Args:
        of_program: Differences of a program of the host in the pod's network namespace.
        of_container: Differences of the same program in the pod's container.
    """
    return [
        *_alone(of_container, of_program, "as for other programs in the pod's network namespace"),
        *_alone(of_program, of_container, "as for the pod's container"),
    ]


def _alone(
    differences: Iterable[Difference], others: Iterable[Difference], likewise: str
) -> Iterator[Difference]:
    """Yield the differences that the other sender does not have."""
    known = {(other.kind, other.where) for other in others}
    for difference in differences:
        if (difference.kind, difference.where) not in known:
            yield replace(difference, expected=f"{difference.expected}, {likewise}")
