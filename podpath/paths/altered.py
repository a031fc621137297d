"""Packets that take their path, and arrive changed: PATH-UNCHANGED alone tells of that. Pure."""

from collections.abc import Sequence

from podpath.model import Difference
from podpath.paths.judgement import Judgement, unchanged
from podpath.paths.kinds import ADDRESS, DF, MAC, OPTIONS, PAYLOAD, TOS, TTL

REQUIREMENT = "PATH-UNCHANGED"
CONSEQUENCE = "packets change on their way"
#: Requirements whose tests send what those of PATH-UNCHANGED send, or much of it.
SENDING = frozenset(
    {
        *("PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-BYSTANDER"),
        *("PATH-SIZE", "PATH-MTU", "PATH-CONCURRENT"),
    }
)
_KINDS = frozenset({ADDRESS, DF, MAC, OPTIONS, PAYLOAD, TOS, TTL})


def changes(judgement: Judgement, differences: Sequence[Difference]) -> list[Difference]:
    """Return how packets changed between their ends, if nothing else differs.

    Args:
        judgement: The sightings, compared with the expected paths.
        differences: The differences that the test failed with.
    """
    if {d.kind for d in (*differences, *judgement.differences)} <= _KINDS:
        return unchanged(judgement)
    return []
