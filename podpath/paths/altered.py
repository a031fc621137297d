"""Packets that take their path, and arrive changed: PATH-UNCHANGED alone tells of that. Pure."""

from collections.abc import Sequence

from podpath.model import Difference
from podpath.paths.judgement import Judgement, unchanged
from podpath.paths.kinds import (
    ADDRESS,
    DF,
    DUPLICATE,
    MAC,
    OPTIONS,
    PAYLOAD,
    TOS,
    TTL,
    UNEXPECTED,
)

REQUIREMENT = "PATH-UNCHANGED"
CONSEQUENCE = "packets change on their way"
#: Requirements whose tests send what those of PATH-UNCHANGED send, or much of it.
SENDING = frozenset(
    {
        *("PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-BYSTANDER"),
        *("PATH-SIZE", "PATH-MTU", "PATH-CONCURRENT", "LIFE-REUSE"),
    }
)
_AGAIN = frozenset({DUPLICATE, UNEXPECTED})
_KINDS = frozenset({ADDRESS, DF, MAC, OPTIONS, PAYLOAD, TOS, TTL})


def changes(judgement: Judgement, differences: Sequence[Difference]) -> list[Difference]:
    """Return how packets changed between their ends, if nothing else differs because of it.

    Args:
        judgement: The sightings, compared with the expected paths.
        differences: The differences that the test failed with.
    """
    kinds = {d.kind for d in (*differences, *judgement.differences)}
    if kinds <= _KINDS or (kinds <= _KINDS | _AGAIN and _is_sent_back(judgement)):
        return unchanged(judgement)
    return []


def _is_sent_back(judgement: Judgement) -> bool:
    """Return whether only packets are seen again that have another address than they should.

    An answer to the node, in whose name the request came, is sent on to who asked.
    """
    of_crossings = [{d.kind for d in crossing.differences} for crossing in judgement.crossings]
    return all(ADDRESS in kinds for kinds in of_crossings if kinds & _AGAIN)
