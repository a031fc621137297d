"""A run of selected tests is known as one, however the user selected them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from selftests.suite import ROOT, without_needless

#: A plugin of pytest that prints at the end whether the tests are a selection.
_PLUGIN = """
import pytest
from podpath.plugin import selection

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    yield
    print("selected", selection.of(session.config))
"""


def selected(tmp_path: Path, *arguments: str) -> bool:
    """Collect tests of the suite, and return whether they count as a selection."""
    (tmp_path / "told.py").write_text(_PLUGIN)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "told", "--collect-only", *arguments],
        cwd=ROOT,
        env={**os.environ, **without_needless(()), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "selected " in done.stdout, done.stdout + done.stderr
    return "selected True" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="all"),
        pytest.param(("tests",), id="directory"),
        pytest.param(("--pyargs", "tests"), id="package"),
    ],
)
def test_whole_suite_is_no_selection(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert not selected(tmp_path, *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("-k", "ping_crosses"), id="k"),
        pytest.param(("-k", "not client-to-server"), id="parameters"),
        pytest.param(("-m", "roles"), id="m"),
        pytest.param(("tests/test_path.py",), id="file"),
        pytest.param(("--ignore", "tests/test_k8s.py"), id="ignore"),
        pytest.param(("--deselect", "tests/test_path.py"), id="deselect"),
    ],
)
def test_some_of_the_suite_are_a_selection(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert selected(tmp_path, *arguments)


def test_failed_tests_of_the_last_run_are_a_selection(tmp_path: Path) -> None:
    """Also where pytest, with --lf, collects nothing but these."""
    cache = tmp_path / "cache" / "v" / "cache"
    cache.mkdir(parents=True)
    name = "tests/test_path.py::test_bystander_and_uplink_stay_silent"
    (cache / "lastfailed").write_text(f'{{"{name}[ipv4-client-to-server]": true}}')

    assert selected(tmp_path, "--lf", "-o", f"cache_dir={tmp_path / 'cache'}")
