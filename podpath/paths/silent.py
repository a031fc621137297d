"""Explain requests that arrived and were not answered, by the settings of the pod.

The kernel drops none of these, as it reports it: it answers by choice (ip-sysctl).
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as File

from podpath.model import NODE, Cause, Loss, Packet, Path, Sighting
from podpath.paths import wording
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import MISSING

#: Protocol of a request -> settings that keep a pod from answering it, each with the least value.
_SETTINGS: Mapping[str, Mapping[str, int]] = {
    "icmp": {"ipv4/icmp_echo_ignore_all": 1},
    "icmpv6": {"ipv6/icmp/echo_ignore_all": 1},
    "arp": {"ipv4/conf/all/arp_ignore": 8, "ipv4/conf/eth0/arp_ignore": 8},
}

#: Namespace -> the settings in force there that keep it from answering.
InForce = Mapping[str, Mapping[str, int]]


def losses(judgement: Judgement, in_force: InForce, explained: Iterable[Loss]) -> list[Loss]:
    """List why pods did not answer.

    Args:
        judgement: The sightings, compared with the expected paths.
        in_force: The settings of pods that keep them from answering.
        explained: Losses that are explained already.
    """
    known = {loss.path for loss in explained}
    return [
        loss
        for path in judgement.paths
        if path.name not in known and _is_unanswered(path, judgement)
        for loss in _of_path(path, judgement, in_force)
    ]


def _of_path(path: Path, judgement: Judgement, in_force: InForce) -> Iterator[Loss]:
    """Explain the requests of a path; the first stands for all."""
    arrived: list[Sighting] = [
        crossing.at_hops[-1][0]
        for crossing in judgement.crossings
        if crossing.path == path and crossing.at_hops[-1]
    ]
    end = path.hops[-1].namespace
    if not arrived or end == NODE:
        return
    mine = _SETTINGS.get(arrived[0].packet.protocol, {})
    found = [name for name in mine if name in in_force.get(end, {})]
    if found:
        texts = tuple(f"net.{name.replace('/', '.')} = {in_force[end][name]}" for name in found)
        cause = Cause("", "", arrived[0].interface, texts)
        packet: Packet = arrived[0].packet
        name, place = wording.describe(packet), arrived[0].place
        yield Loss(name, len(arrived), path.name, place, end, (cause,))


def _is_unanswered(path: Path, judgement: Judgement) -> bool:
    """Return whether the other end of a path sent nothing back."""
    ends = path.hops[0].namespace, path.hops[-1].namespace
    missing = {d.where for d in judgement.differences if d.kind == MISSING}
    return any(
        back.hops[0].namespace == ends[1]
        and back.hops[0].place in missing
        and all(crossing.path != back for crossing in judgement.crossings)
        for back in judgement.paths
        if back != path
    )


def read() -> dict[str, int]:
    """Return the settings in force in this thread's network namespace: name -> value."""
    values = {}
    for settings in _SETTINGS.values():
        for name, least in settings.items():
            file = File("/proc/sys/net", name)
            if file.exists() and (value := int(file.read_text())) >= least:
                values[name] = value
    return values
