"""Other plugins of pytest, as people have them, do not decide the verdict."""

import subprocess
import sys
from pathlib import Path

import pytest

from selftests import suite
from selftests.conftest import machine

#: Each changes the order, the output, the reports, or what ends a test.
PLUGINS = (
    *("randomly", "sugar", "timeout", "rerunfailures", "html", "cov"),
    *("rich", "asyncio", "django", "bdd"),
)
_TESTS = ("tests/test_topology.py", suite.PING)


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with all of them, from PyPI, beside the pytest that is here."""
    directory = tmp_path_factory.mktemp("plugins")
    here = f"pytest=={pytest.__version__}"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(directory)]
    done = subprocess.run(
        [*install, here, *(f"pytest-{name}" for name in PLUGINS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return directory


def test_verdicts_are_the_same(plugins: Path, tmp_path: Path) -> None:
    """With all of them, and with none."""
    with machine(alone=False):
        alone = suite.run(*_TESTS, report=tmp_path / "alone")
        beside = suite.run(
            "-v", *_TESTS, report=tmp_path / "beside", environment={"PYTHONPATH": str(plugins)}
        )

    assert (alone.status, beside.status) == (0, 0), beside.output
    assert alone.verdicts() == beside.verdicts() != {}
    assert all(name in beside.output for name in ("randomly", "rerunfailures", "django"))
