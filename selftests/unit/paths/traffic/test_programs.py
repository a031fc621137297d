"""Programs that make traffic: what is run, and what their ends mean."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from podpath.model import CommandResult
from podpath.paths import self_report
from podpath.paths.traffic.programs import Datagram, Fetch, Ping, url

TARGET, TARGET6 = ip_address("10.88.0.2"), ip_address("fd00::2")
BODY = b"body"
FETCH = Fetch(url(TARGET, "4?nonce", 80), BODY, 6.0)


class _Tools:
    """Programs that no system has."""

    ping = ("ping",)
    wget = ("box", "wget")
    netcat = ("nc",)

    def within(self, seconds: int) -> Sequence[str]:
        return "box", "timeout", str(seconds)


TOOLS = _Tools()


def test_command_lines() -> None:
    ping = Ping(TARGET, 7, "00ff", 2.0, size=0, count=3, fragment="do")

    assert " ".join(ping.command(TOOLS)) == (
        "ping -n -c 3 -i 0.01 -W 2 -e 7 -p 00ff -s 0 -M do 10.88.0.2"
    )
    assert " ".join(FETCH.command(TOOLS)) == (
        "box timeout 6 box wget -q -O - http://10.88.0.2:80/4?nonce"
    )
    assert " ".join(Datagram("ab", 4711, TARGET6, 9000, 2.0).command(TOOLS)) == (
        "box timeout 2 nc -n -u -q 0 -p 4711 fd00::2 9000"
    )


def test_datagram_is_as_long_as_it_is_said_to_be() -> None:
    """A new line before the line, which those of nc that come before it do not have."""
    assert Datagram("ab", 4711, TARGET, 9000, 2.0).text == "\nab\n"


def test_address_of_ipv6_is_in_brackets() -> None:
    assert url(TARGET6, "0", 8080) == "http://[fd00::2]:8080/0"


@pytest.mark.parametrize(
    ("status", "elapsed", "expected"),
    [
        pytest.param(143, 6.0, self_report.GAVE_UP, id="its-own-time-out"),
        pytest.param(143, 60.0, self_report.GAVE_UP, id="its-own-time-out-on-a-busy-machine"),
        pytest.param(143, 5.9, 143, id="anyone-else-before"),
        pytest.param(137, 60.0, 137, id="another-signal"),
        pytest.param(1, 60.0, 1, id="by-itself"),
    ],
)
def test_only_its_own_time_out_is_one(status: int, elapsed: float, expected: int) -> None:
    """SIGTERM of anyone else says nothing of the network: the run is then no test."""
    result = FETCH.ended(CommandResult(status, b"", "said"), elapsed)

    assert result.status == expected
    assert bool(self_report.killed(result.status)) is (expected > 128)


def test_time_out_has_whole_seconds() -> None:
    """Those of some busybox have no others; what is not full counts as one."""
    fetch = Fetch(FETCH.url, BODY, 1.5)

    assert fetch.command(TOOLS)[:3] == ["box", "timeout", "2"]
    assert fetch.limit == 2
    assert fetch.ended(CommandResult(143, b"", ""), 1.7).status == 143
    assert fetch.ended(CommandResult(143, b"", ""), 2.0).status == self_report.GAVE_UP


@pytest.mark.parametrize(
    ("output", "expected"),
    [(BODY, 0), (b"bodx", self_report.ENDED_WELL), (b"", self_report.ENDED_WELL)],
)
def test_body_is_compared(output: bytes, expected: int) -> None:
    assert FETCH.ended(CommandResult(0, output, ""), 0.1).status == expected


def test_ping_that_sends_fewer_is_no_test() -> None:
    result = CommandResult(0, b"2 packets transmitted, 2 received", "")

    assert Ping(TARGET, 7, "00", 2.0, count=2).doubt(result) == ""
    assert Ping(TARGET, 7, "00", 2.0, count=3).doubt(result) == "ping sent 2 of 3 packets"
