"""The query of a plugin's CNI versions, on plugins that do not end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from podpath.cni import version_query
from podpath.system import waiting
from selftests.suite import HANG_SECONDS

_QUERY = "import sys; from podpath.cni import version_query; version_query.supported(sys.argv[1])"


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[Path]:
    """A plugin that leaves its session and never ends; a failing test ends it, too."""
    tmp_path.chmod(0o755)
    plugin = tmp_path / "hanging"
    plugin.write_text('#!/bin/sh\n[ "$1" ] || exec setsid --fork --wait "$0" again\nsleep 600\n')
    plugin.chmod(0o755)
    yield plugin
    for pid in _processes(plugin):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_plugin_that_hangs_ends_with_its_query(hanging: Path, limit: Callable[..., None]) -> None:
    """Its versions are unknown, and no process of it is left."""
    limit(usage=0.5)

    assert version_query.supported(str(hanging)) == ()
    assert _processes_at_the_end(hanging) == {}


def test_plugin_that_hangs_ends_with_podpath(hanging: Path) -> None:
    """podpath may be killed during the query."""
    podpath = subprocess.Popen([sys.executable, "-c", _QUERY, str(hanging)])
    running = waiting.until(lambda: _processes(hanging), _is_in_its_own_session, HANG_SECONDS)
    podpath.send_signal(signal.SIGKILL)
    podpath.wait()

    assert _is_in_its_own_session(running)
    assert _processes_at_the_end(hanging) == {}


def _processes(plugin: Path) -> dict[int, list[str]]:
    """Return pid -> arguments of the processes that have the plugin's path as an argument."""
    processes = {}
    # A pattern with the file's name would look whether it is there, and fail as a process ends.
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if str(plugin) in words:
            processes[int(process.name)] = words
    return processes


def _is_in_its_own_session(processes: dict[int, list[str]]) -> bool:
    return any("again" in words for words in processes.values())


def _processes_at_the_end(plugin: Path) -> dict[int, list[str]]:
    return waiting.until(lambda: _processes(plugin), lambda processes: not processes, HANG_SECONDS)
