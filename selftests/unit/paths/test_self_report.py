"""What programs say of their traffic, and what is made of it."""

from dataclasses import replace

import pytest

from podpath.errors import Inconclusive
from podpath.model import CommandResult, Difference
from podpath.paths import observe, self_report
from podpath.paths.judgement import Judgement, judge
from podpath.paths.kinds import MISSING, UNEXPECTED
from podpath.paths.probes import Echo, Http, Probe, Silence
from selftests.unit import samples

GOOD = "2 packets transmitted, 2 received, 0% packet loss"
PROBE = Echo(samples.IDENTIFIER, 2)
HTTP = Http("nonce")


@pytest.mark.parametrize(
    ("status", "text", "told"),
    [
        pytest.param(0, GOOD, "", id="well"),
        pytest.param(137, GOOD, "killed (signal 9)", id="killed"),
        pytest.param(2, "invalid option", "did not count its packets: invalid option", id="usage"),
        pytest.param(2, "connect: Network is unreachable", "", id="refused"),
        pytest.param(0, "1 packets transmitted, 1 received", "sent 1 of 2 packets", id="fewer"),
        pytest.param(1, "1 packets transmitted, 0 received", "", id="fewer, for a loss"),
        pytest.param(1, "2 packets transmitted, 1 received", "", id="lost"),
    ],
)
def test_account_of_ping(status: int, text: str, told: str) -> None:
    found = self_report.of_ping(status, text, 2)

    assert found == told or (told and told in found)


@pytest.mark.parametrize(
    ("probe", "status", "vain"),
    [
        pytest.param(PROBE, 0, False, id="well"),
        pytest.param(PROBE, 1, True, id="ping without any reply"),
        pytest.param(HTTP, 1, False, id="wget that the server refuses at once"),
        pytest.param(HTTP, self_report.GAVE_UP, True, id="wget out of time"),
        pytest.param(HTTP, self_report.ENDED_WELL, False, id="wget of another body"),
    ],
)
def test_who_has_waited_in_vain(probe: Probe, status: int, vain: bool) -> None:
    """Only then nothing is waited for any more; or a FIN that is yet to come would be missed."""
    assert self_report.waited_in_vain(probe, CommandResult(status, b"", "")) is vain


def test_packets_that_agree_with_the_account() -> None:
    assert self_report.of_packets(PROBE, 0, GOOD, 56, samples.exchange()) == ""


@pytest.mark.parametrize("status", [0, self_report.ENDED_WELL])
def test_success_of_which_nothing_was_seen(status: int) -> None:
    assert "no packet of its was seen" in self_report.of_packets(PROBE, status, GOOD, 56, [])


def test_success_of_which_a_part_was_seen() -> None:
    told = self_report.of_packets(PROBE, 0, GOOD, 56, samples.exchange(count=1))

    assert "no interface saw echo request 2, echo reply 2" in told


def test_other_size_than_was_asked_for() -> None:
    assert "56 bytes in place of 1472" in self_report.of_packets(
        PROBE, 0, GOOD, 1472, samples.exchange()
    )


def test_size_that_the_network_changes_is_no_doubt() -> None:
    """What counts is the first place that saw it."""
    seen = samples.exchange()
    changed = [replace(s, packet=replace(s.packet, size=8)) for s in seen[1:]]

    assert self_report.of_packets(PROBE, 0, GOOD, 56, [seen[0], *changed[:4]]) != ""  # replies lack
    assert "in place of" not in self_report.of_packets(PROBE, 1, "", 56, [seen[0], *changed[:4]])


def test_silence_has_nothing_to_be_seen() -> None:
    assert self_report.of_packets(Silence(), 0, "", None, []) == ""


def test_program_that_failed_by_itself() -> None:
    topology = samples.topology()

    assert "before it sent anything: oops" in self_report.unsent(
        topology, "client", "server", "oops", []
    )


@pytest.mark.parametrize(
    "text", ["2 packets transmitted, 0 received", "connect: Network is unreachable"]
)
def test_program_that_the_network_made_fail(text: str) -> None:
    assert self_report.unsent(samples.topology(), "client", "server", text, []) == ""


def test_program_whose_pod_has_no_way() -> None:
    topology = samples.topology()
    netns = topology.pods["client"].netns
    lost = replace(topology.named[netns], routes=())
    cut = replace(topology, named={**topology.named, netns: lost})

    assert self_report.unsent(cut, "client", "server", "", []) == ""


def test_reply_with_another_payload_than_its_request() -> None:
    """Each leg by itself is unchanged."""
    seen = [
        replace(s, packet=replace(s.packet, digest="1234")) if s.packet.kind == 0 else s
        for s in samples.exchange(count=1)
    ]
    judgement = judge(
        [(Echo(samples.IDENTIFIER), samples.paths())], samples.observation(seen), samples.noise()
    )

    assert [(d.kind, str(d.where)) for d in judgement.differences] == [
        ("payload changed", "server eth0 out")
    ]


_JUDGEMENT = Judgement((), (), 0)


def _difference(kind: str) -> Difference:
    return Difference(kind, "server eth0 in", "the packet once", "nothing")


def test_missing_packets_of_an_overloaded_kernel_say_nothing() -> None:
    with pytest.raises(Inconclusive, match="no room for 5 frames"):
        observe._no_overload(_JUDGEMENT, [_difference(MISSING)], 5, "")


@pytest.mark.parametrize(
    ("kinds", "lost"), [((MISSING,), 0), ((MISSING, "TTL changed"), 5), ((UNEXPECTED,), 5), ((), 5)]
)
def test_other_differences_count_all_the_same(kinds: tuple[str, ...], lost: int) -> None:
    found = [_difference(kind) for kind in kinds]

    observe._no_overload(_JUDGEMENT, found, lost, "")


def test_busy_node_excuses_strangers_but_no_change() -> None:
    busy = replace(_JUDGEMENT, strangers=5000)
    found = [_difference(UNEXPECTED)]

    with pytest.raises(Inconclusive, match="5000 frames of other traffic"):
        observe._no_overload(busy, found, 0, "")
    observe._no_overload(busy, [*found, _difference("TTL changed")], 0, "")


def test_success_with_a_changed_reply_is_doubted() -> None:
    assert self_report.payload_change("wrong data byte #16 should be 0x1 but was 0x2")
    assert not self_report.payload_change(GOOD)
    assert CommandResult(0, GOOD.encode(), "").text == GOOD
