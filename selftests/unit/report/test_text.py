"""Findings as text: the first hop that differs is marked."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from podpath.model import NODE, Cause, Count, Difference, Direction, Loss, Sighting
from podpath.paths import judgement
from podpath.paths.judgement import Judgement
from podpath.paths.probes import Echo
from podpath.report.by_hand import Subject, Way
from podpath.report.text import failure, of_differences, of_judgement, of_losses, path
from podpath.requirements import REQUIREMENTS

from .. import samples

WAY, SUBJECT = Way("Look:", "podpath shell"), Subject("cni0", "bridge", "{}")


def judged(sightings: Sequence[Sighting], count: int = 1) -> Judgement:
    return judgement.judge(
        [(Echo(samples.IDENTIFIER, count), samples.paths())],
        samples.observation(sightings),
        samples.noise(),
    )


def lines(sightings: Sequence[Sighting]) -> list[str]:
    return path(judged(sightings).crossings[0]).splitlines()


def marked(sightings: Sequence[Sighting]) -> list[str]:
    """The interfaces at the marked lines."""
    return [line.split()[2] for line in lines(sightings) if line.startswith(">")]


def test_correct_path_is_drawn_hop_by_hop() -> None:
    """One line a hop, with the time since the first and the TTL, and no mark."""
    assert [" ".join(line.split()) for line in lines(samples.exchange(1))] == [
        "client -> server: echo request 1 (id 7), 56 bytes",
        "client eth0 out +0.000 ms ttl 64",
        "node veth2 in +0.001 ms ttl 64",
        "node cni0 in +0.002 ms ttl 64",
        "node veth3 out +0.003 ms ttl 64",
        "server eth0 in +0.004 ms ttl 64",
    ]
    assert marked(samples.exchange(1)) == []


def test_first_missing_hop_is_marked_and_later_ones_named() -> None:
    """A packet that was dropped at the exit is missing there and at its destination."""
    dropped = [s for n, s in enumerate(samples.exchange(1)) if n not in (3, 4)]

    assert marked(dropped) == ["veth3"]
    assert [line.endswith("never   <- missing hop") for line in lines(dropped)[4:]] == [True, True]


def test_changed_packet_is_marked_where_it_changed() -> None:
    """The kinds of all differences at a hop stand beside it."""
    seen = samples.exchange(1)
    seen[4] = replace(seen[4], packet=replace(seen[4].packet, ttl=63, mac_source="02::"))

    assert marked(seen) == ["eth0"]
    assert lines(seen)[5].endswith("ttl 63   <- TTL changed, MAC changed")


def test_sighting_elsewhere_is_marked() -> None:
    """What was seen off the path comes after the path."""
    seen = samples.exchange(1)
    stray = replace(seen[3], namespace="bystander", interface="eth0", direction=Direction.IN)

    assert lines([*seen, stray])[-1].split()[:4] == [">", "bystander", "eth0", "in"]
    assert lines([*seen, stray])[-1].endswith("<- unexpected sighting")


def test_only_the_first_difference_is_marked() -> None:
    """A sighting elsewhere is not marked if a hop before it is."""
    seen = samples.exchange(1)
    stray = replace(seen[3], namespace="bystander", interface="eth0", direction=Direction.IN)

    assert marked([*seen[:3], *seen[4:], stray]) == ["veth3"]


def test_verdict_without_differences_has_no_picture() -> None:
    """Only packets that differ are drawn."""
    assert of_judgement(judged(samples.exchange(1))) == ""


def test_pictures_are_few() -> None:
    """Of many packets that differ the first three are drawn, and the rest counted."""
    arrived = ("server", "eth0", Direction.IN)
    lost = [s for s in samples.exchange(5) if s.place != arrived]
    text = of_judgement(judged(lost, 5))

    assert text.count("client -> server") == 3
    assert text.endswith("(2 more packets differ)")


@pytest.mark.parametrize(
    ("count", "last"),
    [(1, "kind at 0: expected this, saw that"), (13, "(1 more differences)")],
)
def test_differences_are_a_line_each(count: int, last: str) -> None:
    """The first twelve, and how many more there are."""
    found = [Difference("kind", str(n), "this", "that") for n in range(count)]

    assert of_differences(found).splitlines()[-1] == last
    assert len(of_differences(found).splitlines()) == count


def test_differences_of_one_kind_at_one_place_do_not_hide_others() -> None:
    """Of a hundred changed payloads the first three are told, and what is missing as well."""
    many = [Difference("payload changed", "a", "this", str(n)) for n in range(100)]
    text = of_differences([*many, Difference("missing hop", "b", "once", "nothing")])

    assert text.count("payload changed at a") == 3
    assert "missing hop at b" in text
    assert text.endswith("(97 more differences)")


def test_packet_that_an_interface_repeats_takes_one_short_line() -> None:
    """As a pod's interface shows it that sends each frame many times."""
    exchange = samples.exchange(1)
    sent = [s for s in exchange if s.place == ("client", "eth0", Direction.OUT)]
    again = [replace(s, time=s.time + n) for s in sent for n in range(200)]
    lines = of_judgement(judged([*exchange, *again])).splitlines()

    assert "(197 more times)" in lines[1]
    assert max(map(len, lines)) < 200


@pytest.mark.parametrize("identifier", REQUIREMENTS)
def test_failure_tells_what_it_means_and_how_to_look(identifier: str) -> None:
    """For every requirement: its sentence, its usual cause, commands with nothing left open."""
    seen = "missing hop at node veth2 in"
    text = failure([REQUIREMENTS[identifier]], seen, f"a picture\n{seen}", WAY, SUBJECT)

    assert text.startswith(f"{identifier}: {seen}\nRequired: {REQUIREMENTS[identifier].sentence}\n")
    assert "  a picture\n  missing hop at node veth2 in\n" in text
    assert f"Usually: {REQUIREMENTS[identifier].usually}" in text
    assert f": {REQUIREMENTS[identifier].source}." in text
    commands = text.partition("Look:")[2]
    assert not re.search(r"{\w|\bNETNS\b|\bVETH\b|\bNODE\b|/PLUGIN|<CONFIG", commands)
    assert "\n  podpath shell" in commands


def test_finding_of_one_line_is_told_once() -> None:
    text = failure([REQUIREMENTS["TOPO-MTU"]], "MTU at eth0", "MTU at eth0", WAY, SUBJECT)

    assert text.count("MTU at eth0") == 1


def test_failure_tells_a_further_cause() -> None:
    """Before the usual one."""
    text = failure([REQUIREMENTS["TOPO-MTU"]], "MTU", "MTU", WAY, SUBJECT, "A plugin may have")

    assert "Perhaps: A plugin may have.\nUsually: " in text


@pytest.mark.parametrize(
    ("identifier", "version", "level", "declares"),
    [
        ("TOPO-RESULT", "", "MUST", False),
        ("TOPO-FDB", "", "JUDGEMENT", True),
        ("CNI-GC", "1.1.0", "SHOULD", False),
        ("CNI-DEL-IDEMPOTENT", "0.4.0", "SHOULD", False),
        ("CNI-DEL-IDEMPOTENT", "1.0.0", "MUST", False),
    ],
)
def test_failure_names_its_source(
    identifier: str, version: str, level: str, declares: bool
) -> None:
    """It says what is recommended only, and what no specification requires."""
    requirement = REQUIREMENTS[identifier]
    text = failure([requirement], "it differs", "it differs", WAY, SUBJECT, version=version)

    assert f"\n{level}: {requirement.source}." in text
    assert (f"declare a known deviation of {identifier}" in text) is declares


def test_losses_have_a_line_each_and_the_counters_one() -> None:
    cause = Cause("NETFILTER_DROP", "nft_do_chain", "veth1", ('rule "drop" of chain c',))
    loss = Loss("echo request 1", 3, "client -> server", None, NODE, (cause,))
    text = of_losses([loss] * 5, [Count(NODE, "IpInDiscards", 3)])

    first, *_, more, counters = text.splitlines()
    assert first == (
        "echo request 1 and 2 more: dropped in namespace node, before any interface saw it:"
        " NETFILTER_DROP (the packet filter) on veth1 in the kernel's nft_do_chain,"
        ' rule "drop" of chain c'
    )
    assert (more, counters) == (
        "(1 more)",
        "counters of lost packets that moved: node IpInDiscards +3",
    )
