"""What was observed, as plain JSON values, small enough to send between processes."""

from typing import Any

from podpath.model import Difference, Sighting
from podpath.observe import Observed
from podpath.verdict import Crossing

#: Packets of one observation that are written out; the counts cover all of them.
_MOST_PACKETS = 20


def of(observed: Observed) -> dict[str, Any]:
    """One observation: packets with their hops and times, and the proof of each sniffer."""
    crossings = observed.verdict.crossings
    return {
        "packets": len(crossings),
        "sightings": len(observed.observation.sightings),
        "noise": observed.verdict.noise,
        "shown": [_packet(c) for c in crossings[:_MOST_PACKETS]],
        "sniffers": [
            {
                "namespace": p.namespace,
                "received": p.received,
                "dropped": p.dropped,
                "canariesSent": p.canaries_sent,
                "canariesSeen": p.canaries_seen,
                "promiscuous": list(p.promiscuous),
            }
            for p in observed.observation.proofs
        ],
        "differences": [difference(d) for d in observed.differences],
    }


def difference(one: Difference) -> dict[str, str]:
    """One difference."""
    return {
        "kind": one.kind,
        "where": one.where,
        "expected": one.expected,
        "seen": one.seen,
        "packet": one.packet,
    }


def _packet(crossing: Crossing) -> dict[str, Any]:
    return {
        "packet": crossing.packet,
        "path": crossing.path.name,
        "hops": [
            {
                "namespace": hop.namespace,
                "interface": hop.interface,
                "direction": hop.direction.value,
                "times": [s.time for s in seen],
                "ttl": [s.packet.ttl for s in seen],
            }
            for hop, seen in zip(crossing.path.hops, crossing.at_hops, strict=True)
        ],
        "elsewhere": [_sighting(s) for s in crossing.elsewhere],
    }


def _sighting(sighting: Sighting) -> dict[str, Any]:
    return {
        "namespace": sighting.namespace,
        "interface": sighting.interface,
        "direction": sighting.direction.value,
        "time": sighting.time,
    }
