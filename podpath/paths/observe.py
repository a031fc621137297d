"""Send traffic, watch it on every interface, and judge its paths."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace

from podpath.cni.network import Network
from podpath.errors import CouldNotTest, Disturbed, Forestalled, Inconclusive, Overloaded
from podpath.model import (
    BEYOND,
    NODE,
    Address,
    CommandResult,
    Count,
    Difference,
    Loss,
    Observation,
    Path,
    PodNetwork,
    Sighting,
    Topology,
)
from podpath.nodes.base import Node
from podpath.nodes.pod import Pod
from podpath.paths import (
    capture,
    checksums,
    diverted,
    expected,
    flooding,
    forwarding,
    neighbour_tables,
    probes,
    self_report,
    silent,
)
from podpath.paths.background import BackgroundTraffic
from podpath.paths.dissect import quoted
from podpath.paths.judgement import Judgement, judge
from podpath.paths.kinds import MISSING, UNEXPECTED
from podpath.paths.losing import Record, without_room
from podpath.paths.observable import Traffic
from podpath.system import limits, netns
from podpath.system.proc import Endpoint
from podpath.topology import bridge, reading

#: More frames of no probe than this come from a busy node: those that a plugin adds are in
#: proportion to the probe.
_MOST_STRANGERS = 300
#: Kinds of path that need a second proof, from the topology, that they cross the bridge.
_BRIDGED = frozenset({"unicast", "service", "host-port"})
_NOT_STARTED = (126, 127)  # the shell's and runc's status for a program that cannot be run


@dataclass(frozen=True)
class Observed:
    """The outcome of traffic that was watched.

    Attributes:
        results: The end of each program.
        observation: The sightings, and the proof that they are complete.
        judgement: The sightings, compared with the expected paths.
        topology: The node and its pods when the traffic was over.
        differences: Differences between topology and bridge first, then wrong checksums, then those
            of the judgement and of refusals.
        losses: Why packets were lost, as far as the kernel reported it.
        counts: Counters of lost packets that moved meanwhile, if packets were lost.
        is_flooding: True if all that differs is that the bridge did not know a MAC address.
    """

    results: tuple[CommandResult, ...]
    observation: Observation
    judgement: Judgement
    topology: Topology
    differences: list[Difference] = field(default_factory=list)
    losses: tuple[Loss, ...] = ()
    counts: tuple[Count, ...] = ()
    is_flooding: bool = False


class Observer:
    """Watches traffic between the pods of a node."""

    def __init__(
        self,
        node: Node,
        network: Network,
        pods: Iterable[Pod],
    ) -> None:
        self._node = node
        self._network = network
        self._pods = pods

    def topology(self) -> Topology:
        """Read the node and its pods as they are now."""
        return reading.read(
            self._node.network_namespace(),
            self._node.named_namespaces(),
            [pod.network for pod in self._pods],
            self._foreign_pods(),
        )

    def _known_macs(self) -> frozenset[str] | None:
        """Read the MAC addresses that the node's bridges know; None if its pods are on none."""
        if not self._network.is_bridged:
            return None
        return reading.known_macs(self._node.network_namespace())

    def _foreign_pods(self) -> Sequence[PodNetwork]:
        return self._node.foreign_pods([pod.sandbox for pod in self._pods])

    def observe(
        self,
        *traffic: Traffic,
        expression: str | None = None,
        before: Callable[[], object] | None = None,
    ) -> Observed:
        """Send all traffic at the same time, and judge its paths.

        Args:
            traffic: The traffic to send.
            expression: A pcap-filter(7) in place of the probes' own; empty to see all frames.
            before: What to do just before the traffic, once all sniffers are up.

        Raises:
            Forestalled: A neighbour asked for the MAC address of the pod that was to ask for its.
            Inconclusive: The sniffers cannot prove that they missed nothing, or a program's run is
                no test of the path.
            Disturbed: The same, or a sniffer did not come up, on a node that others use.
            CouldNotTest: A program could not be run.
        """
        if expression is None:
            expression = " or ".join(f"({t.filter})" for t in traffic)
        state, known = self._node.state(self._pods), self._known_macs()
        refusals = neighbour_tables.refusals()
        # A promiscuous bridge routes a copy of the packets that it translates, which doubles them.
        promiscuous = {} if any(t.translations for t in traffic) else self._promiscuous()
        counted = self._counted(traffic)
        with self._armed(expression, promiscuous) as running:
            programs = self._programs()
            record = Record.begin(
                {NODE: self._node.network_namespace(), **counted}, self._namespaces()
            )
            if before:
                before()
            results = self._send_all(traffic, state)
            if any(map(_is_lost_answer, traffic, results)):
                limits.await_answers_for_less()
            has_waited = any(map(self_report.waited_in_vain, (t.probe for t in traffic), results))
            running.wait_until(
                lambda seen: all(t.probe.over(seen) for t in traffic),
                limits.current().in_kernel if has_waited else limits.current().exchange_end,
            )
            running.wait_until(lambda _: False, max((t.linger for t in traffic), default=0.0))
            observation = _as_sent(running.collect(), traffic)
            running.release()
            self._require_no_gaps((*observation.gaps, *self._unlike(state)))
            protocols = {s.packet.protocol for s in observation.sightings}
            broken = checksums.of_protocols(checksums.read(counted), protocols)
            wrong = checksums.differences(checksums.of(record.before), broken)
            # Changes are still watched, as one during this reading would make it differ from the
            # topology that the traffic had.
            topology = self.topology()
            programs |= self._programs()
            self._require_no_gaps((*running.changes(), *self._unlike(state)))
            overflow = neighbour_tables.overflow(refusals, neighbour_tables.refusals())
            if expression:
                observation = _without_foreign_errors(traffic, observation)
            observed = self._judge(
                traffic, results, observation, topology, programs, wrong, record, overflow
            )
            is_flooding = known is not None and flooding.is_all(observed.judgement, known)
            return replace(observed, is_flooding=is_flooding)

    @contextmanager
    def _armed(
        self, expression: str, promiscuous: Mapping[str, Sequence[str]]
    ) -> Iterator[capture.Capture]:
        """Capture in all namespaces for the length of the block.

        A pod of others may have one that vanishes before it is entered, or whose lo is not up yet.
        """
        with ExitStack() as stack:
            try:
                armed = capture.armed(self._namespaces(), expression, promiscuous)
                running = stack.enter_context(armed)
            except CouldNotTest as error:
                raise self._spoiled(error.message, error.remedy) from None
            yield running

    def _background(
        self, topology: Topology, programs: frozenset[Endpoint], seen: Iterable[Sighting]
    ) -> Container[Sighting]:
        """Return the background traffic of a busy node; others have none."""
        node = self._node
        if not node.is_busy:
            return ()
        bridge = self._network.bridge
        return BackgroundTraffic(topology, node.links, node.uplink, programs, bridge, seen)

    def _programs(self) -> frozenset[Endpoint]:
        """List the sockets on a busy node; on any other, only pods have some."""
        return self._node.sockets() if self._node.is_busy else frozenset()

    def _send_all(
        self, traffic: Sequence[Traffic], before: Mapping[str, object]
    ) -> list[CommandResult]:
        try:
            return _send_all(traffic)
        except CouldNotTest as error:
            if why := self._unlike(before):
                raise self._spoiled(f"{'; '.join(why)}: {error}") from None
            raise

    def _unlike(self, before: Mapping[str, object]) -> list[str]:
        """List the namespaces and containers that appeared, vanished or were replaced."""
        now = self._node.state(self._pods)
        return [
            f"while the traffic was watched, {name} {_fate(before.get(name), now.get(name))}"
            for name in dict.fromkeys((*before, *now))
            if before.get(name) != now.get(name)
        ]

    def _require_no_gaps(self, gaps: Sequence[str]) -> None:
        """Raise Inconclusive if the proof has gaps."""
        if gaps:
            raise self._spoiled(
                f"it cannot be told what was seen: {'; '.join(dict.fromkeys(gaps))}"
            )

    def _spoiled(self, why: str, remedy: str = "") -> Inconclusive:
        """Return the error of a spoiled observation; others may cause it on a shared node."""
        return (Disturbed if self._node.shared else Inconclusive)(why, remedy)

    def _judge(
        self,
        traffic: Sequence[Traffic],
        results: Sequence[CommandResult],
        observation: Observation,
        topology: Topology,
        programs: frozenset[Endpoint],
        wrong: Sequence[Difference],
        record: Record,
        overflow: str,
    ) -> Observed:
        paths = [(t.probe, self._paths(topology, t)) for t in traffic]
        judgement = judge(
            paths,
            observation,
            noise(topology, self._network),
            self._background(topology, programs, observation.sightings),
        )
        lost = any(d.kind == MISSING for d in judgement.differences)
        differences: list[Difference] = []
        for exchange in traffic:
            if self._network.is_bridged and _BRIDGED & set(exchange.kinds.values()):
                differences += bridge.bridged(
                    topology, self._network, exchange.source, exchange.destination
                )
        # These of the bridge and of checksums first, as they explain the sightings.
        differences = [*dict.fromkeys(differences), *wrong, *judgement.differences]
        for exchange, result in zip(traffic, results, strict=True):
            _no_doubts(exchange, result, observation, topology)
            differences += _refusal(exchange, result, judgement)
            _succeeded(exchange, result, differences)
        dropped = record.dropped() if lost else []
        _no_overload(judgement, differences, without_room(observation, dropped), overflow)
        losses, counts = (
            record.explain(paths, observation, judgement, dropped) if lost else ((), ())
        )
        losses = forwarding.with_ports(judgement, topology, self._network.bridge, losses)
        if lost:
            losses += tuple(
                diverted.losses(judgement, topology, self._unresolved(judgement), losses)
            )
            losses += tuple(silent.losses(judgement, self._silent(judgement), losses))
        return Observed(
            tuple(results), observation, judgement, topology, differences, losses, counts
        )

    def _unresolved(self, judgement: Judgement) -> dict[str, frozenset[str]]:
        """Read the neighbours without a MAC address, where packets of a path never left."""
        taken = {crossing.path.name for crossing in judgement.crossings}
        origins = {p.hops[0].namespace for p in judgement.paths if p.name not in taken}
        found = {}
        for name, path in self._namespaces().items():
            if name in origins:
                with suppress(CouldNotTest):  # it ended after the traffic
                    found[name] = reading.unresolved(path)
        return found

    def _silent(self, judgement: Judgement) -> dict[str, dict[str, int]]:
        """Read the settings of pods that keep them from answering, where a path ends."""
        ends = {path.hops[-1].namespace for path in judgement.paths}
        places = {name: at for name, at in self._namespaces().items() if name in ends - {NODE}}
        try:
            found = netns.run_in_each(places.values(), silent.read)
        except (CouldNotTest, OSError):  # one ended after the traffic
            return {}
        return dict(zip(places, found, strict=True))

    def _paths(self, topology: Topology, traffic: Traffic) -> Mapping[str, Path]:
        ends = {
            probes.REQUEST: (traffic.source, traffic.destination),
            probes.REPLY: (traffic.destination, traffic.source),
        }
        of_profile = {
            leg: expected.path(
                topology,
                self._network,
                kind,
                source=ends[leg][0],
                destination=ends[leg][1],
                translation=traffic.translations.get(leg),
                uplink=self._node.uplink,
            )
            for leg, kind in traffic.kinds.items()
        }
        return {**of_profile, **traffic.paths}

    def _namespaces(self) -> dict[str, str]:
        """Return name and path of each namespace; a pod's has the name of the pod."""
        networks = (*self._foreign_pods(), *(pod.network for pod in self._pods))
        names = {network.netns: network.name for network in networks}
        named = self._node.named_namespaces()
        return {
            NODE: self._node.network_namespace(),
            **{names.get(name, name): path for name, path in named.items()},
        }

    def _counted(self, traffic: Sequence[Traffic]) -> dict[str, str]:
        """Return the namespaces whose checksum errors can only be those of watched traffic.

        A kernel counts only packets that it receives itself, and not those that it hands on: these
        are the ends of the traffic, and the node.
        """
        ends = {NODE, *(end for exchange in traffic for end in exchange.ends)}
        if self._node.shared:
            ends.remove(NODE)
        counted = {name: path for name, path in self._namespaces().items() if name in ends}
        return counted | ({BEYOND: self._node.beyond} if self._node.beyond else {})

    def _promiscuous(self) -> dict[str, list[str]]:
        """Return the existing interfaces that must be promiscuous to show a hop."""
        if "master" not in self._network.profile.promiscuous:
            return {}
        link = self._node.root(f"/sys/class/net/{self._network.bridge}")
        return {NODE: [self._network.bridge]} if link.exists() else {}


def _fate(before: object, now: object) -> str:
    """Describe the change between two identities of a namespace or container."""
    if now is None:
        return "vanished"
    return "appeared" if before is None else "was changed for another"


def _no_doubts(
    traffic: Traffic, result: CommandResult, observation: Observation, topology: Topology
) -> None:
    """Raise Inconclusive or Forestalled if the program's run is no test of the path.

    The program of a refused packet is meant to fail.
    """
    text = f"{result.text}{result.errors}"
    sightings = observation.sightings
    doubt = traffic.doubt(result) or self_report.of_packets(
        traffic.probe, result.status, text, traffic.size, sightings
    )
    forestalled = _is_forestalled(traffic.probe, sightings)
    if not doubt and forestalled:  # the ping itself failed, and does not tell
        doubt = "it was asked for its own MAC address first"
    must_send = not traffic.refused and not traffic.conclusive
    if not doubt and result.status > 0 and must_send:
        recognized = any(traffic.probe.recognize(sightings))
        doubt = "" if recognized else self_report.unsent(topology, *traffic.ends, text, sightings)
    if doubt:
        error = Forestalled if forestalled else Inconclusive
        raise error(f"from {traffic.sender or traffic.source} to {traffic.destination}: {doubt}")


def _is_forestalled(probe: probes.Probe, sightings: Sequence[Sighting]) -> bool:
    if not isinstance(probe, probes.Resolution) or probes.REQUEST in probe.recognize(sightings):
        return False
    return any(map(probe.is_forestalled_by, sightings))


def _succeeded(traffic: Traffic, result: CommandResult, differences: Sequence[Difference]) -> None:
    """Raise Inconclusive if the program failed without a difference that explains it."""
    if differences or traffic.refused or traffic.precedes:
        return
    if traffic.unanswered and result.status == 0:
        raise Inconclusive("the program got an answer that no interface saw")
    if result.status != 0 and not traffic.unanswered:
        raise Inconclusive(
            f"the program that makes the traffic failed (exit status {result.status}),"
            f" though each of its packets took the expected path: {result.text[-500:]}"
            f"{result.errors[-500:]}"
        )
    if change := self_report.payload_change(result.text):
        raise Inconclusive(f"{change}, though no interface saw that")


def _no_overload(
    judgement: Judgement,
    differences: Sequence[Difference],
    without_room: int,
    overflow: str,
) -> None:
    """Raise Inconclusive if an overloaded node can be the reason for all differences."""
    kinds = {d.kind for d in differences}
    if overflow and kinds == {MISSING}:
        raise Inconclusive(f"packets are missing, but {overflow}")
    if without_room and kinds == {MISSING}:
        raise Overloaded(
            f"packets are missing, but the kernel had no room for {without_room} frames"
        )
    of_packets = {d for crossing in judgement.crossings for d in crossing.differences}
    kinds = {d.kind for d in differences if d.kind != UNEXPECTED or d in of_packets}
    if judgement.strangers > _MOST_STRANGERS and kinds <= {MISSING}:
        raise Inconclusive(f"the node was busy with {judgement.strangers} frames of other traffic")


def _as_sent(observation: Observation, traffic: Sequence[Traffic]) -> Observation:
    """Give masqueraded packets the ports that the pods sent, by which probes know theirs."""
    sightings: Sequence[Sighting] = observation.sightings
    for exchange in traffic:
        if exchange.masquerade is not None:
            sightings = exchange.masquerade.undone(sightings)
    return replace(observation, sightings=tuple(sightings))


def _without_foreign_errors(traffic: Sequence[Traffic], observation: Observation) -> Observation:
    """Remove the ICMP errors that packets outside the filter caused."""
    quotes = [(s, quoted(s)) for s in observation.sightings]
    errors = [(s, replace(s, packet=packet)) for s, packet in quotes if packet]
    seen = [*observation.sightings, *(quoting for _, quoting in errors)]
    ours: set[int] = set()
    for exchange in traffic:
        if isinstance(exchange.probe, probes.Silence):
            return observation
        legs = exchange.probe.recognize(seen)[len(observation.sightings) :]
        ours |= {id(s) for (s, _), leg in zip(errors, legs, strict=True) if leg}
    foreign = {id(s) for s, _ in errors} - ours
    kept = tuple(s for s in observation.sightings if id(s) not in foreign)
    return replace(observation, sightings=kept)


def _refusal(traffic: Traffic, result: CommandResult, judgement: Judgement) -> list[Difference]:
    if not traffic.refused:
        return []
    output = f"{result.text}{result.errors}".lower()
    if traffic.refused in output:
        return []
    if not judgement.differences:
        raise Inconclusive(
            f"the program neither sent the packet nor was refused: {output.strip()[-300:]}"
        )
    expected = f'refused with "{traffic.refused}"'
    return [Difference("not refused", f"pod {traffic.source}", expected, output.strip()[-300:])]


def _is_lost_answer(traffic: Traffic, result: CommandResult) -> bool:
    """Return whether an HTTP answer that was due did not come in time."""
    is_http = isinstance(traffic.probe, probes.Http)
    return is_http and not traffic.unanswered and result.status == self_report.GAVE_UP


def _send_all(traffic: Sequence[Traffic]) -> list[CommandResult]:
    if len(traffic) == 1:
        results = [traffic[0].send()]
    else:
        with ThreadPoolExecutor(max(len(traffic), 1)) as pool:
            results = list(pool.map(lambda t: t.send(), traffic))
    for result in results:
        if result.status in _NOT_STARTED:
            raise CouldNotTest(f"a program could not be run in a pod: {result.text}{result.errors}")
    return results


def noise(topology: Topology, network: Network) -> probes.Noise:
    """Return the housekeeping packets that the namespaces of a topology may send."""
    links = [i for space in (topology.node, *topology.named.values()) for i in space.interfaces]
    owners = {(link.mac, a.ip) for link in links for a in link.addresses}
    if network.profile.host_end.proxy_arp:
        owners |= set(_by_proxy(topology, network))
    return probes.Noise(
        frozenset(address for _, address in owners),
        frozenset(link.mac for link in links),
        network.ipam.subnets(a for pod in topology.everybody.values() for a in pod.addresses),
        frozenset(owners),
        _of_node(topology),
    )


def _by_proxy(topology: Topology, network: Network) -> Iterator[tuple[str, Address]]:
    """Pair the MAC address of each host end with the gateways that it answers ARP for."""
    for end in filter(None, map(topology.host_end, topology.everybody)):
        for gateway in network.profile.gateways:
            yield end.mac, gateway


def _of_node(topology: Topology) -> tuple[frozenset[str], frozenset[Address]]:
    """Return the MAC addresses of the node, and its IP addresses.

    A node may send ARP requests from any of its addresses on any interface (ip-sysctl,
    arp_announce).
    """
    links = topology.node.interfaces
    return (
        frozenset(link.mac for link in links),
        frozenset(address.ip for link in links for address in link.addresses),
    )
