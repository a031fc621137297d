"""Path of a Service: packets are translated where they must be, and nowhere else."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from podpath.model import Address, Packet, Path, Sighting, Translation
from podpath.paths import expected, judgement, kinds, probes

from .. import samples

SERVICE = ip_address("10.96.0.10")
CLIENT, SERVER = samples.address("client"), samples.address("server")
NONCE = "abc"


def _path(kind: str, source: str, destination: str) -> Path:
    there = Translation(((SERVICE, SERVER),))
    return expected.path(
        samples.topology(),
        samples.network(),
        kind,
        source=source,
        destination=destination,
        translation=there if kind == "service" else there.back,
    )


PATHS = {
    probes.REQUEST: _path("service", "client", "server"),
    probes.REPLY: _path("service-reply", "server", "client"),
}


def _walk(leg: str, packet: Packet, start: int, frame: bytes = b"") -> list[Sighting]:
    """Return the sightings of a packet at each hop of its path, translated where it must be."""
    path = PATHS[leg]
    assert path.translation
    ((before, after),) = path.translation.addresses
    seen = []
    for number, hop in enumerate(path.hops):
        here = packet
        if hop.translated and packet.destination == before:
            here = replace(packet, destination=after)
        if hop.translated and packet.source == before:
            here = replace(packet, source=after)
        seen.append(samples.sighting(here, hop.place, start + number, frame))
    return seen


def _exchange() -> list[Sighting]:
    """Return SYN, request and FIN with their answers, and with TCP's sequence numbers."""
    seen: list[Sighting] = []
    there = replace(samples.tcp("client", "server"), destination=SERVICE)
    back = samples.tcp("server", "client")
    steps = [
        (probes.REQUEST, replace(there, flags="S", sequence=(0, 0)), b""),
        (probes.REPLY, replace(back, flags="SA", sequence=(0, 1)), b""),
        (probes.REQUEST, replace(there, flags="PA", sequence=(1, 1), size=5), NONCE.encode()),
        (probes.REPLY, replace(back, flags="FPA", sequence=(1, 6), size=5), b""),
        (probes.REQUEST, replace(there, flags="FA", sequence=(6, 7)), b""),
        (probes.REPLY, replace(back, flags="A", sequence=(7, 7)), b""),
    ]
    for number, (leg, packet, frame) in enumerate(steps, start=1):
        seen += _walk(leg, packet, 1000 * number, frame)
    return seen


def _kinds(sightings: list[Sighting]) -> set[str]:
    probe = probes.Http(NONCE, 80, (CLIENT, SERVICE))
    judged = judgement.judge([(probe, PATHS)], samples.observation(sightings), samples.noise())
    return {d.kind for d in judged.differences}


def test_translated_exchange_has_no_differences() -> None:
    assert _kinds(_exchange()) == set()


@pytest.mark.parametrize("address", [SERVICE, samples.address("bystander")])
def test_request_that_arrives_with_another_address(address: Address) -> None:
    """The destination is not translated, or translated to another pod."""
    changed = [
        replace(s, packet=replace(s.packet, destination=address))
        if s.place == PATHS[probes.REQUEST].hops[-1].place
        else s
        for s in _exchange()
    ]

    assert kinds.ADDRESS in _kinds(changed)


def test_hop_that_is_optional_may_be_missing_but_not_doubled() -> None:
    """The bridge itself may send the packet, but only once."""
    (anew,) = [hop.place for hop in PATHS[probes.REQUEST].hops if hop.optional]
    without = [s for s in _exchange() if s.place != anew]
    doubled = [*_exchange(), *(s for s in _exchange() if s.place == anew)]

    assert _kinds(without) == set()
    assert _kinds(doubled) == {kinds.DUPLICATE}


def test_answer_that_is_not_translated_back() -> None:
    """The source is still the pod, not the Service."""
    last = PATHS[probes.REPLY].hops[-1].place
    changed = [
        replace(s, packet=replace(s.packet, source=SERVER)) if s.place == last else s
        for s in _exchange()
    ]

    assert kinds.ADDRESS in _kinds(changed)


def test_of_repeated_requests_one_must_be_whole() -> None:
    """What began before does not belong; what comes after, or is not over, does not matter."""
    probe = probes.RepeatedHttp(NONCE)
    first = _exchange()
    later = [
        replace(
            s,
            packet=replace(
                s.packet, ports=(41000, 80) if s.packet.ports == (40000, 80) else (80, 41000)
            ),
        )
        for s in first
    ]
    begun = sum(s.packet.flags == "S" for s in first)

    def lacking(*sightings: Sighting) -> list[str]:
        legs = zip(sightings, probe.recognize(sightings), strict=True)
        mine = [s.packet for s, leg in legs if leg == probes.REPLY]
        return probe.lacking(probes.REPLY, mine)

    assert all(probe.recognize([*first, *later]))
    assert not any(probe.recognize(later[begun:]))
    assert lacking(*first, *later[: 2 * begun]) == []
    assert lacking(*first[: 2 * begun]) != []
    assert lacking() != []
    assert probe.over(first)
