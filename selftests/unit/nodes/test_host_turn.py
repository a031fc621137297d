"""Turns of runs on one node, which are told by locks in the node's own /run."""

from pathlib import Path

import pytest

from podpath.fleet import manifests
from podpath.nodes.cluster import host


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The /run of a node."""
    directory = tmp_path / "run"
    directory.mkdir()
    monkeypatch.setattr(host, "STATE", directory / "podpath" / "host")
    return directory


def test_a_turn_leaves_no_directory(run: Path) -> None:
    """Neither that of the lock, nor the one that it is in."""
    with host.turn():
        assert list(run.rglob("*")) != []

    assert list(run.rglob("*")) == []


def test_a_turn_leaves_what_others_have(run: Path) -> None:
    """A shell's node may have its record there."""
    others = run / "podpath" / "nodes"
    others.mkdir(parents=True)
    with host.turn():
        pass

    assert list(run.rglob("*")) == [run / "podpath", others]


def test_a_job_needs_no_volume_of_the_node() -> None:
    """The cluster would make the directory of a hostPath, and leave it."""
    plan = manifests.Plan("fleet", "uid", "podpath:1", "", (), 300)
    pod = manifests.job(plan, "worker")["spec"]["template"]["spec"]

    assert pod["hostPID"]
    assert "volumes" not in pod
    assert all("volumeMounts" not in container for container in pod["containers"])
