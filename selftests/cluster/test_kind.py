"""What podpath does with a kind cluster, on programs that stand in for kind and docker."""

import json
import os
from pathlib import Path

import pytest

from podpath.errors import CouldNotTest
from podpath.nodes.cluster import kind, kind_cluster
from podpath.nodes.cluster.kind_cluster import Cluster
from podpath.nodes.cluster.kind_program import Options
from podpath.system import shared_lock

_KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
"""
#: A directory stands for what is there: a file a container, in it the cluster's name.
_KIND = """#!/bin/sh
cd @STATE@
for word in "$@"; do
  case $word in --name=*) name=${word#*=};; --kubeconfig=*) file=${word#*=};; esac
done
case "$1 $2" in
  "get clusters") cat containers/* 2>/dev/null; true;;
  "create cluster")
    echo " * Preparing nodes" >&2
    [ ! -e broken ] || { echo "ERROR: failed to pull image \\"x\\": no such host" >&2; exit 1; }
    echo "$name" >"containers/id-$(date +%s%N)"; cp kubeconfig "$file";;
  "get kubeconfig") cat kubeconfig;;
  "delete cluster") for f in containers/*; do [ "$(cat "$f")" != "$4" ] || rm "$f"; done;;
  *) exit 1;;
esac
"""
_DOCKER = """#!/bin/sh
cd @STATE@/containers
case "$1" in
  ps) for f in *; do [ ! -e "$f" ] || [ "$(cat "$f")" != "${6##*=}" ] || echo "$f"; done;;
  inspect) shift 3; for f in "$@"; do echo "$f $(date -u -r "$f" +%Y-%m-%dT%H:%M:%S.%NZ)"; done;;
esac
"""


class _World:
    """Programs that stand in for kind and docker, and what they have made."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "containers").mkdir()
        (directory / "kubeconfig").write_text(_KUBECONFIG)
        for name, script in (("kind", _KIND), ("docker", _DOCKER)):
            path = directory / name
            path.write_text(script.replace("@STATE@", str(directory)))
            path.chmod(0o755)

    def cluster(self, name: str, *, keep: bool = False) -> tuple[Cluster, list[str]]:
        said: list[str] = []
        options = Options(name, keep, self.directory / "kubeconfig", kind=f"{self.directory}/kind")
        return Cluster(options, said.append), said

    def clusters(self) -> set[str]:
        return {p.read_text().strip() for p in (self.directory / "containers").iterdir()}

    def made_by_others(self, name: str) -> None:
        (self.directory / "containers" / f"id-of-others-{name}").write_text(f"{name}\n")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _World:
    made = _World(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("KIND_EXPERIMENTAL_PROVIDER", "docker")
    monkeypatch.setattr(kind_cluster, "CLUSTERS", tmp_path / "run")
    return made


def _used(cluster: Cluster) -> None:
    with shared_lock.shared(cluster.directory, cluster.create, cluster.end):
        pass


def test_cluster_is_made_with_progress_and_deleted(world: _World) -> None:
    cluster, said = world.cluster("one")
    with shared_lock.shared(cluster.directory, cluster.create, cluster.end):
        assert world.clusters() == {"one"}
        assert Path(cluster.kubeconfig).read_text() == _KUBECONFIG

    assert world.clusters() == set()
    assert said == [
        "creating the kind cluster one",
        "  * Preparing nodes",
        "deleting the kind cluster one",
    ]
    assert sorted(p.name for p in world.directory.iterdir()) == [
        *("containers", "docker", "kind", "kubeconfig", "run")
    ]


def test_cluster_that_is_there_is_used_and_left(world: _World) -> None:
    world.made_by_others("theirs")
    cluster, said = world.cluster("theirs")
    _used(cluster)

    assert world.clusters() == {"theirs"}
    assert said == ["using the kind cluster theirs, which is there already"]


def test_cluster_that_shall_be_kept_is_kept(world: _World) -> None:
    """From then on, it is as one that somebody else made."""
    _used(world.cluster("kept", keep=True)[0])
    _used(world.cluster("kept")[0])

    assert world.clusters() == {"kept"}


def test_cluster_that_cannot_be_made_is_told_in_one_sentence(world: _World) -> None:
    (world.directory / "broken").touch()

    with pytest.raises(CouldNotTest, match="failed to pull image") as caught:
        _used(world.cluster("one")[0])
    assert "docker load" in caught.value.remedy
    assert not (world.directory / "run" / "one").exists()


def _killed(world: _World, name: str) -> None:
    """A process made a cluster, and was killed: its lock is nobody's, and all else is there."""
    cluster, _ = world.cluster(name)
    with shared_lock.changing(cluster.directory):
        cluster.create()


def test_what_killed_runs_left_is_removed_and_only_that(world: _World) -> None:
    _killed(world, "left")
    world.made_by_others("theirs")
    lives, _ = world.cluster("lives")
    with shared_lock.shared(lives.directory, lives.create, lives.end):
        kind.sweep()
        assert world.clusters() == {"theirs", "lives"}


def test_cluster_that_replaced_one_that_was_left_is_not_removed(world: _World) -> None:
    """Somebody deleted what podpath had left, and made one of the same name."""
    _killed(world, "same")
    for path in (world.directory / "containers").iterdir():
        path.unlink()
    world.made_by_others("same")
    kind.sweep()

    assert world.clusters() == {"same"}


def test_creation_that_was_killed_is_removed(world: _World) -> None:
    """No container was noted yet: what was made since then is podpath's."""
    _killed(world, "half")
    marker = world.directory / "run" / "half" / "created"
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "containers": []}))
    noted = json.loads(marker.read_text())
    marker.write_text(json.dumps({**noted, "since": "2020-01-01T00:00:00+00:00"}))
    kind.sweep()

    assert world.clusters() == set()
