"""The order of the suite's tests, by which changes are known for what they are."""

import os
import subprocess
import sys
from itertools import groupby

import pytest

from selftests import suite


@pytest.fixture(scope="module")
def order() -> list[str]:
    """The tests of the suite as they would run, without parameters, each once where it begins."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q"]
    ended = subprocess.run(
        [*command, "tests"],
        cwd=suite.ROOT,
        env={**os.environ, **suite.without_needless(command)},
        capture_output=True,
        text=True,
        check=True,
    )
    tests = (line.partition("[")[0] for line in ended.stdout.splitlines() if "::" in line)
    return [test for test, _ in groupby(tests)]


def test_creation_is_first_and_persistence_last(order: list[str]) -> None:
    assert order[0] == "tests/test_lifecycle.py::test_pods_get_their_network"
    assert order[-1] == "tests/test_lifecycle.py::test_wiring_stays_as_add_made_it"


def test_wiring_is_read_and_plugins_are_called_before_a_pod_is_deleted(order: list[str]) -> None:
    """Until then, whatever changes does so by itself."""
    deletion = order.index("tests/test_lifecycle.py::test_deleted_pod_leaves_nothing")
    before, after = order[1:deletion], order[deletion:]
    called = before[[test.startswith("tests/test_contract") for test in before].index(True) :]

    assert all(test.startswith("tests/test_topology.py") for test in before[: -len(called)])
    assert not any(test.startswith(("tests/test_path.py", "tests/test_k8s")) for test in called)
    assert not any(test.startswith("tests/test_contract") for test in after)
