"""Send an exchange, watch every interface of a node, and say which way the packets went."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import (
    NODE,
    CommandResult,
    Difference,
    Direction,
    Family,
    Observation,
    Path,
    Sighting,
    Topology,
)
from podpath.paths import capture, expected, why
from podpath.paths.judgement import Judgement, judge
from podpath.paths.losing import Record
from podpath.paths.probes import REPLY, REQUEST, Noise
from podpath.system import limits
from podpath.system.randomness import Draws
from podpath.topology import bridge
from podpath.trace import exchange, flows, legs, scene
from podpath.trace.exchange import Exchange, Request
from podpath.trace.result import Ends, Leg, Proof, Trace, Verdict
from podpath.trace.scene import Scene, Target

#: Attempts on a node where others come and go: a change meanwhile makes a proof worthless.
_ATTEMPTS = 3
_MOST_REASONS = 3
#: Kinds of path of the request and the reply, by what sends and what receives.
_UNICAST = {REQUEST: "unicast", REPLY: "unicast"}
_SELF = {REQUEST: "self", REPLY: "self"}
_TO_NODE = {REQUEST: "to-node", REPLY: "from-node"}
_FROM_NODE = {REQUEST: "from-node", REPLY: "to-node"}


@dataclass(frozen=True)
class _Watched:
    """What came of one exchange.

    Attributes:
        exchange: the exchange.
        result: how its program ended.
        observation: all sightings.
        topology: the node and its pods afterwards.
        record: what the kernel dropped meanwhile.
    """

    exchange: Exchange
    result: CommandResult
    observation: Observation
    topology: Topology
    record: Record


def trace(
    where: Scene,
    sender: str,
    destination: str,
    request: Request,
    draws: Draws,
    family: Family | None = None,
) -> Trace:
    """Send packets, and say which way they went.

    Args:
        where: the node and its pods.
        sender: name of the pod that sends, or "node".
        destination: name of a pod, "node", or an address.
        request: what to send.
        draws: random identifiers and ports.
        family: IP version; None for the destination's first.

    Raises:
        CouldNotTest: an end does not exist, or nothing could be sent or watched.
    """
    began = time.monotonic()
    source = scene.source(where, sender)
    for left in reversed(range(_ATTEMPTS)):
        before = where.topology(source, where.pod_of(destination))
        to = scene.target(where, before, source, destination, family)
        watched = _watch(where, before, source, to, request, draws)
        if not watched.observation.gaps or not left:
            break
    made = _told(where, source, to, watched)
    return replace(made, seconds=time.monotonic() - began)


def _watch(
    where: Scene, before: Topology, source: str, to: Target, request: Request, draws: Draws
) -> _Watched:
    own = scene.address_of(where, before, source, to.address)
    made = exchange.make(where, source, own, to, request, draws)
    # A promiscuous bridge routes a copy of packets that it translates, which doubles them: only
    # packets between pods need it to be seen there.
    promiscuous = scene.bridges(before) if {source, to.name} <= where.pods.keys() else []
    with capture.armed(where.namespaces(), made.probe.filter, {NODE: promiscuous}) as running:
        record = Record.begin(_recorded(where, source, to))
        result = made.send()
        quick = result.status != 0
        running.wait_until(
            made.probe.over,
            limits.current().in_kernel if quick else limits.current().exchange_end,
        )
        observation = running.collect()
        running.release()
        topology = where.topology()
        late = running.changes()
    gaps = tuple(dict.fromkeys((*observation.gaps, *late)))
    return _Watched(made, result, replace(observation, gaps=gaps), topology, record)


def _recorded(where: Scene, source: str, to: Target) -> dict[str, str]:
    """Return the namespaces in which a packet of the exchange may be dropped."""
    return {n: path for n, path in where.namespaces().items() if n in (NODE, source, to.name)}


def _told(where: Scene, source: str, to: Target, watched: _Watched) -> Trace:
    seen = flows.recognized(watched.exchange.probe, watched.observation.sightings)
    own = next((s.packet.source for leg, s in seen if leg == REQUEST), None)
    own = own or scene.address_of(where, watched.topology, source, to.address)
    ends = Ends(source, to.name, (str(own or ""), str(to.address)))
    paths, unjudged = _paths(where, watched, ends)
    made = legs.legs(seen, paths, watched.topology, ends)
    judged = _judged(watched, paths)
    differences = _differences(where, watched, judged, ends) if paths else []
    sightings = tuple(sighting for _, sighting in seen)
    has_failed = _has_failed(made, watched, ends, sightings)
    return Trace(
        ends=ends,
        profile=where.network.profile.name if where.network and paths else "",
        unjudged=unjudged,
        legs=made if has_failed else _arrived(made),
        proof=_proof(watched),
        verdict=_verdict(
            watched.observation.gaps, differences, is_judged=bool(paths), has_failed=has_failed
        ),
        differences=tuple(differences),
        reasons=(*(_lost(watched, paths, ends) if has_failed else ()), *_said(watched.result)),
        sightings=sightings,
    )


def _verdict(
    gaps: Sequence[str], differences: Sequence[Difference], *, is_judged: bool, has_failed: bool
) -> Verdict:
    """Return the verdict. Pure."""
    if has_failed:
        return Verdict.UNPROVED if gaps else Verdict.LOST
    if not is_judged:
        return Verdict.SEEN
    if gaps:
        return Verdict.UNPROVED
    return Verdict.DIFFERS if differences else Verdict.PROVED


def _paths(where: Scene, watched: _Watched, ends: Ends) -> tuple[Mapping[str, Path], str]:
    """Return the expected path of each leg; none, and the reason, without judgement."""
    if where.network is None:
        return {}, where.unjudged
    kinds = _kinds(where, ends)
    if not kinds:
        return {}, "podpath judges paths between pods, and between a pod and the node"
    if not watched.exchange.answered:
        kinds = {REQUEST: kinds[REQUEST]}
    pods = (ends.source, ends.destination)
    both = {REQUEST: pods, REPLY: pods[::-1]}
    try:
        paths = {
            leg: expected.path(
                watched.topology,
                where.network,
                kind,
                source=both[leg][0],
                destination=both[leg][1],
                uplink=where.node.uplink,
            )
            for leg, kind in kinds.items()
        }
    except (CouldNotTest, DoesNotConform) as error:
        return {}, str(error)
    return paths, ""


def _kinds(where: Scene, ends: Ends) -> Mapping[str, str]:
    source, destination = ends.source, ends.destination
    assert where.network is not None
    if source in where.pods and destination in where.pods:
        return _SELF if source == destination else _UNICAST
    held = {str(r.gateway) for r in where.network.ipam.ranges if r.gateway}
    if source in where.pods and destination == NODE and ends.addresses[1] in held:
        return _TO_NODE
    return _FROM_NODE if source == NODE and destination in where.pods else {}


def _judged(watched: _Watched, paths: Mapping[str, Path]) -> Judgement:
    """Compare the exchange's own packets with paths; others on the node do not matter here."""
    probe, seen = watched.exchange.probe, watched.observation
    own = tuple(sighting for _, sighting in flows.recognized(probe, seen.sightings))
    nothing = Noise(frozenset(), frozenset())
    return judge([(probe, paths)], replace(seen, sightings=own), nothing)


def _differences(
    where: Scene, watched: _Watched, judged: Judgement, ends: Ends
) -> list[Difference]:
    """List the differences from the paths, and those between bridge and pods."""
    assert where.network is not None
    pair = ends.source, ends.destination
    differences: list[Difference] = []
    if where.network.is_bridged and where.pods.keys() >= set(pair) and pair[0] != pair[1]:
        differences += bridge.bridged(watched.topology, where.network, *pair)
    return list(dict.fromkeys((*differences, *judged.differences)))


def _lost(watched: _Watched, paths: Mapping[str, Path], ends: Ends) -> list[str]:
    """Return why packets were lost: drops that the kernel reported, questions without an answer."""
    probe, observation = watched.exchange.probe, watched.observation
    seen = flows.recognized(probe, observation.sightings)
    known = paths or legs.paths_so_far(seen, watched.topology, ends)
    losses, _ = watched.record.explain(
        [(probe, known)], observation, _judged(watched, known), watched.record.dropped()
    )
    unanswered = [
        flows.unresolved(name, observation.sightings) for name in dict.fromkeys((ends.source, NODE))
    ]
    return [*(why.sentence(loss) for loss in losses), *filter(None, unanswered)]


def _has_failed(
    made: Sequence[Leg], watched: _Watched, ends: Ends, sightings: Sequence[Sighting]
) -> bool:
    """Return whether the exchange did not succeed: a packet, or its answer, did not arrive."""
    if not made:
        return True
    is_refused = flows.refused(watched.exchange.probe, sightings)
    if watched.exchange.answered:
        replies = [s for s in sightings if watched.exchange.probe.leg(s.packet) == REPLY]
        back = any(s.namespace == ends.source and s.direction == Direction.IN for s in replies)
        return not back or (is_refused and not made[0].arrived)
    if ends.destination in (watched.topology.everybody.keys() | {NODE}):
        return not made[0].arrived
    return watched.result.status != 0


def _arrived(made: Sequence[Leg]) -> tuple[Leg, ...]:
    """Return legs of an exchange that succeeded: an answer shows that the request arrived."""
    return tuple(replace(leg, arrived=True) for leg in made)


def _proof(watched: _Watched) -> Proof:
    seen = flows.recognized(watched.exchange.probe, watched.observation.sightings)
    crossed = {(s.namespace, s.interface) for _, s in seen}
    topology, proofs = watched.topology, watched.observation.proofs
    names = {pod.netns: name for name, pod in topology.everybody.items()}
    links = {(NODE, link.name) for link in topology.node.interfaces}
    for name, space in topology.named.items():
        links |= {(names.get(name, name), link.name) for link in space.interfaces}
    return Proof(
        interfaces=len(links - crossed),
        namespaces=len(proofs),
        sent=sum(p.canaries_sent for p in proofs),
        seen=sum(p.canaries_seen for p in proofs),
        dropped=sum(p.dropped for p in proofs),
        gaps=watched.observation.gaps,
    )


def _said(result: CommandResult) -> list[str]:
    """Return what the program that sent printed of its failure."""
    said = [line for line in result.text.splitlines() if line.startswith("From ")]
    said += result.errors.splitlines()
    lines = dict.fromkeys(f"the sender: {line.strip()}" for line in said if line.strip())
    return list(lines)[-_MOST_REASONS:]
