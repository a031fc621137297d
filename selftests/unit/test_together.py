"""Commands that run at the same time."""

import subprocess
import sys
from pathlib import Path

import pytest

from podpath.system import waiting
from selftests import together
from selftests.suite import ROOT


def test_commands_run_at_the_same_time(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each of two ends only if the other one has begun; one failure is the status."""
    first, second = tmp_path / "first", tmp_path / "second"
    wait = "touch {own}; until [ -e {other} ]; do sleep 0.01; done; echo {text}; exit {status}"
    of_first = wait.format(own=first, other=second, text="well", status=0)
    of_second = wait.format(own=second, other=first, text="broken >&2", status=3)

    assert together.main([f"timeout 60 sh -c '{of_first}'", f"timeout 60 sh -c '{of_second}'"]) == 1
    output = capfd.readouterr().out
    assert "well\n" in output
    assert "broken\n" in output
    assert output.count("FAILED: ") == 1
    assert "status 3" in output


def test_first_command_is_seen_while_another_runs(tmp_path: Path) -> None:
    """Its lines are there before the other one may end, whose lines follow them."""
    seen, go = tmp_path / "seen", tmp_path / "go"
    waits = f"sh -c 'echo later; until [ -e {go} ]; do sleep 0.01; done'"
    with (
        seen.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "selftests.together", "echo now", waits],
            cwd=ROOT,
            stdout=output,
        ) as process,
    ):
        try:
            shown = waiting.until(seen.read_text, lambda text: "now\n" in text, 60.0)
        finally:
            go.touch()

    assert process.returncode == 0
    assert "now\n" in shown
    assert "later\n" not in shown
    assert "later\n" in seen.read_text()


def test_no_command_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """A forgotten argument is no success."""
    assert together.main([]) == 2
    assert "no command" in capsys.readouterr().err
