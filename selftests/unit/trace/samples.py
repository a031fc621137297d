"""A trace of a ping over a bridge, as a value."""

from podpath.model import NODE, Direction, Place
from podpath.trace.result import Ends, Leg, Mark, Proof, Step, Trace, Verdict

ENDS = Ends("client", "server", ("10.88.0.2", "10.88.0.3"))
PROOF = Proof(interfaces=7, namespaces=4, sent=16, seen=16, dropped=0)
PLACES = (
    Place("client", "eth0", Direction.OUT),
    Place(NODE, "vetha", Direction.IN),
    Place(NODE, "cni0", Direction.IN),
    Place(NODE, "vethb", Direction.OUT),
    Place("server", "eth0", Direction.IN),
)
NOTES = ((), ("peer of client's eth0",), ("bridge, 3 ports",), ("peer of server's eth0",), ())


def steps(seen: int = 5) -> tuple[Step, ...]:
    """Return the steps of the request, of which the first ones were seen."""
    return tuple(
        Step(
            place,
            Mark.SEEN if number < seen else Mark.MISSING,
            number * 1000 if number < seen else None,
            64 if number < seen and place.namespace != NODE else None,
            1500,
            notes,
        )
        for number, (place, notes) in enumerate(zip(PLACES, NOTES, strict=True))
    )


def back() -> tuple[Step, ...]:
    """Return the steps of the reply, the same way back."""
    turned = {Direction.IN: Direction.OUT, Direction.OUT: Direction.IN}
    return tuple(
        Step(p._replace(direction=turned[p.direction]), Mark.SEEN, n, mtu=1500)
        for n, p in enumerate(reversed(PLACES))
        if p.direction
    )


def trace(verdict: Verdict = Verdict.PROVED, seen: int = 5, **fields: object) -> Trace:
    """Return a trace of one ping."""
    legs = [Leg("client", "server", "echo request 1 (id 7), 56 bytes", steps(seen), seen == 5)]
    if seen == 5:
        legs.append(Leg("server", "client", "echo reply 1 (id 7), 56 bytes", back(), arrived=True))
    values = {"profile": "bridge", "unjudged": "", "seconds": 0.1, **fields}
    return Trace(ends=ENDS, legs=tuple(legs), proof=PROOF, verdict=verdict, **values)  # type: ignore[arg-type]
