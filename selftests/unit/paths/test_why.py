"""Why packets were lost: by drops of these packets alone, where and when they were lost."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from podpath.model import NODE, Cause, Dropped, Loss, Observation, Sighting
from podpath.paths import why
from podpath.paths.judgement import judge
from podpath.paths.probes import Echo

from .. import samples

PROBE = Echo(samples.IDENTIFIER, 1)
RULE = 'rule "drop" of chain forward, table bridge broken'


def drop(sighting: Sighting, namespace: str = NODE, **changes: Any) -> Dropped:
    """A drop of a packet, shortly after it was seen."""
    known = Dropped(
        sighting.time + 1000,
        namespace,
        "veth-b",
        "NETFILTER_DROP",
        "nft_do_chain",
        sighting.packet,
    )
    return replace(known, **changes)


def losses(
    seen: list[Sighting],
    *drops: Dropped,
    filters: why.Filters | None = None,
    promiscuous: tuple[tuple[str, str], ...] = ((NODE, "cni0"),),
) -> list[Loss]:
    """Why packets of a ping were lost that had these sightings."""
    expected = [(PROBE, samples.paths())]
    judged = judge(expected, Observation(tuple(seen)), samples.noise())
    chosen = why.of_probes(expected, seen, drops)
    return why.losses(judged, chosen, promiscuous, filters or {})


def test_drop_of_the_packet_explains_its_loss() -> None:
    seen = samples.exchange()[:3]

    (loss,) = losses(seen, drop(seen[-1]), filters={(NODE, 4, "veth-b"): (RULE,)})

    assert loss.after in (seen[1].place, seen[2].place)
    assert (loss.namespace, loss.packets) == (NODE, 1)
    assert loss.causes == (Cause("NETFILTER_DROP", "nft_do_chain", "veth-b", (RULE,)),)
    assert why.sentence(loss).endswith(
        f"NETFILTER_DROP (the packet filter) on veth-b in the kernel's nft_do_chain, {RULE}"
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"namespace": "bystander"}, id="elsewhere"),
        pytest.param({"time": samples.exchange()[0].time - 1_000_000}, id="before"),
        pytest.param({"reason": "QUEUE_PURGE"}, id="copy"),
        pytest.param({"reason": "OTHERHOST", "interface": "cni0"}, id="promiscuous"),
        pytest.param(
            {"packet": replace(samples.exchange()[0].packet, number=(samples.IDENTIFIER, 9))},
            id="other-packet",
        ),
        pytest.param(
            {"packet": replace(samples.exchange()[0].packet, number=(1, 1))}, id="no-probe"
        ),
    ],
)
def test_other_drops_explain_nothing(changes: dict[str, Any]) -> None:
    """No reason is better than a wrong one."""
    seen = samples.exchange()[:3]

    assert losses(seen, drop(seen[-1], **changes)) == []


def test_drop_of_a_packet_that_arrived_is_no_loss() -> None:
    """The kernel drops the copies that sockets do not take."""
    seen = samples.exchange()

    assert losses(seen, drop(seen[-1], "client", reason="NO_SOCKET")) == []


def test_request_without_an_answer_is_explained_where_it_arrived() -> None:
    """Every interface saw it, and the pod's kernel dropped it."""
    seen = samples.exchange()[:5]

    (loss,) = losses(seen, drop(seen[-1], "server", reason="ICMP_CSUM"))

    assert (loss.namespace, loss.after) == ("server", seen[-1].place)
    assert "ICMP_CSUM (wrong checksum)" in why.sentence(loss)


def test_answer_that_arrived_is_never_lost() -> None:
    """Nobody answers an echo reply, and the kernel drops it once its raw sockets have copies."""
    second = [s for s in samples.exchange() if s.packet.number == (samples.IDENTIFIER, 2)]
    seen = [*samples.exchange(1), *second[:1]]
    reply = next(s for s in reversed(seen) if s.packet.kind == 0)

    assert losses(seen, drop(reply, "client", reason="NO_SOCKET")) == []


def test_packet_that_no_interface_saw_is_explained_where_it_began() -> None:
    (loss,) = losses([], drop(samples.exchange()[0], "client", reason="NEIGH_FAILED"))

    assert (loss.after, loss.namespace) == (None, "client")
    assert "before any interface saw it: NEIGH_FAILED (no answer to ARP" in why.sentence(loss)


@pytest.mark.parametrize(("reason", "is_told"), [("NETFILTER_DROP", True), ("", False)])
def test_packet_that_no_interface_saw_while_others_took_the_path(
    reason: str, *, is_told: bool
) -> None:
    """Without a reason, the kernel drops what it has already, too."""
    second = next(s for s in samples.exchange() if s.packet.number == (samples.IDENTIFIER, 2))

    found = losses(samples.exchange(1), drop(second, "client", reason=reason))

    assert [(loss.after, loss.namespace) for loss in found] == [(None, "client")] * is_told


def test_several_reasons_are_candidates() -> None:
    seen = samples.exchange()[:3]

    (loss,) = losses(seen, drop(seen[-1]), drop(seen[-1], reason="TC_EGRESS"))

    assert len(loss.causes) == 2
    assert ": one of these: NETFILTER_DROP" in why.sentence(loss)


def test_equal_losses_are_one() -> None:
    """Their number is told, and the first packet."""
    request = samples.exchange()[:3]
    again = [replace(s, packet=replace(s.packet, number=(samples.IDENTIFIER, 2))) for s in request]

    (loss,) = losses([*request, *again], drop(request[-1]), drop(again[-1]))

    assert loss.packets == 2
    assert why.sentence(loss).startswith(f"{loss.packet} and 1 more: dropped in namespace node")


@pytest.mark.parametrize(
    ("moved", "is_counted", "named"),
    [
        pytest.param({"a": 3, "b": 0}, True, ("a (+3 packets)",), id="one-counted"),
        pytest.param({"a": 1, "b": 1}, True, ("a (+1 packet)", "b (+1 packet)"), id="two-counted"),
        pytest.param({"a": 3, "b": None}, True, ("a (+3 packets)",), id="all-are-accounted-for"),
        pytest.param({"a": 1, "b": None}, False, ("a (+1 packet)", "b"), id="not-all"),
        pytest.param({"a": 0, "b": None}, False, ("b",), id="one-uncounted"),
        pytest.param(dict.fromkeys("abcd"), False, (), id="too-many"),
        pytest.param({"a": 0}, False, (), id="none"),
    ],
)
def test_rules_that_dropped_packets(
    moved: dict[str, int | None], is_counted: bool, named: tuple[str, ...]
) -> None:
    """A counter that accounts for every drop names the rule; else rules without one may be it."""
    assert why.rules(moved, is_counted=is_counted) == named


@pytest.mark.parametrize(
    ("source", "location", "is_told"),
    [
        ("127.0.0.1", "nf_hook_slow", True),
        ("127.0.0.1", "nft_do_chain", False),
        ("10.88.0.2", "nf_hook_slow", False),
    ],
)
def test_translated_packet_of_a_loopback_address(
    source: str, location: str, *, is_told: bool
) -> None:
    """No rule drops it: the kernel has no route for it where route_localnet is off."""
    (first, *_) = samples.exchange()
    packet = replace(first.packet, source=ip_address(source))
    dropped = drop(replace(first, packet=packet), location=location)

    (loss,) = why.of_flows([dropped], {packet.destination}, {})  # type: ignore[arg-type]

    assert ("route_localnet is off" in why.sentence(loss)) == is_told


def test_flows_without_sniffers() -> None:
    """Drops of one place and reason are one loss; those of sockets and of others are none."""
    packet = samples.exchange()[0].packet
    seen = samples.exchange()[0]
    dropped = [drop(seen), drop(seen, reason="XFRM_POLICY"), drop(seen)]
    others = [drop(seen, reason="NO_SOCKET"), drop(seen, reason="")]
    assert packet.source is not None

    losses = why.of_flows([*dropped, *others], {packet.source}, {(NODE, 4, "veth-b"): (RULE,)})

    assert [(loss.packets, loss.causes[0].reason) for loss in losses] == [
        (2, "NETFILTER_DROP"),
        (1, "XFRM_POLICY"),
    ]
    assert " and 1 more: dropped in namespace node: NETFILTER_DROP" in why.sentence(losses[0])
    assert why.of_flows(dropped, (), {}) == []
