"""However a run on kind ends, no cluster of its stays; and no other one goes."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from podpath.nodes.cluster import container_engine, kind, kind_cluster
from podpath.system import randomness, waiting
from selftests import suite
from selftests.kind import commands

_CREATED_SECONDS = 240.0


@pytest.fixture
def name() -> str:
    """A cluster that nobody else has."""
    return f"ending-{randomness.unique(3).hex()}"


@pytest.fixture
def launch(kind_options: list[str], name: str) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start a run of the suite on a cluster of this name; in the end, what is left is removed."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> "subprocess.Popen[str]":
        started.append(suite.start("tests", *commands.of_process(name, kind_options, *options)))
        return started[-1]

    yield start
    for process in started:
        with process, suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    kind.sweep(kind=dict(o.split("=", 1) for o in kind_options).get("--kind-bin", ""))


def _there(name: str) -> bool:
    return bool(container_engine.find().containers(name))


def _wait_for_tests(name: str, process: "subprocess.Popen[str]") -> None:
    """Until the cluster is made and prepared, and so tests are about to run."""
    prepared = kind_cluster.CLUSTERS / name / "node.json"
    waiting.until(lambda: prepared.exists() or process.poll() is not None, bool, _CREATED_SECONDS)
    assert prepared.exists(), process.communicate()[0]


def _end(process: "subprocess.Popen[str]") -> str:
    return suite.ended(process)


def _nothing_left(name: str) -> None:
    assert not _there(name)
    assert not (kind_cluster.CLUSTERS / name).exists()


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_interrupted_run_deletes_its_cluster(
    launch: Callable[..., "subprocess.Popen[str]"], name: str, workers: tuple[str, ...]
) -> None:
    process = launch(*workers)
    _wait_for_tests(name, process)
    os.killpg(process.pid, signal.SIGINT)
    output = _end(process)

    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    _nothing_left(name)


def test_interrupted_run_deletes_the_clusters_of_its_workers(
    launch: Callable[..., "subprocess.Popen[str]"], name: str
) -> None:
    """A fresh one, which only the worker that made it knows of."""
    process = launch("-n", "2", "-k", "test_pods_made_at_the_same_time")
    waiting.until(lambda: _fresh(name) or process.poll() is not None, bool, 2 * _CREATED_SECONDS)
    (fresh,) = _fresh(name)
    assert _there(fresh)
    os.killpg(process.pid, signal.SIGINT)
    output = _end(process)

    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    _nothing_left(name)
    _nothing_left(fresh)


def _fresh(name: str) -> list[str]:
    return [path.parent.name for path in kind_cluster.CLUSTERS.glob(f"{name}-*/node.json")]


def test_killed_worker_does_not_keep_the_cluster(
    launch: Callable[..., "subprocess.Popen[str]"], name: str
) -> None:
    process = launch("-n", "2", "-k", "test_topology")
    _wait_for_tests(name, process)
    workers = waiting.until(lambda: _workers(process.pid), lambda w: len(w) == 2, 60.0)
    os.kill(workers[0], signal.SIGKILL)
    output = _end(process)

    assert "node down" in output
    _nothing_left(name)


def _workers(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = []
    for child in map(int, children):
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        if b"exec(eval(sys.stdin" in command:
            found.append(child)
    return found


@contextmanager
def _somebody_elses(kind_options: list[str]) -> Iterator[str]:
    """A cluster that podpath did not make."""
    options = dict(option.split("=", 1) for option in kind_options)
    program = options.get("--kind-bin", "kind")
    name = f"foreign-{randomness.unique(3).hex()}"
    image = ["--image", options["--kind-image"]] if "--kind-image" in options else []
    config = str(suite.ROOT / "kind-config.yaml")
    at = ["--name", name, "--kubeconfig", "/dev/null"]
    subprocess.run([program, "create", "cluster", *at, *image, "--config", config], check=True)
    try:
        yield name
    finally:
        subprocess.run([program, "delete", "cluster", *at], check=True)


def test_later_run_removes_what_a_kill_left_and_only_that(
    launch: Callable[..., "subprocess.Popen[str]"], name: str, kind_options: list[str]
) -> None:
    process = launch()
    _wait_for_tests(name, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert _there(name)

    with _somebody_elses(kind_options) as foreign:
        on_it = commands.of_process(foreign, kind_options)
        later = suite.run(suite.QUICK, *on_it)

        assert later.status == 0, later.output
        assert f"deleting the kind cluster {name}" in later.output
        _nothing_left(name)
        assert _there(foreign)
