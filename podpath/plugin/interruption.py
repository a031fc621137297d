"""Runs that Ctrl-C or SIGTERM breaks off.

CI systems cancel a job with SIGTERM, and some seconds later with SIGKILL. pytest would end at the
first of them without a word: no report, no JUnit file, no last line.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType, TracebackType


class Terminated(KeyboardInterrupt):
    """SIGTERM, which breaks a run off as Ctrl-C does."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Take the first SIGTERM for Ctrl-C while the tests run, in the process that the user sees.

    Once they have run, it changes nothing: the nodes end, and the report and the last line follow.
    """
    config = session.config
    handler = _Once()
    ours = shared.environment in config.stash and not hasattr(config, "workerinput")
    in_main_thread = threading.current_thread() is threading.main_thread()
    if ours and in_main_thread and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, handler)
        config.add_cleanup(_restore)
    try:
        return (yield)
    finally:
        handler.end()


def _restore() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class _Once:
    """Handler of SIGTERM. The run is about to end after the first one: further ones change nothing.

    SIGINT of the same job may come before, and the run is about to end then, too.
    """

    def __init__(self) -> None:
        self._ends = False

    def end(self) -> None:
        """Take no further SIGTERM: the run ends by itself."""
        self._ends = True

    def __call__(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if not self._ends:
            self._ends = True
            raise Terminated("SIGTERM broke the run off, as when a CI job is cancelled")


@pytest.hookimpl(tryfirst=True)
def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Take frames without a line number out of the traceback, as pytest fails to print them.

    Python 3.11 has such frames where a with block ends.
    """
    error: BaseException | None = excinfo.value
    while error:
        shorten(error.__traceback__)
        error = error.__cause__ or error.__context__


def shorten(traceback: TracebackType | None) -> None:
    """Take frames without a line number out of a traceback, but for the first one."""
    while traceback:
        following = traceback.tb_next
        while following and following.tb_lineno is None:
            following = following.tb_next
        traceback.tb_next = following
        traceback = following
