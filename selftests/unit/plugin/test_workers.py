"""The number of workers that `-n auto` starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from podpath.plugin.workers import for_processors
from selftests.suite import ROOT, without_needless

#: A plugin of pytest that prints the number of workers before anything is started, and ends.
_PLUGIN = """
import os
import pytest
from podpath.plugin import workers

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config):
    own = workers.pytest_xdist_auto_num_workers(config)
    used = config.hook.pytest_xdist_auto_num_workers(config=config)
    print("workers", used if own else None, flush=True)
    os._exit(0)
    yield
"""
_VARIABLE = "PYTEST_XDIST_AUTO_NUM_WORKERS"


@pytest.mark.parametrize(("processors", "workers"), [(1, 2), (2, 4), (4, 8), (6, 8), (16, 16)])
def test_two_workers_share_a_processor_while_there_are_few(processors: int, workers: int) -> None:
    assert for_processors(processors) == workers


def _workers(tmp_path: Path, *arguments: str, chosen: str = "") -> str:
    """Return how many workers -n auto has for a run with these arguments; None if xdist chooses."""
    (tmp_path / "counted.py").write_text(_PLUGIN)
    environment = {**os.environ, **without_needless(()), "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "counted", *arguments],
        cwd=ROOT,
        env=environment | {_VARIABLE: chosen},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "workers " in done.stdout, done.stdout + done.stderr
    return done.stdout.partition("workers ")[2].split()[0]


def test_suite_has_more_workers_than_few_processors(tmp_path: Path) -> None:
    expected = for_processors(len(os.sched_getaffinity(0)))
    assert _workers(tmp_path, "tests") == str(expected)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["selftests/unit"], id="tests that are not podpath's"),
        pytest.param(["tests", "--podpath-node", "host"], id="a node that all workers share"),
        pytest.param(["tests", "-n", "logical"], id="one worker for each logical processor"),
    ],
)
def test_other_runs_are_left_to_xdist(tmp_path: Path, arguments: list[str]) -> None:
    assert _workers(tmp_path, *arguments) == "None"


def test_number_that_the_user_chose_is_kept(tmp_path: Path) -> None:
    assert _workers(tmp_path, "tests", chosen="3") == "None"
