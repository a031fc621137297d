"""Compare the paths of two senders in one pod, which must be the same. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from podpath.model import Difference, Place
from podpath.paths.kinds import UNEXPECTED

#: ICMP and ICMPv6 "destination unreachable", as a sighting is described (RFC 792, RFC 4443).
_ERROR = re.compile("(icmp 3|icmpv6 1),")
#: A SYN with its acknowledgement, likewise.
_ACCEPTED = re.compile(r"TCP \d+ to \d+ \[SA\]")


def unlike(
    of_program: Sequence[Difference], of_container: Sequence[Difference]
) -> list[Difference]:
    """List where the packets of only one sender differ from the path that both must take.

    A difference that both senders have, of one kind at one place, is the finding of another
    requirement. What comes at a time of its own is none: what a pod's own kernel tells its
    programs, as ARP has no answer, and the repeated answer to a connection of an earlier test.

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
        is_known = (difference.kind, difference.where) in known
        if not is_known and not _is_own_error(difference) and not _is_repeated(difference):
            yield replace(difference, expected=f"{difference.expected}, {likewise}")


def _is_own_error(difference: Difference) -> bool:
    where = difference.where
    return (
        isinstance(where, Place)
        and where.interface == "lo"
        and bool(_ERROR.match(difference.packet))
    )


def _is_repeated(difference: Difference) -> bool:
    return difference.kind == UNEXPECTED and bool(_ACCEPTED.match(difference.packet))
