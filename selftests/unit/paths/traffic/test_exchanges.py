"""Exchanges: a run is a test only if something was sent, and has arrived as it was."""

import os
import time
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import pytest

from podpath.errors import CouldNotTest
from podpath.model import CommandResult, Family, PodNetwork
from podpath.nodes.base import Node
from podpath.nodes.pod import Pod
from podpath.paths import self_report
from podpath.paths.traffic.exchanges import HttpExchange, QueryExchange, UdpExchange
from podpath.paths.traffic.programs import Datagram, Fetch, Program, Query
from podpath.paths.traffic.senders import Sender
from podpath.system import limits
from podpath.system.limits import Limits

WELL = CommandResult(0, b"", "")
LINE = "0badcafe"
DATAGRAM = Datagram(LINE, 4711, ip_address("10.88.0.2"), 9000, 1.0)


@dataclass
class _Sender(Sender):
    """Runs nothing; counts[n] is what the kernel has counted by the nth look."""

    result: CommandResult = WELL
    counts: list[int] = field(default_factory=lambda: [1, 2])
    name: str = "client"

    def run(self, program: Program) -> CommandResult:  # noqa: ARG002
        return self.result

    def datagrams(self, family: Family) -> int:
        assert family is Family.IPV4
        return self.counts.pop(0)

    def _table(self, name: str) -> str:
        raise NotImplementedError


class _Node(Node):
    """A node whose pods' processes all have one root."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def root(self, path: str) -> Path:  # noqa: ARG002
        return self._root


_Node.__abstractmethods__ = frozenset()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the receiver of the pod writes down what it got."""
    return tmp_path / "udp"


def _send(sender: Sender, log: Path) -> CommandResult:
    network = PodNetwork("server", "cni-server", (), "sandbox")
    pod = Pod("server", "sandbox", network, {"main": "id"}, {"main": os.getpid()})
    exchange = UdpExchange(sender, DATAGRAM, lambda: pod, _Node(log))  # type: ignore[abstract]
    with limits.in_force(Limits(reply=0.01)):
        return exchange()


def test_datagram_that_arrives(log: Path) -> None:
    log.write_text(f"before\n\n{LINE}\n")

    assert _send(_Sender(), log) is WELL


@pytest.mark.parametrize("written", ["", f"x{LINE}\n", f"{LINE[:-1]}\n"])
def test_datagram_that_arrives_otherwise_has_not(log: Path, written: str) -> None:
    log.write_text(written)

    result = _send(_Sender(), log)

    assert result.status == self_report.GAVE_UP
    assert result.errors == "the datagram did not reach the program in server as it was sent"


def test_program_that_sends_nothing_is_no_test(log: Path) -> None:
    log.write_text(f"{LINE}\n")

    with pytest.raises(CouldNotTest, match="nc ended well, but client sent no datagram"):
        _send(_Sender(counts=[3, 3]), log)


def test_program_that_fails_is_not_waited_for(log: Path) -> None:
    failed = CommandResult(1, b"", "Network unreachable")

    assert _send(_Sender(failed, [3, 3]), log) is failed


def test_receiver_that_is_gone(log: Path) -> None:
    with pytest.raises(CouldNotTest, match="what pod server received cannot be read"):
        _send(_Sender(), log)


@pytest.mark.parametrize(("elapsed", "expected"), [(19.0, 143), (20.0, self_report.GAVE_UP)])
def test_request_is_timed(monkeypatch: pytest.MonkeyPatch, elapsed: float, expected: int) -> None:
    times = iter((100.0, 100.0 + elapsed))
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    sender = _Sender(CommandResult(143, b"", ""))

    assert HttpExchange(sender, Fetch("http://x/0", b"", 20.0))().status == expected


QUERY = Query(LINE, 4711, ip_address("192.0.2.1"), 9000, 2.0)


@pytest.mark.parametrize(
    ("result", "status"),
    [
        pytest.param(CommandResult(0, QUERY.text.encode(), ""), 0, id="answered"),
        pytest.param(CommandResult(0, b"", ""), self_report.ENDED_WELL, id="no-answer"),
        pytest.param(CommandResult(0, b"x", ""), self_report.ENDED_WELL, id="another-answer"),
        pytest.param(CommandResult(1, b"", "refused"), 1, id="failed"),
    ],
)
def test_query_is_answered_by_its_own_datagram(result: CommandResult, status: int) -> None:
    assert QueryExchange(_Sender(result), QUERY)().status == status
