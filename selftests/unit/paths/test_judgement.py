"""Verdicts from hand-written sightings: each difference appears, and appears alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podpath.model import NODE, Difference, Direction, Packet, Sighting
from podpath.paths import judgement
from podpath.paths.judgement import Judgement
from podpath.paths.probes import REQUEST, Echo, Http, Resolution

from .. import samples

Sightings = list[Sighting]
GOOD = samples.exchange()
LEAVE, ENTER, BRIDGE, EXIT, ARRIVE = range(5)  # of the first request, in GOOD
SOMEWHERE_ELSE = ("bystander", "eth0", Direction.IN)


def judge(sightings: Sequence[Sighting]) -> Judgement:
    return judgement.judge(
        [(Echo(samples.IDENTIFIER, 2), samples.paths())],
        samples.observation(sightings),
        samples.noise(),
    )


def found(sightings: Sequence[Sighting]) -> list[tuple[str, str]]:
    return [(d.kind, str(d.where)) for d in judge(sightings).differences]


def changed(number: int, **fields: object) -> Sightings:
    """The good exchange, with the packet otherwise at one sighting."""
    seen = list(GOOD)
    packet = replace(seen[number].packet, **fields)  # type: ignore[arg-type]
    seen[number] = replace(seen[number], packet=packet)
    return seen


def test_correct_exchange_has_no_difference() -> None:
    """All packets at all hops in order, and nothing else: nothing to say."""
    judged = judge(GOOD)

    assert judged.differences == ()
    assert judged.noise == 0
    assert [c.packet for c in judged.crossings] == [
        "echo request 1 (id 7), 56 bytes",
        "echo reply 1 (id 7), 56 bytes",
        "echo request 2 (id 7), 56 bytes",
        "echo reply 2 (id 7), 56 bytes",
    ]
    assert [len(hop) for c in judged.crossings for hop in c.at_hops] == [1] * 20


ALONE = [
    pytest.param(
        lambda: GOOD[:EXIT] + GOOD[ARRIVE:], ("missing hop", "node veth3 out"), id="missing-hop"
    ),
    pytest.param(
        lambda: [*GOOD, samples.sighting(GOOD[0].packet, SOMEWHERE_ELSE, GOOD[EXIT].time)],
        ("unexpected sighting", "bystander eth0 in"),
        id="unexpected-sighting",
    ),
    pytest.param(
        lambda: [replace(GOOD[0], time=GOOD[ENTER].time + 1), *GOOD[1:]],
        ("out of order", "node veth2 in"),
        id="out-of-order",
    ),
    pytest.param(
        lambda: [*GOOD, replace(GOOD[ARRIVE], time=GOOD[ARRIVE].time + 1)],
        ("duplicate", "server eth0 in"),
        id="duplicate",
    ),
    pytest.param(lambda: changed(ARRIVE, ttl=63), ("TTL changed", "server eth0 in"), id="ttl"),
    pytest.param(
        lambda: changed(ARRIVE, mac_source="02:00:00:00:00:01"),
        ("MAC changed", "server eth0 in"),
        id="mac",
    ),
    pytest.param(
        lambda: changed(ARRIVE, source=IPv4Address("10.88.0.1")),
        ("address changed", "server eth0 in"),
        id="address",
    ),
    pytest.param(
        lambda: changed(ARRIVE, digest="1234"), ("payload changed", "server eth0 in"), id="payload"
    ),
    pytest.param(
        lambda: changed(ARRIVE, size=55), ("payload changed", "server eth0 in"), id="size"
    ),
]


@pytest.mark.parametrize(("disturbed", "difference"), ALONE)
def test_each_difference_appears_alone(
    disturbed: Callable[[], Sightings], difference: tuple[str, str]
) -> None:
    """One thing that is wrong gives one difference, of that name, at that place."""
    assert found(disturbed()) == [difference]


def test_packet_that_was_never_seen_is_missing_at_its_origin() -> None:
    """A request that left no trace is told from the count of the probe."""
    lost = [s for s in GOOD if (s.packet.kind, s.packet.number) != (8, (samples.IDENTIFIER, 2))]

    assert [(d.kind, str(d.where), d.expected) for d in judge(lost).differences] == [
        ("missing hop", "client eth0 out", "echo request 2")
    ]


def test_nothing_seen_is_no_pass() -> None:
    """An empty capture misses every packet of the probe."""
    assert (
        found([])
        == [("missing hop", "client eth0 out")] * 2 + [("missing hop", "server eth0 out")] * 2
    )


def test_foreign_packet_is_unexpected() -> None:
    """A packet of no probe that is not noise is a difference wherever it is seen."""
    foreign = Packet("udp", source=IPv4Address("192.0.2.1"), ports=(53, 53), size=12)
    seen = [*GOOD, samples.sighting(foreign, (NODE, samples.UPLINK, Direction.OUT))]

    assert found(seen) == [("unexpected sighting", "node uplink0 out")]


def test_echo_of_another_identifier_is_unexpected() -> None:
    """An echo that is none of the probe's, even on its path, is not taken for the probe's."""
    other = samples.walk(
        samples.paths()[REQUEST], replace(GOOD[0].packet, number=(8, 1)), GOOD[-1].time + 1
    )

    assert {kind for kind, _ in found(GOOD + other)} == {"unexpected sighting"}
    assert len(found(GOOD + other)) == len(other)


def test_noise_is_counted_and_no_difference() -> None:
    """What any node says on its own account is counted, not judged."""
    request = Packet(
        "arp",
        mac_source=samples.mac("client"),
        mac_destination="ff:ff:ff:ff:ff:ff",
        source=samples.address("client"),
        destination=samples.address("server"),
        kind=1,
    )
    judged = judge([*GOOD, samples.sighting(request), samples.sighting(request, SOMEWHERE_ELSE)])

    assert judged.differences == ()
    assert judged.noise == 2


def test_bridge_may_be_seen_later_than_the_exit() -> None:
    """The order is partial: the bridge's own time stamp is not ordered against the exit's."""
    late = list(GOOD)
    late[BRIDGE] = replace(GOOD[BRIDGE], time=GOOD[ARRIVE].time + 500)

    assert found(late) == []


def test_bridge_must_not_be_seen_before_the_entry() -> None:
    """But it never precedes the port that the packet came in by."""
    early = list(GOOD)
    early[BRIDGE] = replace(GOOD[BRIDGE], time=GOOD[ENTER].time - 500)

    assert found(early) == [("out of order", "node cni0 in")]


def test_repeated_arp_request_is_expected_at_each_hop_as_often() -> None:
    """An ARP request that its sender repeats is no duplicate; seen once more elsewhere, it is."""
    legs = {REQUEST: samples.path("broadcast", "client")}
    request = Packet(
        "arp",
        mac_source=samples.mac("client"),
        mac_destination="ff:ff:ff:ff:ff:ff",
        source=samples.address("client"),
        destination=samples.address("server"),
        kind=1,
    )
    asked_twice = samples.walk(legs[REQUEST], request, 0) + samples.walk(
        legs[REQUEST], request, 1_000_000
    )
    probe = Resolution(samples.address("client"), samples.address("server"))

    def differences(seen: Sightings) -> list[tuple[str, str]]:
        judged = judgement.judge([(probe, legs)], samples.observation(seen), samples.noise())
        return [(d.kind, str(d.where)) for d in judged.differences]

    assert differences(asked_twice) == []
    assert differences([*asked_twice, asked_twice[-1]]) == [("duplicate", "server eth0 in")]
    assert differences(asked_twice[:-1]) == [("missing hop", "server eth0 in")]


def attempt(number: int) -> Sighting:
    """Another attempt of ping to send the first request, in which the time stamp is another."""
    packet = replace(GOOD[LEAVE].packet, digest=f"of attempt {number}")
    return replace(GOOD[LEAVE], packet=packet, time=GOOD[LEAVE].time - 10_000 + number)


def test_request_that_the_kernel_refuses_is_missing_where_it_was_lost() -> None:
    """However often ping repeats it: the mark and the reason name the hop that never saw it."""
    sent = [attempt(number) for number in range(200)]
    judged = judge([*sent, *GOOD[10:]])

    assert [(d.kind, str(d.where)) for d in judged.differences] == [
        ("missing hop", "node veth2 in"),
        ("missing hop", "node cni0 in"),
        ("missing hop", "node veth3 out"),
        ("missing hop", "server eth0 in"),
        ("missing hop", "server eth0 out"),
    ]
    assert judged.crossings[0].at_hops[0] == (sent[0],)


def test_request_that_ping_repeats_with_success_was_lost_before() -> None:
    """The refused attempts are one packet, and the one that took its path is another."""
    judged = judge([attempt(1), attempt(2), *GOOD])

    assert found([attempt(1), attempt(2), *GOOD]) == [
        ("missing hop", "node veth2 in"),
        ("missing hop", "node cni0 in"),
        ("missing hop", "node veth3 out"),
        ("missing hop", "server eth0 in"),
    ]
    assert len(judged.crossings) == 5


def test_request_that_the_network_doubles_is_no_retry() -> None:
    """The same bytes twice at the origin, and the packet further on: a duplicate."""
    doubled = replace(GOOD[LEAVE], time=GOOD[LEAVE].time - 1)

    assert found([doubled, *GOOD]) == [("duplicate", "client eth0 out")]
    assert ("duplicate", "node veth2 in") in found([doubled, *GOOD, replace(GOOD[ENTER])])


def test_packets_that_nothing_tells_apart_are_told_by_their_order() -> None:
    """Two equal segments without an IPv4 identification; a third at one hop is a duplicate."""
    legs = samples.paths()
    request = samples.tcp("client", "server", flags="A", sequence=(5, 6), ip_id=None)
    twice = samples.walk(legs[REQUEST], request, 0) + samples.walk(
        legs[REQUEST], replace(request, options="another window"), 1_000_000
    )
    probe = Http("", ends=(samples.address("client"), samples.address("server")))
    opened = samples.walk(legs[REQUEST], replace(request, flags="S"), -1_000_000)

    def differences(seen: Sightings) -> list[tuple[str, str]]:
        judged = judgement.judge([(probe, legs)], samples.observation(seen), samples.noise())
        return [(d.kind, str(d.where)) for c in judged.crossings for d in c.differences]

    assert differences([*opened, *twice]) == []
    assert differences([*opened, *twice, twice[-1]]) == [("duplicate", "server eth0 in")]
    assert differences([*opened, *twice[:-1]]) == [("missing hop", "server eth0 in")]


def test_segments_that_tcp_repeats_are_told_by_their_options() -> None:
    """Of two processors, one may deliver the repeated segment before the first one."""
    legs = samples.paths()
    sent = samples.tcp("client", "server", flags="A", sequence=(5, 6), ip_id=None)
    opened = samples.walk(legs[REQUEST], replace(sent, flags="S"), -1_000_000)
    *first, early = samples.walk(legs[REQUEST], sent, 0)
    *second, late = samples.walk(legs[REQUEST], replace(sent, options="later"), 1)
    swapped = [replace(late, time=early.time), replace(early, time=late.time)]
    probe = Http("", ends=(samples.address("client"), samples.address("server")))
    seen = samples.observation([*opened, *first, *second, *swapped])

    judged = judgement.judge([(probe, legs)], seen, samples.noise())

    assert [d for c in judged.crossings for d in c.differences] == []


# --- at both ends -------------------------------------------------------------------------


def unchanged(sightings: Sequence[Sighting]) -> list[Difference]:
    return judgement.unchanged(judge(sightings))


def test_unchanged_has_nothing_to_say_of_a_correct_exchange() -> None:
    """The same packets at both ends: no difference."""
    assert unchanged(GOOD) == []


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        pytest.param({"ttl": 63}, "TTL changed", id="ttl"),
        pytest.param({"mac_destination": "02:00:00:00:00:01"}, "MAC changed", id="mac"),
        pytest.param({"destination": IPv4Address("10.88.0.9")}, "address changed", id="address"),
        pytest.param({"digest": "1234"}, "payload changed", id="payload"),
    ],
)
def test_unchanged_names_what_differs_at_the_last_hop(fields: dict[str, object], kind: str) -> None:
    """A change on arrival is one difference, of that name."""
    assert [d.kind for d in unchanged(changed(ARRIVE, **fields))] == [kind]


def test_unchanged_looks_at_the_ends_only() -> None:
    """What was changed on the way and changed back is the path's affair."""
    assert unchanged(changed(BRIDGE, ttl=63)) == []


@pytest.mark.parametrize("hop", [LEAVE, ARRIVE])
def test_unchanged_needs_both_ends(hop: int) -> None:
    """A packet that is missing at an end cannot be called unchanged."""
    assert [d.kind for d in unchanged(GOOD[:hop] + GOOD[hop + 1 :])] == ["missing hop"]


def test_unchanged_needs_packets_of_each_leg() -> None:
    """Requests without a single reply cannot be called unchanged in both directions."""
    requests = [s for s in GOOD if s.packet.kind == 8]

    assert {d.kind for d in unchanged(requests)} == {"missing hop"}
    assert {d.kind for d in unchanged([])} == {"missing hop"}


# --- properties ---------------------------------------------------------------------------

_DISTURBED = [GOOD, *(param.values[0]() for param in ALONE)]  # type: ignore[operator]


@given(st.data())
def test_order_of_the_input_does_not_matter(data: st.DataObject) -> None:
    """Sightings carry their time: in whatever order they are given, the findings are the same."""
    sightings = _DISTURBED[data.draw(st.integers(0, len(_DISTURBED) - 1))]
    order = data.draw(st.permutations(range(len(sightings))))

    shuffled = judge([sightings[number] for number in order]).differences
    assert sorted(map(str, shuffled)) == sorted(map(str, judge(sightings).differences))


@given(st.integers(0, len(GOOD) - 1))
def test_any_one_sighting_less_is_a_difference(number: int) -> None:
    """No sighting of a correct exchange can be missed without notice."""
    kinds = {kind for kind, _ in found(GOOD[:number] + GOOD[number + 1 :])}

    assert kinds == {"missing hop"}


_places = st.one_of(
    st.sampled_from([s.place for s in GOOD]),
    st.tuples(
        st.sampled_from([NODE, *samples.PODS, "cni-stranger"]),
        st.sampled_from(["eth0", "lo", samples.BRIDGE, samples.UPLINK, ""]),
        st.sampled_from(Direction),
    ),
)


@given(st.integers(0, len(GOOD) - 1), _places, st.integers(0, 10_000_000))
def test_any_one_sighting_more_is_a_difference(
    copied: int, place: tuple[str, str, Direction], time: int
) -> None:
    """A packet of the exchange, seen once more at any place and any time, is noticed."""
    extra = samples.sighting(GOOD[copied].packet, place, time)
    kinds = {kind for kind, _ in found([*GOOD, extra])}

    assert kinds & {"duplicate", "unexpected sighting"}
