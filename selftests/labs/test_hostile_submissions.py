"""A hostile submission costs its own points alone: it ends in time, and leaves nothing."""

import time
from pathlib import Path

import pytest

from podpath.labs import reading, replay
from podpath.labs.grading import Verdict
from podpath.labs.replay import Replayed
from podpath.labs.submission import Submission
from podpath.system import waiting

_SECONDS = 4.0
_FIX = b"for v in $(ls /sys/class/net/cni0/brif); do bridge link set dev $v isolated off; done\n"


def _played(script: bytes) -> Replayed:
    lab = reading.load(reading.path_of("isolated"))
    return replay.of_submission(lab, Submission("hostile", script), _SECONDS)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        pytest.param(b"sleep 1000", "it ran for more than 4 s, and was ended", id="sleeps"),
        pytest.param(b"trap '' TERM INT HUP; while :; do :; done", "more than 4 s", id="spins"),
        pytest.param(b"yes", "more than 4 s", id="prints"),
        pytest.param(b"cat", "", id="reads"),
        pytest.param(b":(){ :|:& };: ; sleep 1000", "it had more processes", id="forks"),
        pytest.param(
            b"while :; do setsid sh -c 'while :; do setsid sleep 100 & done' & done",
            "more processes",
            id="forks away",
        ),
        pytest.param(b"dd if=/dev/zero of=/big bs=1M", "used more memory", id="fills"),
        pytest.param(
            b"dd if=/dev/zero of=/dev/shm/big bs=1M", "used more memory", id="fills memory"
        ),
        pytest.param(b"python3 -c 'x = bytearray(4 << 30)'", "used more memory", id="eats"),
        pytest.param(b"pkill -9 -x containerd; sleep 1", "it ended the node", id="kills"),
        pytest.param(b"kill -9 -1; sleep 1000", "", id="kills all"),
        pytest.param(b"rm -rf --no-preserve-root /", "", id="removes"),
        pytest.param(b"ip -all netns delete; ip link delete cni0", "", id="unwires"),
        pytest.param(
            b"mount -t tmpfs none /sys/fs/cgroup; ln -s / /run/podpath/lab/answers", "", id="hides"
        ),
        pytest.param(b"rm -rf /run/podpath/lab; ln -s / /run/podpath/lab", "", id="links"),
        pytest.param(
            b"mkfifo /run/podpath/lab/answers; mkfifo /run/podpath/lab/hints", "", id="pipes"
        ),
    ],
)
def test_a_hostile_submission_costs_its_points(script: bytes, problem: str) -> None:
    """It fails, in time, with what it did."""
    began = time.monotonic()
    replayed = _played(script)

    assert {mark.verdict for mark in replayed.marks.values()} == {Verdict.FAILED}
    assert problem in replayed.problem
    assert time.monotonic() - began < 90


@pytest.mark.parametrize(
    "plugin",
    [
        pytest.param(b"#!/bin/sh\nsleep 1000\n", id="hangs"),
        pytest.param(b"#!/bin/sh\nyes\n", id="prints"),
        pytest.param(b"#!/bin/sh\npkill -9 -x containerd; sleep 1\n", id="kills"),
        pytest.param(b"#!/bin/nothing\n", id="cannot start"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_hostile_plugin_costs_its_points(plugin: bytes) -> None:
    """A plugin is called by the runtime, in the node's own cgroups."""
    lab = reading.load(reading.path_of("wire"))
    began = time.monotonic()
    replayed = replay.of_submission(lab, Submission("wire", plugin))

    assert {mark.verdict for mark in replayed.marks.values()} == {Verdict.FAILED}
    assert time.monotonic() - began < 200


def test_what_a_submission_leaves_running_does_not_disturb() -> None:
    """A fix counts, whatever the script leaves in the background."""
    replayed = _played(b"(while :; do :; done) & (sleep 1000) & disown -a\n" + _FIX)

    assert {mark.verdict for mark in replayed.marks.values()} == {Verdict.PASSED}


def test_nothing_is_left_on_the_host() -> None:
    """No groups of a submission; those of other tests that run meanwhile end soon."""
    before = set(Path("/sys/fs/cgroup").rglob("guest-*"))
    _played(b"(sleep 1000) &" + _FIX)
    new = set(Path("/sys/fs/cgroup").rglob("guest-*")) - before

    left = waiting.until(lambda: [group for group in new if group.exists()], _empty, 60)
    assert left == []


def _empty(groups: list[Path]) -> bool:
    return not groups
