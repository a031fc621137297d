"""Frames without a line number are taken out of an interrupt's traceback."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from podpath.plugin import interruption


def _chain(*lines: int | None) -> Any:
    following = None
    for line in reversed(lines):
        following = SimpleNamespace(tb_lineno=line, tb_next=following)
    return following


def test_frames_without_a_line_are_taken_out() -> None:
    traceback = _chain(1, None, None, 2, 3, None)

    interruption.shorten(cast("Any", traceback))

    lines = []
    while traceback:
        lines.append(traceback.tb_lineno)
        traceback = traceback.tb_next
    assert lines == [1, 2, 3]


def test_first_sigterm_breaks_off_and_further_ones_do_nothing() -> None:
    """The run ends by then, and its report is being written."""
    handler = interruption._Once()

    with pytest.raises(KeyboardInterrupt, match="SIGTERM broke the run off"):
        handler(15, None)
    handler(15, None)


def test_sigterm_after_the_tests_does_nothing() -> None:
    """The run ends by itself with its report and its last line; a traceback would replace them."""
    handler = interruption._Once()

    handler.end()
    handler(15, None)


def test_no_traceback_is_none() -> None:
    interruption.shorten(None)
