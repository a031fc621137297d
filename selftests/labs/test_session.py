"""A student works in `podpath lab start`: looks, answers, mends, leaves, and is graded."""

import re
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from selftests.shell.window import PROMPT, Window, window


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's directory, with the state of this user in it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def _started(home: Path, *arguments: str) -> AbstractContextManager[Window]:
    """Open a window that is wide enough for a command beside the directory's name."""
    return window(*arguments, command=("lab", "start"), directory=str(home))


def _begun(student: Window) -> str:
    return student.until(PROMPT)


def _podpath(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "podpath", *arguments],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_lab_from_its_start_to_a_grade(home: Path) -> None:
    """What was typed on one node is the submission that solves the lab on another."""
    with _started(home, "unplugged") as student:
        begun = _begun(student)
        assert "Follow the packet from client's eth0" in begun
        assert "✗ plug" in student.run("lab check")
        loose = student.run(
            "for v in $(ls /sys/class/net); do case $v in veth*)"
            " [ -e /sys/class/net/$v/master ] || echo loose=$v;; esac; done"
        )
        found = re.search(r"^loose=(veth\w+)$", loose, re.MULTILINE)
        assert found, loose
        assert "not right on this node" in student.run("lab answer where cni0")
        assert "task plug is no question: repair" in student.run("lab answer plug x")
        assert "no task wher; its questions: where" in student.run("lab answer wher x")
        assert "where: right" in student.run(f"lab answer where {found[1]}")
        assert "`brctl show` lists the ports" in student.run("lab hint")
        student.run(f"ip link set {found[1]} master cni0")
        checked = student.run("lab check; echo status $?")
        assert "10 of 10 points" in checked
        assert "status 0" in checked
        student.type("exit\n")
        student.until("unplugged.sh")
        assert student.status() == 0

    kept = (home / "unplugged.sh").read_text()
    assert f"ip link set {found[1]} master cni0" in kept
    assert "\n# lab check" in kept
    graded = _podpath(home, "lab", "check", "unplugged", "unplugged.sh", "--csv", "grades.csv")
    assert graded.returncode == 0, graded.stdout + graded.stderr
    assert "unplugged.sh,unplugged,10,10,3,7,1," in (home / "grades.csv").read_text()
    assert re.search(r"^unplugged +easy +10 +yes", _podpath(home, "lab").stdout, re.MULTILINE)


def test_the_same_in_chinese(home: Path) -> None:
    """Texts are Chinese; ids and the kernel's words stay."""
    with _started(home, "isolated", "--lang", "zh") as student:
        assert "见不到面的邻居" in _begun(student)
        assert "TOPO-BRIDGE-PORT: isolation at node veth" in student.run("lab check")
        assert "隔离" in student.run("lab hint; lab hint")
        assert "没有更多提示了" in student.run("lab hint")


def test_a_plugin_is_written_in_the_shell(home: Path) -> None:
    """The student's plugin is on the node, is tried on a fresh one, and is kept."""
    with _started(home, "wire") as student:
        assert "/root/wire" in _begun(student)
        assert "0 of 20 points" in student.run("lab check")
        student.run("sed -i 's/not written yet/still not written/' /root/wire")
        assert "ADD is still not written" in student.run("lab check")
        student.type("exit\n")
        student.until("podpath lab check wire wire")

    assert "still not written" in (home / "wire").read_text()
