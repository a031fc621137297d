"""Packets that take their path whole, and of which others get copies: PATH-BYSTANDER. Pure."""

from collections.abc import Sequence

from podpath.model import Difference
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import UNEXPECTED
from podpath.topology.cause import Cause

REQUIREMENT = "PATH-BYSTANDER"
#: Requirements on packets that take one path; others are about who hears a packet.
OF_ONE_PATH = frozenset(
    {
        *("PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-CONTAINER", "PATH-SIZE", "PATH-MTU"),
        *("PATH-GATEWAY", "PATH-MASQUERADE", "PATH-PORTMAP", "PATH-CONCURRENT"),
    }
)
_WHY = "copies of packets go elsewhere"


def cause(judgement: Judgement, differences: Sequence[Difference]) -> Cause | None:
    """Return the violation of PATH-BYSTANDER, if a test found nothing but copies off the path.

    Args:
        judgement: The sightings, compared with the expected paths.
        differences: The differences that the test failed with.
    """
    off_path = {
        difference
        for crossing in judgement.crossings
        for difference in crossing.differences
        if difference.kind == UNEXPECTED
        and difference.where not in {hop.place for hop in crossing.path.hops}
    }
    if not differences or not off_path.issuperset(differences):
        return None
    return Cause(REQUIREMENT, _WHY, tuple(differences))
