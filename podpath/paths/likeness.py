"""Compare the paths of two senders in one pod, which must be the same. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from podpath.model import Difference, Place

#: ICMP and ICMPv6 "destination unreachable", as a sighting is described (RFC 792, RFC 4443).
_ERROR = re.compile("(icmp 3|icmpv6 1),")


def unlike(
    of_program: Sequence[Difference], of_container: Sequence[Difference]
) -> list[Difference]:
    """List where the packets of only one sender differ from the path that both must take.

    A difference that both senders have, of one kind at one place, is the finding of another
    requirement. What a pod's own kernel tells its programs, as ARP has no answer, is none: whether
    the error comes before the program ends is a matter of time.

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
        if (difference.kind, difference.where) not in known and not _is_own_error(difference):
            yield replace(difference, expected=f"{difference.expected}, {likewise}")


def _is_own_error(difference: Difference) -> bool:
    where = difference.where
    return (
        isinstance(where, Place)
        and where.interface == "lo"
        and bool(_ERROR.match(difference.packet))
    )
