"""Packages and data that pyproject.toml ships. The wheel's self-tests build it, these do not."""

import tomllib
from fnmatch import fnmatch

from selftests.suite import ROOT

_PACKAGE = ROOT / "podpath"
_SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def test_every_package_is_shipped() -> None:
    """The list names each folder, because setuptools does not search for them."""
    folders = {file.parent.relative_to(ROOT) for file in _PACKAGE.rglob("__init__.py")}
    beside = set(_SETUPTOOLS["package-dir"])

    assert set(_SETUPTOOLS["packages"]) == {".".join(f.parts) for f in folders} | beside


def test_every_file_of_data_is_shipped() -> None:
    data = [
        file.relative_to(ROOT)
        for file in _PACKAGE.rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc")
    ]
    shipped = {
        file
        for file in data
        for package, patterns in _SETUPTOOLS["package-data"].items()
        for pattern in patterns
        if fnmatch(str(file), f"{package.replace('.', '/')}/{pattern}")
        and str(file).count("/") == package.count(".") + pattern.count("/") + 1
    }

    assert set(data) - shipped == set()
