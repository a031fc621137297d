"""Who runs programs: what a sender hands to one, and how it tells of its end."""

import os
import select
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from podpath.errors import CouldNotTest
from podpath.model import Family
from podpath.paths.traffic.programs import Tools
from podpath.paths.traffic.senders import NamespaceSender
from podpath.system import limits, netns, waiting
from podpath.system.limits import Limits
from selftests.suite import ROOT

_LARGE = "line\n" * 30_000


@dataclass
class _Script:
    """A script in place of a program."""

    script: str
    text: str = ""
    limit: float | None = None

    def command(self, tools: Tools) -> list[str]:  # noqa: ARG002
        return ["/bin/sh", "-c", self.script]


SENDER = NamespaceSender("node", lambda: f"/proc/{os.getpid()}/ns/net")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="enters a network namespace")


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


def test_program_is_terminated_at_its_limit_and_tells_what_it_said_until_then() -> None:
    """As timeout(1) of the container would do it, for a program that does not end in time."""
    result = SENDER.run(_Script("echo so far; exec sleep 5", limit=0.2))

    assert (result.status, result.output) == (143, b"so far\n")
    assert SENDER.run(_Script("exit 4", limit=5.0)).status == 4


def test_program_that_its_limit_does_not_end() -> None:
    with (
        limits.in_force(Limits(command=0.1)),
        pytest.raises(CouldNotTest, match=r"did not end in"),
    ):
        SENDER.run(_Script("trap '' TERM; while :; do sleep 0.01; done", limit=0.1))


def test_program_ends_with_podpath_however_that_ends(tmp_path: Path) -> None:
    """It would keep the pod's namespace, and so the pod's interfaces, as long as it runs."""
    code = f"""
from selftests.unit.paths.traffic.test_senders import SENDER, _Script
SENDER.run(_Script("echo $$ >{tmp_path}/pid; exec sleep 60"))"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as podpath:
        pid = waiting.until(lambda: _text(tmp_path / "pid"), bool, 20.0).strip()
        end = os.pidfd_open(int(pid))
        podpath.kill()

    assert select.select([end], [], [], 20.0)[0]
    os.close(end)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_program_is_in_the_namespace() -> None:
    """And podpath's own threads are not."""
    own = os.readlink("/proc/self/ns/net")
    there = _Script("readlink /proc/self/ns/net")

    def inside() -> str:
        entered = NamespaceSender("new", lambda: new)
        new = f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net"
        return entered.run(there).text.strip()

    assert netns.run_in_new("/proc/self/ns/net", inside) not in ("", own)
    assert SENDER.run(there).text.strip() == own


class _Counting(NamespaceSender):
    """A sender whose kernel has tables of our own; None: the kernel has no such table."""

    tables: dict[str, str]

    def _table(self, name: str) -> str:
        if name not in self.tables:
            raise FileNotFoundError(2, "No such file")
        return self.tables[name]


def _counting(**tables: str) -> _Counting:
    sender = _Counting("client", str)
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
        path = f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net"
        here = NamespaceSender("here", lambda: path)
        before = here.datagrams(Family.IPV4)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.sendto(b"x", ("127.0.0.1", 9))
        return before, here.datagrams(Family.IPV4)

    assert netns.run_in_new("/proc/self/ns/net", counted) == (0, 1)
