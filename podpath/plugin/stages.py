"""What podpath does before and between tests, shown at once, also from xdist's workers.

xdist passes on reports of tests only. Its workers write what they do now into a pipe of the
process that the user sees, which they find below /proc. Those on another machine show nothing.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import progress, shared

if TYPE_CHECKING:
    from collections.abc import Callable

_PIPE = "podpath_stages"
#: Bytes of one message, which a pipe takes as a whole (PIPE_BUF of pipe(7)).
_MOST = 4096
_pipe = pytest.StashKey["_Pipe"]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker, before it starts, where to write."""
    config = node.config
    if _pipe not in config.stash:
        config.stash[_pipe] = _Pipe(config)
        config.add_cleanup(config.stash[_pipe].close)
    node.workerinput[_PIPE] = config.stash[_pipe].path


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Count the tests of each group, in the process that has collected them."""
    counts: dict[str, int] = {}
    for item in session.items:
        for name in {progress.group_of(shared.ids_of(item))}:
            counts[name] = counts.get(name, 0) + 1
    if hasattr(session.config, "workerinput"):
        _send(session.config, {"tests": counts})
    elif session.items:
        progress.of(session.config).plan(counts)


def say(config: pytest.Config) -> Callable[[str], None]:
    """Return a function that shows the user what podpath does now, such as a node that starts.

    It prints nothing where the user would see nothing. xdist's workers pass it on.
    """
    if hasattr(config, "workerinput"):
        return lambda message: _send(config, {"stage": message})
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if terminal is None or capture is None:
        return lambda _: None

    def tell(message: str) -> None:
        with capture.global_and_fixture_disabled():
            progress.of(config).stage(message)

    return tell


def _send(config: pytest.Config, message: object) -> None:
    path = getattr(config, "workerinput", {}).get(_PIPE, "")
    line = json.dumps(message).encode() + b"\n"
    if path and len(line) <= _MOST:
        with suppress(OSError), open(path, "wb", buffering=0) as pipe:
            pipe.write(line)


class _Pipe:
    """Pipe of the process that the user sees, with a thread that shows what arrives.

    Attributes:
        path: path of the end that workers write to.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._end, self._written = os.pipe()
        self.path = f"/proc/{os.getpid()}/fd/{self._written}"
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def _pass_on(self) -> None:
        with open(self._end, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                message = json.loads(line)
                shown = progress.of(self._config)
                if "tests" in message:
                    shown.plan(message["tests"])
                if "stage" in message:
                    shown.stage(message["stage"])

    def close(self) -> None:
        """End the thread, after the last worker."""
        os.close(self._written)
        self._thread.join(1.0)
