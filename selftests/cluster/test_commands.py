"""pytest takes the command lines of the runs on kind: nothing here needs a cluster."""

import subprocess
import sys
from pathlib import Path

import pytest

from podpath.cni import conflist, deviations
from selftests import suite
from selftests.faults import inside
from selftests.kind import commands

pytest.importorskip("pytest_kind")

_KIND = ["--kind-bin=/bin/kind", "--kind-image=kindest/node:v1.34.9"]


def _collected(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """pytest only reads the command line, and collects the tests."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments]
    return subprocess.run(command, cwd=suite.ROOT, capture_output=True, text=True, check=False)


def test_run_of_a_fault_on_kind_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that run has it: without the plugins that pytest finds by itself."""
    monkeypatch.setenv(*inside.ALONE)
    options = commands.of_fault("some", conflist.DEFAULT, deviations.SHIPPED)
    done = _collected(*inside.arguments(frozenset({"K8S-IP"}), tmp_path, *options))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests/test_k8s.py" in done.stdout


def test_run_in_a_process_of_its_own_is_understood() -> None:
    options = commands.of_process("some", _KIND, "-n", "0", "-k", "test_topology")
    done = _collected("tests/test_topology.py", *options)

    assert done.returncode == 0, done.stdout + done.stderr


def test_rows_of_kind_are_collected() -> None:
    """As `tox -e kindfaults` collects them, with the options that a user may add."""
    done = _collected("selftests/kind", *_KIND)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("test_fault_is_caught_for_the_right_reason[") > 50
