"""Lost packets that a plain ping, HTTP exchange or datagram between the pods loses, too. Pure.

PATH-ICMP, PATH-HTTP and PATH-UDP tell of these. A failure follows from theirs if its test sends the
same packets again, or if the same rules of the packet filter dropped its packets. With any
difference that a loss does not bring about, or another reason for a loss, it stays a finding of its
own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from podpath.model import Direction, Loss, Place
from podpath.nodes.deployment import HTTP_PORT, UDP_PORT
from podpath.paths import ending
from podpath.paths.crossing import Crossing
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import DUPLICATE, MISSING, OPTIONS, UNEXPECTED

#: Requirements whose tests send again what a plain exchange sends, or much of it.
RESENDING = frozenset(
    {
        *("PATH-CONTAINER", "PATH-BYSTANDER", "PATH-UNCHANGED"),
        *("PATH-SIZE", "PATH-MTU", "PATH-CONCURRENT"),
    }
)
#: Plain traffic -> its requirement, and the consequence of its loss; what is simpler comes first.
_TRAFFIC = {
    "ping": ("PATH-ICMP", "a ping between pods is lost, too"),
    "http": ("PATH-HTTP", "an HTTP exchange between pods is lost, too"),
    "udp": ("PATH-UDP", "a datagram between pods is lost, too"),
}
_PROTOCOLS = {"icmp": "ping", "icmpv6": "ping", "tcp": "http", "udp": "udp"}
#: Kinds of difference of a packet that was lost, or that its sender repeats.
_OF_LOSS = frozenset({MISSING, DUPLICATE, OPTIONS})
#: Beginning of the description of what the target REJECT sends (net/ipv4/netfilter/ipt_REJECT.c).
_REJECTION = re.compile(r"icmp 3,|icmpv6 1,|TCP \d+ to \d+ \[RA?\]")
_COUNT = re.compile(r" \(\+\d+ packets?\)$")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A plain exchange of packets between two pods.

    Attributes:
        traffic: "ping", "http" or "udp".
        source: The end that asks.
        destination: The end that answers.
        requirement: The requirement that is about it.
        consequence: Reason why other tests count as not run if its packets are lost.
    """

    traffic: str
    source: str
    destination: str
    requirement: str
    consequence: str


def simpler(requirement: str, source: str, destination: str) -> list[Exchange]:
    """List the plain exchanges between two pods that are simpler than what a requirement is about.

    Args:
        requirement: id of a requirement on packets.
        source: The pod that asks.
        destination: The pod that answers.
    """
    named = [i for i, _ in _TRAFFIC.values()]
    last = named.index(requirement) if requirement in named else len(named)
    return [_plain(traffic, source, destination) for traffic in list(_TRAFFIC)[:last]]


def _plain(traffic: str, source: str, destination: str) -> Exchange:
    return Exchange(traffic, source, destination, *_TRAFFIC[traffic])


def lost(judgement: Judgement) -> list[Exchange]:
    """List the exchanges that lost packets, one a protocol; none if more than that differs."""
    differing = [crossing for crossing in judgement.crossings if crossing.differences]
    exchanges = [_exchange(crossing) for crossing in differing]
    found = [exchange for exchange in exchanges if exchange]
    if not _is_only_loss(judgement) or len(found) < len(exchanges):
        return []
    ends = {frozenset((e.source, e.destination)) for e in found}
    unsent = {d.packet for d in judgement.differences} & {path.name for path in judgement.paths}
    others = [path for path in judgement.paths if path.name in unsent]
    if any(frozenset((p.hops[0].namespace, p.hops[-1].namespace)) not in ends for p in others):
        return []
    return list({exchange.traffic: exchange for exchange in reversed(found)}.values())


def _is_only_loss(judgement: Judgement) -> bool:
    """Return whether all that differs is that packets were lost.

    A packet that a sender repeats, also one of an earlier exchange, appears on the path alone. A
    rule that rejects sends an answer back to where the packet came from.
    """
    places = {hop.place for path in judgement.paths for hop in path.hops}
    back = {place for c in judgement.crossings if c.differences for place in _back(c)}
    return all(
        d.kind in _OF_LOSS
        or (d.kind == UNEXPECTED and d.where in places)
        or (d.kind == UNEXPECTED and d.where in back and _REJECTION.match(d.packet))
        for d in judgement.differences
    )


def _back(crossing: Crossing) -> Iterator[Place]:
    """Yield the places on the way from where a packet was lost back to its sender."""
    for hop, seen in zip(crossing.path.hops, crossing.at_hops, strict=True):
        if seen:
            opposite = Direction.OUT if hop.direction is Direction.IN else Direction.IN
            yield hop.place._replace(direction=opposite)


def _exchange(crossing: Crossing) -> Exchange | None:
    """Return the exchange that a packet is of; None if it is of no plain one, or was not seen."""
    packet = next((s.packet for hop in crossing.at_hops for s in hop), None)
    traffic = _PROTOCOLS.get(packet.protocol) if packet else None
    if packet is None or traffic is None:
        return None
    ends = crossing.path.hops[0].namespace, crossing.path.hops[-1].namespace
    is_answer = packet.ports[0] in (HTTP_PORT, UDP_PORT) if packet.ports else packet.is_echo_reply
    return _plain(traffic, *(reversed(ends) if is_answer else ends))


def is_alike(losses: Iterable[Loss], of_plain: Sequence[Loss]) -> bool:
    """Return whether packets were lost for no reason but those for which a plain exchange lost its.

    The counters of rules, and the interfaces, are those of the single packets.
    """
    return _reasons(losses) <= _reasons(of_plain)


def _reasons(losses: Iterable[Loss]) -> set[tuple[object, ...]]:
    return {
        (
            loss.namespace,
            *sorted((c.reason, c.location, *map(_uncounted, c.rules)) for c in loss.causes),
        )
        for loss in losses
    }


def rules(judgement: Judgement, losses: Sequence[Loss]) -> frozenset[str]:
    """Return the rules that dropped all packets that were lost; none if more than that differs.

    Args:
        judgement: The sightings, compared with the expected paths.
        losses: Why packets were lost, as far as the kernel reported it.
    """
    explained = {loss.path for loss in losses}
    if not _is_only_loss(judgement) or not ending.explains_all(judgement, explained):
        return frozenset()
    return of_all(losses)


def of_all(losses: Iterable[Loss]) -> frozenset[str]:
    """Return the rules that dropped packets; none if any was dropped by something else."""
    causes = [cause for loss in losses for cause in loss.causes]
    if not all(cause.rules for cause in causes):
        return frozenset()
    return frozenset(_uncounted(rule) for cause in causes for rule in cause.rules)


def _uncounted(rule: str) -> str:
    return _COUNT.sub("", rule)
