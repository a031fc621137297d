"""Traces as text."""

import pytest

from podpath.model import Difference
from podpath.trace import document, text
from podpath.trace.result import Verdict
from selftests.unit.trace.samples import PLACES, PROOF, trace

PROVED = """\
client 10.88.0.2 -> server 10.88.0.3   echo request 1, 56 bytes      profile bridge
  ✓ client  eth0   out  +0.000 ms    ttl 64   mtu 1500
  ✓ node    vetha  in   +0.001 ms             mtu 1500   peer of client's eth0
  ✓ node    cni0   in   +0.002 ms             mtu 1500   bridge, 3 ports
  ✓ node    vethb  out  +0.003 ms             mtu 1500   peer of server's eth0
  ✓ server  eth0   in   +0.004 ms    ttl 64   mtu 1500
server -> client   echo reply 1: the same way back, 5 of 5
nowhere else: 7 other interfaces in 4 namespaces saw none of it
missed nothing: canaries 16 of 16, frames dropped 0
PROVED  eth0 -> vetha -> cni0 -> vethb -> eth0, both ways                          (0.1 s)"""


def test_proved_path_is_shown_hop_by_hop() -> None:
    assert "\n".join(text.lines(trace())) == PROVED


def test_lost_packet_shows_where_it_was_last_and_why() -> None:
    lost = trace(Verdict.LOST, 3, reasons=("dropped in namespace node: NETFILTER_DROP",))

    shown = "\n".join(text.lines(lost))

    assert "✗ node    vethb  out  not seen" in shown
    assert "  reason: dropped in namespace node: NETFILTER_DROP" in shown
    assert text.verdict(lost).startswith("LOST  after node cni0 in ")
    assert "same way back" not in shown


def test_nothing_sent_is_lost_before_the_first_interface() -> None:
    assert text.verdict(trace(Verdict.LOST, 0)).startswith("LOST  before the first interface")


def test_seen_says_that_it_is_no_judgement_and_why() -> None:
    shown = text.lines(trace(Verdict.SEEN, profile="", unjudged='no profile covers "acme"'))

    assert 'no judgement: no profile covers "acme"' in shown
    assert shown[-1].startswith("SEEN  eth0 -> vetha")
    assert "profile" not in shown[0]


def test_differences_are_listed_up_to_a_limit() -> None:
    differences = tuple(
        Difference("TTL changed", PLACES[4], "TTL 64", f"TTL {n}") for n in range(9)
    )

    shown = text.lines(trace(Verdict.DIFFERS, differences=differences))

    assert sum(line.startswith("  differs: TTL changed at server eth0 in") for line in shown) == 6
    assert "  and 3 more differences, which --json has" in shown
    assert shown[-1].startswith("DIFFERS  9 differences from the path: eth0 -> vetha")


def test_colours_are_only_added() -> None:
    coloured = "\n".join(text.lines(trace(), colours=True))

    for code in ("32", "32;1"):
        coloured = coloured.replace(f"\033[{code}m", "")
    assert coloured.replace("\033[0m", "") == PROVED


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        (Verdict.PROVED, 0),
        (Verdict.SEEN, 0),
        (Verdict.DIFFERS, 1),
        (Verdict.LOST, 1),
        (Verdict.UNPROVED, 6),
    ],
)
def test_status_is_that_of_the_verdict(verdict: Verdict, status: int) -> None:
    assert trace(verdict).status == status


def test_document_has_what_the_text_shows() -> None:
    shown = document.of(trace())

    assert shown["verdict"] == "PROVED"
    assert [step["interface"] for step in shown["legs"][0]["steps"]] == [
        place.interface for place in PLACES
    ]
    assert shown["legs"][0]["steps"][1] == {
        "namespace": "node",
        "interface": "vetha",
        "direction": "in",
        "mark": "seen",
        "microseconds": 1.0,
        "ttl": None,
        "mtu": 1500,
        "notes": ["peer of client's eth0"],
    }
    assert shown["silentInterfaces"] == PROOF.interfaces
