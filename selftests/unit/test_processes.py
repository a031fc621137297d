"""Which processes the endings' inventory leaves out: those of xdist's other workers."""

import json
import os
import subprocess
import sys

import pytest

from selftests.endings import processes
from selftests.suite import ROOT

#: A controller with two workers. The first has a child, and so has the second, which looks.
_CONTROLLER = """
import json, os, subprocess, sys
other = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE)
of_other = int(other.stdout.readline())
look = '''
import json, subprocess
from selftests.endings import processes
own = subprocess.Popen(["sleep", "60"])
print(json.dumps([own.pid, sorted(processes.of_other_workers())]))
own.kill()
'''
environment = {**os.environ, "PYTEST_XDIST_WORKER": "gw1"}
worker = [sys.executable, "-c", look]
own, ignored = json.loads(subprocess.check_output(worker, env=environment))
print(json.dumps([other.pid, of_other, own, ignored]))
os.kill(of_other, 9)
other.wait()
"""


def test_other_workers_and_their_children_are_left_out() -> None:
    """A worker's own children are not, as a run of the test may have left them."""
    done = subprocess.run(
        [sys.executable, "-c", _CONTROLLER], cwd=ROOT, capture_output=True, check=True
    )
    other, of_other, own, ignored = json.loads(done.stdout)

    assert {other, of_other} <= set(ignored)
    assert own not in ignored


def test_nothing_is_left_out_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process runs all tests."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)

    assert os.getpid() in {p for found in processes.tree().values() for p in found}
    assert processes.of_other_workers() == frozenset()
