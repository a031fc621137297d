"""A plugin that fails, prints nonsense or hangs violates LIFE-ADD; podpath shows its output."""

import re
from pathlib import Path

import pytest

from selftests import suite


def _plugin(directory: Path, script: str) -> list[str]:
    path = directory / "bridge"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return ["--podpath-cni-bin", str(directory)]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param('echo "no can do" >&2; exit 1', "no can do", id="fails"),
        pytest.param(
            """echo '{"cniVersion":"1.0.0","code":100,"msg":"out of order"}'; exit 1""",
            "out of order",
            id="fails-as-specified",
        ),
        pytest.param("echo garbage", "invalid character 'g'", id="garbage"),
        pytest.param("exit 0", "unexpected end of JSON", id="nothing"),
        pytest.param("echo '{}'", "", id="empty-result"),
        pytest.param("kill -SEGV $$", "segmentation fault", id="crashes"),
        pytest.param("head -c 3000000 /dev/zero", "", id="floods"),
        pytest.param(
            "head -c 3000000 /dev/zero | tr '\\0' y >&2; exit 1", "yyyy", id="floods-and-fails"
        ),
        pytest.param(
            """printf '{"code":7,"msg":"\\377\\\\u001b[31m\\\\ud800"}'; exit 1""",
            "\\x1b[31m",
            id="fails-unprintably",
        ),
        pytest.param("sleep 600", "still running", id="hangs"),
        pytest.param("trap '' TERM; sleep 600 & wait", "still running", id="hangs-in-child"),
    ],
)
def test_broken_plugin_does_not_conform(tmp_path: Path, script: str, message: str) -> None:
    """Status 1, one red with the plugin's own words, in bounded time; the test was not run."""
    run = suite.run(suite.QUICK, *_plugin(tmp_path, script), report=tmp_path / "report")

    assert run.status == 1, run.output
    assert run.verdicts() == {
        "LIFE-ADD": "does not conform",
        "TOPO-BRIDGE-MEMBERS": "not run",
    }
    assert message in run.output
    assert len(re.findall(r"(?m)^FAILED tests/.* - LIFE-ADD: ", run.output)) == 1, run.output
    assert "Traceback" not in run.output
    assert "\x1b" not in run.output
    assert len(run.output) < 20_000
