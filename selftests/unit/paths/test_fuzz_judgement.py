"""Whatever is seen: a judgement comes of it, and one without differences only if all is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from podpath.model import NODE, Direction, Observation, Packet, Path, Sighting
from podpath.paths import judgement
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import DUPLICATE, MISSING, UNEXPECTED
from podpath.paths.observe import Observed
from podpath.paths.probes import (
    REPLY,
    REQUEST,
    Datagram,
    Echo,
    Http,
    Noise,
    Probe,
    Resolution,
    Silence,
)
from podpath.report import evidence, text

from .. import samples

NONCE = "0123abcd"
PLACES = [
    (namespace, interface, direction)
    for namespace, interface in [
        ("client", "eth0"),
        ("client", "lo"),
        ("server", "eth0"),
        ("bystander", "eth0"),
        (NODE, samples.BRIDGE),
        (NODE, samples.UPLINK),
        (NODE, ""),
        *((NODE, samples.host_end(pod)) for pod in samples.PODS),
    ]
    for direction in Direction
]


@dataclass(frozen=True)
class Case:
    """A probe, the paths of its legs, and what an undisturbed exchange shows."""

    probe: Probe
    paths: Mapping[str, Path]
    good: Sequence[Sighting]


def _walked(paths: Mapping[str, Path], *packets: tuple[str, Packet, bytes]) -> list[Sighting]:
    return [
        replace(seen, frame=frame)
        for number, (leg, packet, frame) in enumerate(packets)
        for seen in samples.walk(paths[leg], packet, number * 1_000_000)
    ]


def _http() -> Case:
    paths = samples.paths()
    there = samples.tcp("client", "server")
    back = samples.tcp("server", "client")

    def segment(packet: Packet, flags: str, sequence: tuple[int, int], size: int = 0) -> Packet:
        number = sum(sequence) + len(flags)
        return replace(packet, flags=flags, sequence=sequence, size=size, ip_id=number)

    get = segment(there, "PA", (11, 101), 50)
    exchange = [
        (REQUEST, segment(there, "S", (10, 0)), b""),
        (REPLY, segment(back, "SA", (100, 11)), b""),
        (REQUEST, segment(there, "A", (11, 101)), b""),
        (REQUEST, get, f"GET /{NONCE}".encode()),
        (REPLY, segment(back, "PAF", (101, 61), 80), b""),
        (REQUEST, segment(there, "AF", (61, 182)), b""),
        (REPLY, segment(back, "A", (182, 62)), b""),
    ]
    return Case(Http(NONCE), paths, _walked(paths, *exchange))


def _resolution() -> Case:
    paths = {
        REQUEST: samples.path("broadcast", "client"),
        REPLY: samples.path("unicast", "server", "client"),
    }
    asking, asked = samples.address("client"), samples.address("server")
    question = Packet(
        "arp",
        samples.mac("client"),
        "ff:ff:ff:ff:ff:ff",
        kind=1,
        source=asking,
        destination=asked,
    )
    answer = replace(
        question,
        mac_source=samples.mac("server"),
        mac_destination=samples.mac("client"),
        kind=2,
        source=asked,
        destination=asking,
    )
    said = _walked(paths, (REQUEST, question, b""), (REPLY, answer, b""))
    return Case(Resolution(asking, asked), paths, said)


def _datagram() -> Case:
    paths = {REQUEST: samples.path("unicast", "client", "server")}
    packet = replace(samples.echo("client", "server", 8, 1), protocol="udp", kind=None, number=None)
    sent = replace(packet, ports=(20001, 9000))
    return Case(Datagram(20001, 9000), paths, _walked(paths, (REQUEST, sent, b"")))


CASES = {
    "echo": Case(Echo(samples.IDENTIFIER, 2), samples.paths(), samples.exchange()),
    "http": _http(),
    "resolution": _resolution(),
    "datagram": _datagram(),
}
cases = st.sampled_from(list(CASES.values()))


def _owned() -> Noise:
    """As observe.noise makes it: an ARP answer in another's name is none."""
    base = samples.topology()
    links = [i for space in (base.node, *base.named.values()) for i in space.interfaces]
    owners = frozenset((link.mac, a.ip) for link in links for a in link.addresses)
    return replace(samples.noise(), owners=owners)


NOISE = _owned()


def judged(case: Case, sightings: Sequence[Sighting]) -> Judgement:
    observation = samples.observation(sightings)
    return judgement.judge([(case.probe, case.paths)], observation, NOISE)


@pytest.mark.parametrize("name", CASES)
def test_undisturbed_exchange_has_no_difference(name: str) -> None:
    """Otherwise the properties below would say nothing."""
    case = CASES[name]

    assert judged(case, case.good).differences == ()
    assert case.probe.over(case.good)


@given(cases, st.randoms(use_true_random=False))
def test_order_of_reading_does_not_matter(case: Case, chance: st.DataObject) -> None:
    """Only the time stamps do: sockets are read one after the other."""
    shuffled = list(case.good)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert judged(case, shuffled).differences == ()


@given(cases, st.data())
def test_any_missing_sighting_is_a_difference(case: Case, data: st.DataObject) -> None:
    """One hop of one packet without its sighting."""
    number = data.draw(st.integers(0, len(case.good) - 1))
    rest = [s for n, s in enumerate(case.good) if n != number]
    kinds = {d.kind for d in judged(case, rest).differences}

    assert kinds & {MISSING, DUPLICATE}


@given(cases, st.data(), st.integers(-(10**6), 10**6))
def test_any_repeated_sighting_is_a_difference(case: Case, data: st.DataObject, later: int) -> None:
    """One packet seen twice at one hop, whenever."""
    seen = data.draw(st.sampled_from(case.good))
    kinds = {
        d.kind
        for d in judged(case, [*case.good, replace(seen, time=seen.time + later)]).differences
    }

    assert kinds & {MISSING, DUPLICATE}


def _elsewhere(case: Case, seen: Sighting, data: st.DataObject) -> Sighting:
    """The sighting at a place that is not on the path that its packet takes."""
    (leg,) = case.probe.recognize([seen])
    if leg is None:  # the request is what tells an HTTP connection
        leg = REQUEST if seen.packet.source == samples.address("client") else REPLY
    own = {hop.place for hop in case.paths[leg].hops}
    namespace, interface, direction = data.draw(
        st.sampled_from([place for place in PLACES if place not in own])
    )
    return replace(seen, namespace=namespace, interface=interface, direction=direction)


@given(cases, st.data(), st.integers(-(10**6), 10**6))
def test_any_further_sighting_elsewhere_is_a_difference(
    case: Case, data: st.DataObject, later: int
) -> None:
    """A packet of the exchange on an interface that it must not cross."""
    seen = data.draw(st.sampled_from(case.good))
    further = replace(_elsewhere(case, seen, data), time=seen.time + later)
    differences = judged(case, [*case.good, further]).differences

    assert further.place in {d.where for d in differences if d.kind == UNEXPECTED}


@given(cases, st.data())
def test_any_moved_sighting_is_a_difference(case: Case, data: st.DataObject) -> None:
    """A packet that took another interface instead: one is missed, the other not expected."""
    number = data.draw(st.integers(0, len(case.good) - 1))
    seen = list(case.good)
    seen[number] = _elsewhere(case, seen[number], data)
    kinds = {d.kind for d in judged(case, seen).differences}

    assert UNEXPECTED in kinds
    assert kinds & {MISSING, DUPLICATE}


@given(cases, st.data())
def test_any_lost_leg_is_a_difference(case: Case, data: st.DataObject) -> None:
    """As if one direction had never been sent, or not seen anywhere."""
    leg = data.draw(st.sampled_from(list(case.paths)))
    legs = case.probe.recognize(case.good)
    rest = [s for s, of in zip(case.good, legs, strict=True) if of != leg]

    assert MISSING in {d.kind for d in judged(case, rest).differences}


_CHANGES: dict[str, object] = {
    "mac_source": samples.mac("bystander"),
    "mac_destination": samples.mac("bystander"),
    "source": samples.address("bystander"),
    "destination": samples.address("bystander"),
    "ttl": 63,
    "tos": 4,
    "ip_id": 65535,
    "fragment": (0, True),
    "kind": 77,
    "number": (samples.IDENTIFIER, 99),
    "ports": (7, 7),
    "flags": "U",
    "sequence": (1, 1),
    "size": 1,
    "digest": "another",
}


@given(cases, st.data(), st.sampled_from(list(_CHANGES)))
def test_any_change_of_a_packet_is_a_difference(
    case: Case, data: st.DataObject, field: str
) -> None:
    """At one hop the packet has another value in one field."""
    number = data.draw(st.integers(0, len(case.good) - 1))
    seen = list(case.good)
    packet = replace(seen[number].packet, **{field: _CHANGES[field]})  # type: ignore[arg-type]
    seen[number] = replace(seen[number], packet=packet)

    assert judged(case, seen).differences


# --- whatever there is ------------------------------------------------------------------------

_texts = st.sampled_from(["", "S", "SA", "F", "R", "PAF", samples.mac("client")])
_numbers = st.none() | st.integers(0, 256)
_wide = st.sampled_from([0, 1, 7, 80, 9000, 20001, 2**32 - 1])
_addresses = st.none() | st.sampled_from(
    [samples.address("client"), samples.address("server"), ip_address("fd00::2")]
)
_packets = st.builds(
    Packet,
    protocol=st.sampled_from(["icmp", "icmpv6", "tcp", "udp", "arp", "ip", "other", "malformed"]),
    mac_source=_texts,
    mac_destination=_texts,
    source=_addresses,
    destination=_addresses,
    ttl=_numbers,
    tos=_numbers,
    ip_id=_numbers,
    dont_fragment=st.none() | st.booleans(),
    fragment=st.none() | st.tuples(_wide, st.booleans()),
    kind=_numbers | st.sampled_from([0, 1, 2, 8, 128, 135]),
    number=st.none() | st.tuples(_wide, _wide),
    ports=st.none() | st.tuples(_wide, _wide),
    flags=st.none() | _texts,
    sequence=st.none() | st.tuples(_wide, _wide),
    size=st.integers(0, 70_000),
    digest=_texts,
)
_sightings = st.builds(
    lambda place, time, packet, frame: samples.sighting(packet, place, time, frame),
    st.sampled_from(PLACES),
    st.integers(0, 2**63),
    _packets,
    st.sampled_from([b"", b"GET /0123abcd"]),
)
_probes = st.sampled_from([*(case.probe for case in CASES.values()), Silence()])


@settings(max_examples=50)
@given(
    st.lists(st.tuples(_probes, st.just(samples.paths())), max_size=3),
    st.lists(_sightings | st.sampled_from(samples.exchange()), max_size=12),
    st.sampled_from([NOISE, samples.noise(), Noise(frozenset(), frozenset())]),
)
def test_any_sightings_have_a_judgement(
    expected: list[tuple[Probe, Mapping[str, Path]]], seen: list[Sighting], noise: Noise
) -> None:
    """None raises, each is accounted for, and the judgement can be told."""
    observation = Observation(tuple(seen))
    found = judgement.judge(expected, observation, noise)

    told = sum(len(hop) for c in found.crossings for hop in c.at_hops)
    told += sum(len(c.elsewhere) for c in found.crossings)
    crossed = {d for c in found.crossings for d in c.differences}
    told += found.noise
    strange = [d for d in found.differences if d.kind == UNEXPECTED]
    # what a sender repeats because no hop has taken it is one packet: podpath/paths/retries.py
    packets = {(sighting.place, sighting.packet.identity) for sighting in seen}
    assert told + len(strange) >= len(packets)
    assert crossed <= set(found.differences)
    assert judgement.unchanged(found) is not None
    assert text.of_judgement(found) or not any(c.differences for c in found.crossings)
    observed = Observed((), observation, found, samples.topology(), list(found.differences))
    assert evidence.of(observed)["sightings"] == len(seen)
    for probe, _ in expected:
        assert probe.over(seen) in (True, False)


@settings(max_examples=50)
@given(st.lists(_sightings, min_size=1, max_size=6))
def test_silence_has_only_noise(seen: list[Sighting]) -> None:
    """Where nothing may be seen, whatever is no noise is a difference of its own."""
    found = judgement.judge([(Silence(), {})], Observation(tuple(seen)), NOISE)

    assert len(found.differences) + found.noise == len(seen)


@given(_packets)
@example(Packet("arp", samples.mac("client"), source=samples.address("client"), kind=1))
def test_any_packet_is_noise_or_not(packet: Packet) -> None:
    """Also one that lacks what its protocol has."""
    every = Noise(
        frozenset({samples.address("client"), samples.address("server")}),
        frozenset({"", samples.mac("client")}),
        frozenset({ip_network("10.88.0.0/24"), ip_network("fd00::/64")}),
    )

    assert (packet in every) <= (packet.protocol in ("arp", "icmpv6"))
