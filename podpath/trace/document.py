"""A trace as JSON values. Pure."""

from typing import Any

from podpath.model import Place
from podpath.trace.result import Leg, Step, Trace

#: Version of this format.
FORMAT = 1


def of(trace: Trace) -> dict[str, Any]:
    """Return a trace as JSON values."""
    return {
        "format": FORMAT,
        "verdict": trace.verdict.value,
        "source": {"name": trace.ends.source, "address": trace.ends.addresses[0]},
        "destination": {"name": trace.ends.destination, "address": trace.ends.addresses[1]},
        "profile": trace.profile,
        "unjudged": trace.unjudged,
        "legs": [_leg(leg) for leg in trace.legs],
        "silentInterfaces": trace.proof.interfaces,
        "namespaces": trace.proof.namespaces,
        "canariesSent": trace.proof.sent,
        "canariesSeen": trace.proof.seen,
        "dropped": trace.proof.dropped,
        "gaps": list(trace.proof.gaps),
        "differences": [str(difference) for difference in trace.differences],
        "reasons": list(trace.reasons),
        "seconds": round(trace.seconds, 3),
    }


def _leg(leg: Leg) -> dict[str, Any]:
    return {
        "source": leg.source,
        "destination": leg.destination,
        "packet": leg.packet,
        "arrived": leg.arrived,
        "packets": leg.packets,
        "alike": leg.alike,
        "steps": [_step(step) for step in leg.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        **_place(step.place),
        "mark": step.mark.value,
        "microseconds": None if step.time is None else step.time / 1e3,
        "ttl": step.ttl,
        "mtu": step.mtu,
        "notes": list(step.notes),
    }


def _place(place: Place) -> dict[str, str]:
    direction = place.direction.value if place.direction else ""
    return {"namespace": place.namespace, "interface": place.interface, "direction": direction}
