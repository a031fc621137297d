"""Packets that a bridge floods, as it does not know their MAC address yet, or no more. Pure.

A bridge forgets what it learned after some minutes, when a port goes down, and when it goes down
itself (net/bridge/br_fdb.c), while its pods remember each other.
"""

from collections.abc import Container

from podpath.paths.judgement import Judgement
from podpath.paths.kinds import UNEXPECTED


def is_all(judgement: Judgement, known: Container[str]) -> bool:
    """Return whether packets differ in nothing but that a bridge did not know their MAC address.

    Args:
        judgement: The sightings, compared with the expected paths.
        known: MAC addresses of which the bridge had an entry before the traffic.
    """
    differing = [crossing for crossing in judgement.crossings if crossing.differences]
    of_packets = {d for crossing in differing for d in crossing.differences}
    return (
        bool(differing)
        and all(d.kind == UNEXPECTED and d in of_packets for d in judgement.differences)
        and all(s.packet.mac_destination not in known for c in differing for s in c.elsewhere)
    )
