"""Traffic, watched on every interface, and judged: where capture, topology and verdict meet."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from podpath import capture, expected, probes, topology, wiring
from podpath.conflist import Conflist
from podpath.cri import Result
from podpath.errors import CouldNotTest, Inconclusive
from podpath.model import NODE, Difference, Observation, Path, Topology
from podpath.nodes import base
from podpath.nodes.base import Node, Pod
from podpath.profiles import Profile
from podpath.traffic import Traffic
from podpath.verdict import Verdict, judge

#: How long to wait for what is still to come once a program has ended, such as a FIN.
_SETTLE_SECONDS = 3.0
_FAILED_SECONDS = 0.2
_NOT_STARTED = (126, 127)  # the shell's and runc's status for a program that cannot be run


@dataclass(frozen=True)
class Observed:
    """What came of traffic that was watched.

    results: how each program ended; differences: of the verdict, and of the second witness.
    """

    results: tuple[Result, ...]
    observation: Observation
    verdict: Verdict
    topology: Topology
    differences: list[Difference] = field(default_factory=list)


class Observer:
    """Watches traffic between the pods of a node."""

    def __init__(
        self,
        node: Node,
        conflist: Conflist,
        profile: Profile,
        pods: Iterable[Pod],
    ) -> None:
        self._node = node
        self._conflist = conflist
        self._profile = profile
        self._pods = pods

    def topology(self) -> Topology:
        """The node and its pods as they are now."""
        return topology.read(
            base.network_namespace(self._node),
            base.named_namespaces(self._node),
            [pod.network for pod in self._pods],
        )

    def observe(self, *traffic: Traffic, expression: str | None = None) -> Observed:
        """Send traffic, all at the same time if there is more than one, and judge its paths.

        expression: a pcap-filter(7) in place of the probes' own; empty to see everything.
        Raises Inconclusive if the sniffers cannot prove that they missed nothing, and
        CouldNotTest if a program could not be run.
        """
        if expression is None:
            expression = " or ".join(f"({t.probe.filter})" for t in traffic)
        namespaces = self._namespaces()
        with capture.armed(namespaces, expression, self._promiscuous()) as running:
            results = _send_all(traffic)
            # What has failed is over, but for what is on its way in the kernel.
            failed = any(result.status for result in results)
            running.wait_until(
                lambda seen: all(t.probe.over(seen) for t in traffic),
                _FAILED_SECONDS if failed else _SETTLE_SECONDS,
            )
            running.wait_until(lambda _: False, max((t.linger for t in traffic), default=0.0))
            observation = running.collect()
        if observation.gaps:
            raise Inconclusive(f"it cannot be told what was seen: {'; '.join(observation.gaps)}")
        if self._namespaces() != namespaces:
            raise Inconclusive("pods came or went while the traffic was watched")
        return self._judge(traffic, results, observation)

    def _judge(
        self, traffic: Sequence[Traffic], results: Sequence[Result], observation: Observation
    ) -> Observed:
        found = self.topology()
        judged = judge(
            [(t.probe, self._paths(found, t)) for t in traffic],
            observation,
            noise(found, self._conflist),
        )
        differences: list[Difference] = []
        for one in traffic:
            if "unicast" in one.kinds.values() and self._profile.master == "bridge":
                differences += wiring.bridged(found, self._conflist, one.source, one.destination)
        # The second witness first: what it says explains the sightings.
        differences = list(dict.fromkeys(differences)) + list(judged.differences)
        for one, result in zip(traffic, results, strict=True):
            differences += _refusal(one, result)
            if result.status != 0 and not one.refused and not differences:
                raise Inconclusive(
                    f"the program that makes the traffic failed (exit status {result.status}),"
                    f" though each of its packets took the expected path: {result.text[-500:]}"
                    f"{result.errors[-500:]}"
                )
        return Observed(tuple(results), observation, judged, found, differences)

    def _paths(self, found: Topology, traffic: Traffic) -> Mapping[str, Path]:
        ends = {
            probes.REQUEST: (traffic.source, traffic.destination),
            probes.REPLY: (traffic.destination, traffic.source),
        }
        return {
            leg: expected.path(
                found,
                self._profile,
                kind,
                source=ends[leg][0],
                destination=ends[leg][1],
                master=self._conflist.bridge,
                features=self._conflist.features,
            )
            for leg, kind in traffic.kinds.items()
        }

    def _namespaces(self) -> dict[str, str]:
        """Every namespace of the node: pods by their name, any other by its own."""
        names = {pod.network.netns: pod.name for pod in self._pods}
        named = base.named_namespaces(self._node)
        return {
            NODE: base.network_namespace(self._node),
            **{names.get(name, name): path for name, path in named.items()},
        }

    def _promiscuous(self) -> dict[str, list[str]]:
        """What must be made promiscuous for its hop to be seen, as far as it exists."""
        if "master" not in self._profile.promiscuous:
            return {}
        link = base.root(self._node, f"/sys/class/net/{self._conflist.bridge}")
        return {NODE: [self._conflist.bridge]} if link.exists() else {}


def _refusal(traffic: Traffic, result: Result) -> list[Difference]:
    said = f"{result.text}{result.errors}".lower()
    if not traffic.refused or traffic.refused in said:
        return []
    expected = f'refused with "{traffic.refused}"'
    return [Difference("not refused", f"pod {traffic.source}", expected, said.strip()[-300:])]


def _send_all(traffic: Sequence[Traffic]) -> list[Result]:
    if len(traffic) == 1:
        results = [traffic[0].send()]
    else:
        with ThreadPoolExecutor(max(len(traffic), 1)) as pool:
            results = list(pool.map(lambda t: t.send(), traffic))
    for result in results:
        if result.status in _NOT_STARTED:
            raise CouldNotTest(f"a program could not be run in a pod: {result.text}{result.errors}")
    return results


def noise(found: Topology, conflist: Conflist) -> probes.Noise:
    """What the namespaces of this topology may say on their own account."""
    links = [i for space in (found.node, *found.named.values()) for i in space.interfaces]
    return probes.Noise(
        frozenset(a.ip for link in links for a in link.addresses),
        frozenset(link.mac for link in links),
        frozenset(r.subnet for r in conflist.ranges),
        frozenset((link.mac, a.ip) for link in links for a in link.addresses),
    )
