"""Record what the kernel drops while traffic is watched, and explain it if packets were lost."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podpath.errors import CouldNotTest
from podpath.model import Count, Dropped, Loss, Observation, Path
from podpath.paths import capture, why
from podpath.paths.dissect import dissect_head
from podpath.paths.judgement import Judgement
from podpath.paths.probes import Probe
from podpath.system import drops, netns
from podpath.system.netlink import losses
from podpath.system.netlink.losses import Reading


@dataclass(frozen=True)
class Record:
    """State before the traffic: what is read later is compared with it.

    Attributes:
        namespaces: name and path of each namespace.
        before: name of a namespace -> its counters.
        began: monotonic time in ns.
    """

    namespaces: Mapping[str, str]
    before: Mapping[str, Reading]
    began: int

    @classmethod
    def begin(cls, namespaces: Mapping[str, str]) -> "Record":
        """Begin a record: what the kernel dropped until now does not count."""
        began = time.monotonic_ns()
        if recorder := drops.recorder():
            recorder.discard()
        return cls(namespaces, losses.read(namespaces), began)

    def explain(
        self,
        expected: Sequence[tuple[Probe, Mapping[str, Path]]],
        observation: Observation,
        judgement: Judgement,
    ) -> tuple[tuple[Loss, ...], tuple[Count, ...]]:
        """Return why packets were lost, and the counters that moved.

        Args:
            expected: Each probe with the path of each of its legs.
            observation: All sightings.
            judgement: The sightings, compared with the paths.
        """
        after = losses.read(self.namespaces)
        everything = self._dropped(capture.clock_offset())
        dropped = why.of_probes(expected, observation.sightings, everything)
        promiscuous = [(p.namespace, link) for p in observation.proofs for link in p.promiscuous]
        filters = self._filters(everything, after)
        counts = tuple(c for name, reading in after.items() for c in self._moved(name, reading))
        return tuple(why.losses(judgement, dropped, promiscuous, filters)), counts

    def _dropped(self, offset: int) -> list[Dropped]:
        recorder = drops.recorder()
        taken = recorder.take() if recorder else None
        names = {}
        for name, path in self.namespaces.items():
            try:
                names[netns.inode(path)] = name
            except CouldNotTest:
                continue
        return [
            Dropped(
                drop.time + offset,
                names[drop.netns],
                drop.interface,
                drop.reason,
                drops.symbol(drop.location),
                dissect_head(drop.protocol, drop.head),
            )
            for drop in taken or ()
            if drop.netns in names and drop.time >= self.began
        ]

    def _moved(self, name: str, after: Reading) -> list[Count]:
        was = self.before[name].counters()
        now = after.counters()
        moved = {counter: number - was.get(counter, 0) for counter, number in now.items()}
        return [Count(name, counter, number) for counter, number in moved.items() if number > 0]

    def _filters(self, dropped: Sequence[Dropped], after: Mapping[str, Reading]) -> why.Filters:
        """Name the rules by which the packet filter dropped packets."""
        counts = Counter(
            (drop.namespace, drop.packet.source.version)
            for drop in dropped
            if drop.reason == why.NETFILTER and drop.packet.source
        )
        return {
            (name, version): why.rules(self._rules(name, version, after[name]), number)
            for (name, version), number in counts.items()
        }

    def _rules(self, name: str, version: int, after: Reading) -> dict[str, int | None]:
        was = self.before[name].droppers()
        return {
            losses.worded(self.namespaces[name], rule): now
            if now is None
            else now - (was.get(rule) or 0)
            for rule, now in after.droppers().items()
            if rule.concerns(version)
        }
