"""The example of docs/own-node.md: a kind of node that another package adds."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from podpath.errors import COULD_NOT_TEST_STATUS
from podpath.system import programs, waiting
from selftests import suite
from selftests.once import once

EXAMPLE = suite.ROOT / "examples" / "own-node"
NODE = ("--podpath-node", "namespaces")
#: A plugin that gives pods another MTU than their host ends.
_BROKEN = """#!/bin/sh
{real} || exit
[ "$CNI_COMMAND" != ADD ] || nsenter --net="$CNI_NETNS" ip link set eth0 mtu 1400
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of somebody who installed the example."""
    return {"PYTHONPATH": str(once(tmp_path_factory, "own-node", _install) / "site-packages")}


def _install(directory: Path) -> None:
    """Install a copy of the example, as the build leaves files beside its sources."""
    copy = directory / "own-node"
    shutil.copytree(EXAMPLE, copy, dirs_exist_ok=True)
    install = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps")
    done = subprocess.run(
        [*install, "--target", str(directory / "site-packages"), str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_topology_and_paths_conform(installed: dict[str, str], tmp_path: Path) -> None:
    """By the reference plugins, which podpath's own nodes are tested with, too."""
    tests = ("tests/test_topology.py", "tests/test_path.py", "-n", "2", "-v")
    run = suite.run(*tests, *NODE, environment=installed, report=tmp_path)

    assert run.status == 0, run.output
    assert "podpath node: namespaces" in run.output
    assert "podpath not applicable on namespaces: " in run.output
    found = run.verdicts()
    assert found.keys() >= {"TOPO-NETNS-NAME", "TOPO-MTU", "TOPO-RESULT", "PATH-ICMP", "PATH-HTTP"}
    assert set(found.values()) == {"conforms", "not applicable"}
    by_id = {entry["id"]: entry for entry in run.report["requirements"]}
    for identifier in ("PATH-MASQUERADE", "K8S-IP", "CNI-ADD-RESULT"):
        assert by_id[identifier]["verdict"] == "not applicable"
    assert by_id["K8S-IP"]["reason"] == "it cannot be looked at on the namespaces node"


def test_pods_come_and_go(installed: dict[str, str], tmp_path: Path) -> None:
    """Nothing of them is left on the node, nor on the host, whose links are as before."""
    before = os.listdir("/sys/class/net")
    run = suite.run("tests/test_lifecycle.py", *NODE, environment=installed, report=tmp_path)

    assert run.status == 0, run.output
    assert run.verdicts()["LIFE-PARALLEL"] == "conforms"
    assert sorted(os.listdir("/sys/class/net")) == sorted(before)


def test_broken_plugin_is_red(installed: dict[str, str], tmp_path: Path) -> None:
    """The findings are the plugin's, and so is a plugin that fails."""
    plugin = tmp_path / "bridge"
    plugin.write_text(_BROKEN.format(real=programs.plugin("bridge", programs.PLUGIN_DIRECTORIES)))
    plugin.chmod(0o755)
    broken = ("tests/test_topology.py", *NODE, "--podpath-cni-bin", str(tmp_path))
    run = suite.run(*broken, environment=installed, report=tmp_path / "report")

    assert run.status == 1, run.output
    assert run.verdicts()["TOPO-MTU"] == "does not conform"
    assert run.verdicts()["TOPO-LO"] == "conforms"

    plugin.write_text('#!/bin/sh\necho \'{"msg": "out of order"}\'; exit 1\n')
    run = suite.run(*broken, environment=installed)

    assert run.status == 1, run.output
    assert "the plugin failed ADD for pod bystander" in run.output
    assert "out of order" in run.output


def test_nothing_is_left_after_a_kill(installed: dict[str, str]) -> None:
    """The kernel ends the node with whoever started it, however that ended."""
    process = suite.start("tests/test_path.py", *NODE, environment=installed)
    try:
        servers = waiting.until(
            lambda: [p for p in _descendants(process.pid) if "httpd" in _command(p)],
            lambda found: len(found) >= 3 or process.poll() is not None,
            suite.HANG_SECONDS,
        )
        all_of_it = list(_descendants(process.pid))
    finally:
        process.kill()
        process.communicate()

    assert len(servers) >= 3
    left = waiting.until(
        lambda: [p for p in all_of_it if _command(p)], lambda found: not found, suite.HANG_SECONDS
    )
    assert [_command(p) for p in left] == []


def _descendants(pid: int) -> Iterator[int]:
    with suppress(OSError):  # it has ended
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield int(child)
            yield from _descendants(int(child))


def _command(pid: int) -> str:
    """The command line of a process that runs; empty if it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def test_unknown_kind_is_told_with_the_known_ones(installed: dict[str, str]) -> None:
    """Among which is the one that is installed."""
    run = suite.run("tests", "--podpath-node", "namespace", environment=installed)

    assert run.status == pytest.ExitCode.USAGE_ERROR, run.output
    assert 'no kind of node has the name "namespace"' in run.output
    assert "there are: embedded, kind, host, namespaces" in run.output


def test_kind_that_cannot_be_loaded_is_one_sentence(
    installed: dict[str, str], tmp_path: Path
) -> None:
    """As one of a package that is half removed."""
    (metadata,) = Path(installed["PYTHONPATH"]).glob("*.dist-info")
    shutil.copytree(metadata, tmp_path / metadata.name)
    run = suite.run("tests", *NODE, environment={"PYTHONPATH": str(tmp_path)})

    assert run.status == COULD_NOT_TEST_STATUS, run.output
    assert 'podpath could not test: the kind of node "namespaces"' in run.output
    assert "No module named 'podpath_namespaces'" in run.output
    assert "Traceback" not in run.output


def test_doctor_knows_it(installed: dict[str, str]) -> None:
    """What it needs of the machine is its own."""
    done = subprocess.run(
        [sys.executable, "-m", "podpath.cli", "doctor", "--node", "namespaces", "--json"],
        cwd=suite.ROOT,
        env={**os.environ, **installed},
        capture_output=True,
        text=True,
        check=False,
    )
    document = json.loads(done.stdout)

    assert (done.returncode, document["node"], document["ready"]) == (0, "namespaces", True)
    names = {entry["name"] for entry in document["findings"]}
    assert {"link veth", "busybox", "conflist"} <= names
    assert not names & {"containerd", "kind"}
