"""Find conftests in the packages that --pyargs names. pytest loads them only when it collects."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from podpath.plugin import shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


def have_fixtures(config: pytest.Config) -> bool:
    """Return whether a conftest of a package that --pyargs names asks for podpath's fixtures."""
    if not config.option.pyargs:
        return False
    names = (argument.partition("::")[0] for argument in config.args)
    return any(_names_fixtures(path) for name in names for path in _conftests(name))


def _conftests(name: str) -> Iterator[Path]:
    """Yield the conftests of a module or package, of packages in it, and of packages around it."""
    try:
        spec = importlib.util.find_spec(name)
    except (AttributeError, ImportError, ValueError):  # it is a path, or pytest reports it
        return
    if spec is None or spec.origin is None:
        return
    directory = Path(spec.origin).parent
    if spec.submodule_search_locations:
        yield from directory.rglob("conftest.py")
    for place in (directory, *directory.parents):
        if not (place / "__init__.py").exists():
            return
        yield place / "conftest.py"


def _names_fixtures(conftest: Path) -> bool:
    try:
        return shared.FIXTURES in conftest.read_text(errors="replace")
    except OSError:
        return False
