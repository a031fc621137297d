"""Who runs programs: what a sender hands to one, and how it tells of its end."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from podpath.errors import CouldNotTest
from podpath.model import Family
from podpath.paths.traffic.programs import Tools
from podpath.paths.traffic.senders import NamespaceSender
from podpath.system import limits, netns
from podpath.system.limits import Limits

_LARGE = "line\n" * 30_000


@dataclass
class _Script:
    """A script in place of a program."""

    script: str
    text: str = ""

    def command(self, tools: Tools) -> list[str]:  # noqa: ARG002
        return ["/bin/sh", "-c", self.script]


def _here(command: Sequence[str]) -> list[str]:
    return list(command)


SENDER = NamespaceSender("node", f"/proc/{os.getpid()}/ns/net", _here)


def test_output_is_kept_as_bytes() -> None:
    """A body that is not UTF-8 arrives as it was sent."""
    result = SENDER.run(_Script(r"printf '\377\000'; echo no >&2; exit 3"))

    assert (result.status, result.output, result.errors) == (3, b"\xff\0", "no\n")


@pytest.mark.parametrize("signal", [1, 9, 15])
def test_end_by_a_signal_is_told_as_shells_do(signal: int) -> None:
    """Python's -1, for SIGHUP, would be taken for a program that gave up."""
    # Whoever started the tests may have SIGHUP ignored, as nohup(1) does; a shell cannot undo that.
    code = f"import os, signal; _d = {signal}"
    code += "; _d == 9 or signal.signal(_d, signal.SIG_DFL); os.kill(os.getpid(), _d)"

    assert SENDER.run(_Script(f"exec {sys.executable} -c '{code}'")).status == 128 + signal


def test_input_can_be_read_in_one_piece() -> None:
    """Of a pipe, a program would read the first part alone, and send that."""
    result = SENDER.run(_Script(f"dd bs={len(_LARGE)} count=1 2>/dev/null", _LARGE))

    assert result.output == _LARGE.encode()
    assert SENDER.run(_Script("cat")).output == b""


def test_environment_is_not_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the user's would be asked in place of the pod."""
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:8080")

    assert b"proxy" not in SENDER.run(_Script("env")).output


def test_program_that_hangs() -> None:
    with (
        limits.in_force(Limits(command=0.1)),
        pytest.raises(CouldNotTest, match=r"did not end in"),
    ):
        SENDER.run(_Script("exec sleep 5"))


class _Counting(NamespaceSender):
    """A sender whose kernel has tables of our own; None: the kernel has no such table."""

    tables: dict[str, str]

    def _table(self, name: str) -> str:
        if name not in self.tables:
            raise FileNotFoundError(2, "No such file")
        return self.tables[name]


def _counting(**tables: str) -> _Counting:
    sender = _Counting("client", "", _here)
    object.__setattr__(sender, "tables", tables)
    return sender


def test_datagrams_that_are_dropped_after_they_were_sent_count() -> None:
    sender = _counting(
        snmp="Udp: OutDatagrams SndbufErrors\nUdp: 3 1\nTcp: PassiveOpens\nTcp: 5\n",
        snmp6="Udp6OutDatagrams 7\n",
    )

    assert (sender.datagrams(Family.IPV4), sender.datagrams(Family.IPV6)) == (4, 7)
    assert sender.accepted() == 5


def test_counters_that_are_not_there() -> None:
    with pytest.raises(CouldNotTest, match="what client sends cannot be counted; does it run"):
        _counting().datagrams(Family.IPV4)
    with pytest.raises(CouldNotTest, match="what client sends is not counted: snmp has no Udp"):
        _counting(snmp="Ip: Forwarding\nIp: 1\n").datagrams(Family.IPV4)


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a network namespace")
def test_counters_are_of_the_namespace() -> None:
    """Of a new one, in which a single datagram was sent."""

    def counted() -> tuple[int, int]:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        here = NamespaceSender("here", "/proc/thread-self/ns/net", _here)
        before = here.datagrams(Family.IPV4)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.sendto(b"x", ("127.0.0.1", 9))
        return before, here.datagrams(Family.IPV4)

    assert netns.run_in_new("/proc/self/ns/net", counted) == (0, 1)
