"""Record what the kernel drops while traffic is watched, and explain it if packets were lost."""

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from podpath.errors import CouldNotTest
from podpath.model import Address, Count, Dropped, Loss, Observation, Path
from podpath.paths import capture, why
from podpath.paths.dissect import dissect_head
from podpath.paths.judgement import Judgement
from podpath.paths.probes import Probe
from podpath.system import counters, drops, netns
from podpath.system.netlink import losses
from podpath.system.netlink.losses import Reading
from podpath.system.netlink.nftables import Dropper

T = TypeVar("T")

#: The kernel's reason for a frame that the queue of a CPU had no room for (net/core/dev.c,
#: enqueue_to_backlog).
_NO_ROOM = "CPU_BACKLOG"


@dataclass(frozen=True)
class Record:
    """State before the traffic: what is read later is compared with it.

    Attributes:
        namespaces: name and path of each namespace.
        before: name of a namespace -> its counters.
        began: monotonic time in ns.
        names: inode of each namespace whose drops are recorded -> its name.
    """

    namespaces: Mapping[str, str]
    before: Mapping[str, Reading]
    began: int
    names: Mapping[int, str]

    @classmethod
    def begin(
        cls, namespaces: Mapping[str, str], crossed: Mapping[str, str] | None = None
    ) -> "Record":
        """Begin a record: what the kernel dropped until now does not count.

        Args:
            namespaces: name and path of each namespace whose counters are read.
            crossed: name and path of further namespaces in which packets may be dropped.
        """
        began, names = time.monotonic_ns(), _inodes({**(crossed or {}), **namespaces})
        if recorder := drops.recorder():
            recorder.begin(names)
        return cls(namespaces, losses.read(namespaces), began, names)

    def dropped(self) -> list[Dropped] | None:
        """Return the drops since the record began; None if the kernel has no complete record.

        A second call returns those since the first one.
        """
        recorder = drops.recorder()
        taken = recorder.take() if recorder else None
        if taken is None:
            return None
        offset = capture.clock_offset()
        ours = [drop for drop in taken if drop.netns in self.names and drop.time >= self.began]
        functions = drops.symbols({drop.location for drop in ours})
        return [
            Dropped(
                drop.time + offset,
                self.names[drop.netns],
                drop.interface,
                drop.reason,
                functions[drop.location],
                dissect_head(drop.protocol, drop.head),
            )
            for drop in ours
        ]

    def explain(
        self,
        expected: Sequence[tuple[Probe, Mapping[str, Path]]],
        observation: Observation,
        judgement: Judgement,
        dropped: Sequence[Dropped] | None,
    ) -> tuple[tuple[Loss, ...], tuple[Count, ...]]:
        """Return why packets were lost, and the counters that moved.

        Args:
            expected: Each probe with the path of each of its legs.
            observation: All sightings.
            judgement: The sightings, compared with the paths.
            dropped: What dropped() returned.
        """
        try:
            after = losses.read(self.namespaces)
        except CouldNotTest:  # a namespace ended after the traffic
            return (), ()
        recorded = dropped or ()
        mine = why.of_probes(expected, observation.sightings, recorded)
        promiscuous = [(p.namespace, link) for p in observation.proofs for link in p.promiscuous]
        filters = self._filters(recorded, after)
        versions = _versions(judgement)
        counts = tuple(
            count
            for name, reading in after.items()
            for count in self._moved(name, reading, versions)
        )
        return tuple(why.losses(judgement, mine, promiscuous, filters)), counts

    def explain_flows(
        self, pods: Collection[Address], dropped: Sequence[Dropped] | None
    ) -> list[Loss]:
        """Return why packets of flows without sniffers were lost; for the arguments see why.

        It lists nothing if a namespace ended meanwhile.
        """
        with suppress(CouldNotTest):
            after = losses.read(self.namespaces)
            return why.of_flows(dropped or (), pods, self._filters(dropped or (), after))
        return []

    def _moved(self, name: str, after: Reading, versions: Collection[int]) -> list[Count]:
        """List the counters of a namespace that grew, and the counters of rules that drop.

        Those of another IP version than the lost packets' have grown by others' packets.
        """
        was, path = self.before[name], self.namespaces[name]
        grown = _grown(was.counters(), after.counters())
        own = {text: n for text, n in grown.items() if counters.concerns(text, versions)}
        rules = _grown(was.droppers(), after.droppers())
        worded = {
            losses.worded(path, rule): number
            for rule, number in rules.items()
            if not versions or any(map(rule.concerns, versions))
        }
        return [Count(name, text, number) for text, number in {**own, **worded}.items()]

    def _filters(self, dropped: Sequence[Dropped], after: Mapping[str, Reading]) -> why.Filters:
        """Name the rules by which the packet filter dropped packets."""
        places = [
            (drop.namespace, drop.packet.source.version, drop.interface)
            for drop in dropped
            if drop.reason == why.NETFILTER and drop.packet.source and drop.namespace in after
        ]
        totals = Counter((name, version) for name, version, _ in places)
        by_place = {place: self._droppers(*place, after[place[0]]) for place in totals}
        filters: dict[tuple[str, int, str], tuple[str, ...]] = {}
        for name, version, link in dict.fromkeys(places):
            moved = by_place[name, version]
            is_counted = sum(filter(None, moved.values())) == totals[name, version]
            own = {rule: number for rule, number in moved.items() if rule.is_on(link)}
            worded = {losses.worded(self.namespaces[name], r): own[r] for r in own if own[r] != 0}
            filters[name, version, link] = why.rules(worded, is_counted=is_counted)
        return filters

    def _droppers(self, name: str, version: int, after: Reading) -> dict[Dropper, int | None]:
        """Return the rules that may drop packets of an IP version, and what each has since."""
        was = self.before[name].droppers()
        return {
            rule: now if now is None else now - (was.get(rule) or 0)
            for rule, now in after.droppers().items()
            if rule.concerns(version)
        }


def without_room(observation: Observation, dropped: Sequence[Dropped] | None) -> int:
    """Count the frames that the kernel had no room for, as far as they may be watched ones.

    A frame of the watched namespaces counts. Where the kernel does not report these, each frame of
    the machine counts, as any may be a watched one.

    Args:
        observation: all sightings, with the machine's own count.
        dropped: what Record.dropped() returned.
    """
    recorder = drops.recorder()
    if dropped is None or recorder is None or not recorder.names(_NO_ROOM):
        return observation.lost
    return sum(drop.reason == _NO_ROOM for drop in dropped)


def _inodes(namespaces: Mapping[str, str]) -> dict[int, str]:
    """Return the name of each namespace that is still there, by its inode."""
    names = {}
    for name, path in namespaces.items():
        with suppress(CouldNotTest):
            names[netns.inode(path)] = name
    return names


def _versions(judgement: Judgement) -> frozenset[int]:
    """Return the IP versions of the packets that differ. Pure."""
    return frozenset(
        sighting.packet.source.version
        for crossing in judgement.crossings
        if crossing.differences
        for hop in crossing.at_hops
        for sighting in hop
        if sighting.packet.source
    )


def _grown(was: Mapping[T, int | None], now: Mapping[T, int | None]) -> dict[T, int]:
    """Return by how much counters grew, those that did. Pure."""
    grown = {name: (number or 0) - (was.get(name) or 0) for name, number in now.items()}
    return {name: number for name, number in grown.items() if number > 0}
