"""A run of selected tests is known as one, however the user selected them.

A vendor's own tests are beside the suite's: to run them alone is no selection of them.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from selftests.suite import ROOT, without_needless

#: A plugin of pytest that prints at the end whether the tests are a selection.
_PLUGIN = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    from podpath.plugin import selection

    yield
    print("selected", selection.of(session.config))
    print("own tests", "selected" if selection.of_own(session.config) else "whole")
"""
_OWN_TESTS = """
import pytest
from podpath.testing import requirement

@requirement("ACME-DSCP")
@pytest.mark.parametrize("case", [1, 2])
def test_it(case): pass

@requirement("ACME-DSCP")
def test_more(): pass
"""


def collected(tmp_path: Path, *arguments: str, directory: Path = ROOT) -> str:
    """Collect tests, and return what was printed of their selection."""
    (tmp_path / "told.py").write_text(_PLUGIN)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "told", "--collect-only", *arguments],
        cwd=directory,
        env={**os.environ, **without_needless(()), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "selected " in done.stdout, done.stdout + done.stderr
    return done.stdout


def selected(tmp_path: Path, *arguments: str) -> bool:
    """Collect tests of the suite, and return whether they count as a selection."""
    return "selected True" in collected(tmp_path, *arguments)


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


@pytest.fixture
def vendors(tmp_path: Path) -> Path:
    """A directory with a vendor's own tests."""
    directory = tmp_path / "acme"
    directory.mkdir()
    (directory / "pyproject.toml").write_text(
        '[tool.podpath]\nrequirements = "acme.toml"\n[tool.pytest.ini_options]\n'
    )
    shutil.copy(ROOT / "examples" / "acme-tests" / "acme.toml", directory)
    (directory / "test_acme.py").write_text(_OWN_TESTS)
    return directory


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        pytest.param((), True, id="all"),
        pytest.param(("test_acme.py",), True, id="file"),
        pytest.param((str(ROOT / "tests" / "test_path.py"), "test_acme.py"), True, id="beside"),
        pytest.param(("-k", "test_it"), False, id="k"),
        pytest.param(("test_acme.py::test_more",), False, id="test"),
        pytest.param(("test_acme.py::test_it[1]", "test_acme.py::test_more"), False, id="case"),
        pytest.param(("--deselect", "test_acme.py::test_more"), False, id="deselect"),
    ],
)
def test_vendors_own_tests_are_whole_without_the_suites(
    tmp_path: Path, vendors: Path, arguments: tuple[str, ...], whole: bool
) -> None:
    """The run as a whole is one of selected tests all the same."""
    printed = collected(tmp_path, *arguments, directory=vendors)

    assert "selected True" in printed
    assert ("own tests whole" in printed) is whole
