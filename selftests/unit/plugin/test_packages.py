"""Conftests of packages that --pyargs names."""

from pathlib import Path

import pytest

from podpath.plugin import packages

_CONFTEST = 'pytest_plugins = ["podpath.testing.fixtures"]\n'


@pytest.fixture
def root(pytester: pytest.Pytester) -> Path:
    """Directory of a package `acme` with `acme.tests`, and of a module `other` beside them."""
    for directory in ("acme", "acme/tests"):
        (pytester.path / directory).mkdir()
        (pytester.path / directory / "__init__.py").touch()
    (pytester.path / "acme" / "tests" / "test_it.py").touch()
    (pytester.path / "other.py").touch()
    pytester.syspathinsert()
    return pytester.path


@pytest.mark.parametrize(
    ("place", "arguments", "have"),
    [
        ("acme/tests", ("acme.tests",), True),
        ("acme/tests", ("acme.tests.test_it::test_x[a.b]",), True),
        ("acme/tests", ("acme",), True),
        ("acme", ("acme.tests.test_it",), True),
        ("acme/tests", ("other", "acme.tests"), True),
        ("acme/tests", ("other",), False),
        ("", ("acme.tests",), False),
        ("acme", ("absent", "acme.absent", "", ".", "..", "acme/tests", "other.more"), False),
    ],
)
def test_conftest_asks_for_fixtures(
    pytester: pytest.Pytester, root: Path, place: str, arguments: tuple[str, ...], have: bool
) -> None:
    (root / place / "conftest.py").write_text(_CONFTEST)
    config = pytester.parseconfig("--noconftest", "--pyargs")
    config.args = [*arguments]

    assert packages.have_fixtures(config) is have
    config.option.pyargs = False
    assert not packages.have_fixtures(config)
