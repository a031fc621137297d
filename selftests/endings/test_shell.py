"""However the shells on a node end, the host is as before; the node lives as long as one does."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from selftests.endings import host
from selftests.shell.window import PROMPT, Window, window


@pytest.fixture(autouse=True)
def _nothing_left(tmp_path: Path) -> Iterator[None]:
    """The host's inventory is the same after the test as before."""
    ignored = tmp_path.parent.parent
    before = host.read(ignored)
    yield
    assert host.new_since(before, ignored) == {}


def _name(shown: str) -> str:
    match = re.search(r"This is the node (\w+)\.", shown)
    assert match, shown
    return match[1]


def _serves(opened: Window) -> bool:
    """Return whether the node's pods still answer each other."""
    address = "$(kubectl get pod server -o wide | awk 'NR > 1 {print $6}')"
    return "1 received" in opened.run(f"kubectl exec client -- ping -c 1 {address}")


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_node_outlives_any_shell_but_the_last(ending: signal.Signals) -> None:
    """The first shell ends, then the second, while a third uses the node; then the third."""
    with window("--new") as first:
        name = _name(first.until(PROMPT))
        with window("--join", name) as second, window("--join", name) as third:
            for opened in (second, third):
                opened.until(PROMPT)
            for ended in (first, second):
                ended.kill(ending)
                assert ended.status() in (-ending, 128 + ending)
                assert _serves(third)
            third.kill(ending)


def test_shells_killed_at_once_leave_nothing() -> None:
    """No shell has time to notice the end of another."""
    with window("--new") as first, window("--new") as of_another_node:
        name = _name(first.until(PROMPT))
        of_another_node.until(PROMPT)
        with window("--join", name) as second:
            second.run("nohup sleep 1000 & setsid sleep 1000 &")
            for opened in (first, second, of_another_node):
                os.kill(opened.pid, signal.SIGKILL)


def test_a_closed_window_ends_what_runs_in_it() -> None:
    """A person closes the window while a program runs in a pod."""
    with window("--new") as opened:
        opened.until(PROMPT)
        opened.run("kubectl exec -it client -- ping 127.0.0.1", "64 bytes")


@pytest.mark.parametrize("moment", ["starting containerd", "creating pods"])
def test_shell_killed_while_its_node_starts_leaves_nothing(moment: str) -> None:
    """No other process knows of the node yet, or of its pods."""
    with window("--new") as opened:
        opened.until(moment)
        opened.kill(signal.SIGKILL)


def test_killed_containerd_ends_the_shell_with_a_sentence() -> None:
    """A person breaks the node, which ends with its shells, and is told how it ended."""
    with window("--new") as opened:
        opened.until(PROMPT)
        opened.type("kill -9 $(pidof containerd)\n")
        opened.until("the node has ended: its containerd was killed by SIGKILL")
        assert opened.status() == 6
