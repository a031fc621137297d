"""Runs that Ctrl-C breaks off."""

from types import TracebackType

import pytest


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
