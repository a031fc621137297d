"""What a trace shows, as plain values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from podpath.model import Difference, Place, Sighting


class Verdict(StrEnum):
    """Verdict of a trace.

    SEEN is no judgement: nothing says which way the packets must go, and they arrived.
    """

    PROVED = "PROVED"
    SEEN = "SEEN"
    DIFFERS = "DIFFERS"
    LOST = "LOST"
    UNPROVED = "NOT PROVED"


class Mark(StrEnum):
    """How a step compares with the path: as expected, missing, or not on the path."""

    SEEN = "seen"
    MISSING = "missing"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class Step:
    """One interface that a packet crossed, or should have crossed.

    Attributes:
        place: namespace, interface and direction.
        mark: how it compares with the path.
        time: nanoseconds since the first step; None if it was not seen.
        ttl: TTL, where it says something: at the ends of the leg, and where it changed.
        mtu: MTU of the interface; None if it vanished.
        notes: what the interface is, and what changed in the packet there.
    """

    place: Place
    mark: Mark
    time: int | None = None
    ttl: int | None = None
    mtu: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leg:
    """The packets of one direction, of which the first is shown.

    Attributes:
        source: name of the sender.
        destination: name of the receiver.
        packet: the first packet, in words.
        steps: its steps, in order.
        arrived: True if the first packet was seen where it is received.
        packets: number of packets of this direction.
        alike: number of packets that took the same steps as the first one.
    """

    source: str
    destination: str
    packet: str
    steps: tuple[Step, ...]
    arrived: bool
    packets: int = 1
    alike: int = 1

    @property
    def last(self) -> Step | None:
        """The last step that saw the packet; None if none did."""
        return next((step for step in reversed(self.steps) if step.time is not None), None)


@dataclass(frozen=True, slots=True)
class Proof:
    """How complete the sightings are.

    Attributes:
        interfaces: interfaces that saw none of the packets.
        namespaces: namespaces that were watched.
        sent: canaries that podpath sent.
        seen: canaries that came back.
        dropped: frames that the sniffers dropped.
        gaps: reasons why the sightings may be incomplete.
    """

    interfaces: int
    namespaces: int
    sent: int
    seen: int
    dropped: int
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of a trace.

    Attributes:
        source: name of the sender: a pod's, or "node".
        destination: name of the receiver: a pod's, "node", or an address as text.
        addresses: addresses of both; the sender's is empty if none is known.
    """

    source: str
    destination: str
    addresses: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Trace:
    """One exchange, on every interface of a node.

    Attributes:
        ends: sender and receiver.
        profile: name of the profile that the path was judged by; empty without judgement.
        unjudged: reason why there is no judgement; empty if there is one.
        legs: the packets there, and those back.
        proof: how complete the sightings are.
        verdict: the verdict.
        differences: differences from the path.
        reasons: reasons that the kernel or a program gave for a loss, a sentence each.
        seconds: duration.
        sightings: frames of the exchange, in order of time.
    """

    ends: Ends
    profile: str
    unjudged: str
    legs: tuple[Leg, ...]
    proof: Proof
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    reasons: tuple[str, ...] = ()
    seconds: float = 0.0
    sightings: tuple[Sighting, ...] = ()

    @property
    def status(self) -> int:
        """Exit status: 0 for a proved or seen path, 6 if nothing can be concluded, else 1."""
        return {Verdict.PROVED: 0, Verdict.SEEN: 0, Verdict.UNPROVED: 6}.get(self.verdict, 1)
