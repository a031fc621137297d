"""Every lab that comes with podpath: red before its solution, for its reason, and green after."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from podpath.labs import reading, replay, submission, trial
from podpath.labs.grading import Verdict
from podpath.labs.lab import Lab
from podpath.labs.submission import Submission
from selftests.examples.blocks import read
from selftests.suite import ROOT

#: Those that take longest first, so that all workers end at about the same time.
_SLOW = ("wire", "one-in-a-hundred", "no-web", "half-an-mtu", "no-reply")
_NAMES = sorted(reading.names(), key=lambda name: (name not in _SLOW, name))


def _lab(name: str) -> Lab:
    return reading.load(reading.path_of(name))


@pytest.mark.parametrize("name", _NAMES)
def test_the_solution_solves_what_was_broken(name: str) -> None:
    """As `podpath lab test` has it."""
    lab = _lab(name)
    made = trial.of_lab(lab)

    assert {task.id: trial.wrong(task, made) for task in lab.tasks} == {t.id: [] for t in lab.tasks}


def test_the_lab_of_the_page_is_one(tmp_path: Path) -> None:
    """The lab that docs/teaching.md shows is red and green as it must be."""
    (block,) = (b for b in read(ROOT / "docs" / "teaching.md") if b.mark == "lab own.toml")
    (tmp_path / "own.toml").write_text(block.text)
    lab = reading.load(tmp_path / "own.toml")
    made = trial.of_lab(lab)

    assert [trial.wrong(task, made) for task in lab.tasks] == [[], []]


def test_no_submission_earns_nothing() -> None:
    """An empty script solves no task."""
    replayed = replay.of_submission(_lab("wrong-path"), Submission("empty", b""))

    assert {mark.verdict for mark in replayed.marks.values()} == {Verdict.FAILED}
    assert replayed.marks["hop"].message == "no answer"
    assert "missing hop at node cni0" in replayed.marks["path"].message


def test_part_of_a_solution_earns_part_of_the_points() -> None:
    """A right answer counts without the repair, and a hint is counted."""
    script = b"lab hint; lab answer hop nothing; lab answer hop cni0; lab check; answer path x"
    replayed = replay.of_submission(_lab("wrong-path"), Submission("part", script))

    assert [mark.earned for mark in replayed.marks.values()] == [3, 0]
    assert replayed.hints == 1


def test_a_lab_that_names_the_wrong_reason_is_found(tmp_path: Path) -> None:
    """Authors are told what the requirement said instead."""
    text = reading.path_of("unplugged").read_text().replace("no port that forwards", "missing hop")
    (tmp_path / "wrong.toml").write_text(text)
    lab = reading.load(tmp_path / "wrong.toml")
    made = trial.of_lab(lab)

    (found,) = trial.wrong(lab.tasks[1], made)
    reason = "a host end is no port that forwards"
    assert found.startswith(f"before the solution, PATH-ICMP is red for another reason: {reason}")


def test_a_lab_without_a_fault_is_found(tmp_path: Path) -> None:
    """A task that is green before its solution is none."""
    text = reading.path_of("isolated").read_text().replace("isolated on", "isolated off")
    (tmp_path / "healthy.toml").write_text(text)
    lab = reading.load(tmp_path / "healthy.toml")

    assert trial.wrong(lab.tasks[0], trial.of_lab(lab)) == [
        'before the solution, TOPO-BRIDGE-PORT is not red ("conforms")',
        'before the solution, PATH-ICMP is not red ("conforms")',
    ]


def test_what_was_typed_is_replayed_with_the_names_of_the_new_node() -> None:
    """A submission of a shell solves the lab on another node, answers included."""
    lab = _lab("unplugged")
    names = {"host-end-client": "veth01", "netns-client": "cni-there"}
    lines = [
        "brctl show",
        "tcpdump -i cni0",
        "answer where veth01",
        "ip link set veth01 master cni0",
    ]
    typed = submission.typed(lab, lines, names)

    replayed = replay.of_submission(lab, Submission("typed", typed.encode()))

    assert {mark.verdict for mark in replayed.marks.values()} == {Verdict.PASSED}


def test_labs_are_items_of_pytest(tmp_path: Path) -> None:
    """-k, JUnit and xdist come from pytest."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    labs = tmp_path / "labs"
    labs.mkdir()
    (labs / "isolated.toml").write_text(reading.path_of("isolated").read_text())
    (labs / "wrong-path.toml").write_text(reading.path_of("wrong-path").read_text())
    (tmp_path / "fix.sh").write_text(
        "for v in $(ls /sys/class/net/cni0/brif); do bridge link set dev $v isolated off; done\n"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "labs/", "--podpath-submission", "fix.sh"),
            *("-n", "2", "-k", "not hop", "--junitxml", "out.xml", "-p", "no:cacheprovider"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert "PATH-ICMP: missing hop at node cni0" in done.stdout
    assert 'tests="2"' in (tmp_path / "out.xml").read_text()


def test_the_command_writes_every_result(tmp_path: Path) -> None:
    """The exit status, the table, Gradescope's results and GitHub Classroom's."""
    (tmp_path / "fix.sh").write_text("lab answer hop cni0\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "podpath", "lab", "check", "wrong-path", "fix.sh"),
            *("--csv", "class.csv", "--gradescope", "results.json", "--classroom", "output"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert "3 of 10 points" in done.stdout
    assert (
        (tmp_path / "class.csv")
        .read_text()
        .splitlines()[1]
        .startswith("fix.sh,wrong-path,3,10,3,0,0,")
    )
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 3
    assert (tmp_path / "output").read_text().startswith("result=")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "class.csv",
        "fix.sh",
        "output",
        "results.json",
    ]
