"""Verdict on a transfer that had to survive other pods."""

import pytest

from podpath.errors import CouldNotTest
from podpath.lifecycle import survivor
from podpath.model import CommandResult


def test_transfer_that_got_all() -> None:
    assert survivor.transferred(CommandResult(0, b"0\n812\nend\n", ""), "a -> b") == []


@pytest.mark.parametrize(
    ("output", "seen"),
    [
        pytest.param(b"0\n400\n400\n", "400 lines, the last one '400'", id="cut short"),
        pytest.param(b"1\n400\n400\n", "400 lines, the last one '400'", id="reset"),
        pytest.param(b"1\n", "no lines, the last one ''", id="nothing came"),
    ],
)
def test_transfer_that_was_disturbed(output: bytes, seen: str) -> None:
    (difference,) = survivor.transferred(CommandResult(0, output, ""), "a -> b")

    assert difference.seen.startswith(seen)


@pytest.mark.parametrize(
    ("output", "told"),
    [
        pytest.param(b"137\n400\n400\n", r"killed \(signal 9\)", id="killed"),
        pytest.param(b"", "no shell", id="not run at all"),
    ],
)
def test_transfer_that_somebody_ended(output: bytes, told: str) -> None:
    """Such an end proves nothing about the network."""
    with pytest.raises(CouldNotTest, match=told):
        survivor.transferred(CommandResult(1, output, "no shell"), "a -> b")


def test_transfer_that_the_network_stalled() -> None:
    """podpath ended wget itself, so its signal is no accident."""
    (difference,) = survivor.transferred(
        CommandResult(0, b"143\n9\n9\n", ""), "a -> b", stalled=True
    )

    assert difference.seen == "9 lines, the last one '9', and nothing more for 15 s"
