"""Commands that run at the same time."""

from pathlib import Path

import pytest

from selftests import together


def test_commands_run_at_the_same_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of two ends only if the other one has begun; one failure is the status."""
    first, second = tmp_path / "first", tmp_path / "second"
    wait = "touch {own}; until [ -e {other} ]; do sleep 0.01; done; echo {text}; exit {status}"
    of_first = wait.format(own=first, other=second, text="well", status=0)
    of_second = wait.format(own=second, other=first, text="broken >&2", status=3)

    assert together.main([f"timeout 60 sh -c '{of_first}'", f"timeout 60 sh -c '{of_second}'"]) == 1
    output = capsys.readouterr().out
    assert "well" in output
    assert "broken" in output
    assert output.count("FAILED: ") == 1
    assert "status 3" in output


def test_no_command_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """A forgotten argument is no success."""
    assert together.main([]) == 2
    assert "no command" in capsys.readouterr().err
