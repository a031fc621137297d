"""For a checkout only; the installed plugin is loaded by its entry point."""

from importlib.util import find_spec

import pytest

if not find_spec("podpath.fixtures"):
    pytest.exit("podpath is not installed in this Python: run pip install -e '.[dev]'", 4)

pytest_plugins = ["podpath.plugin", "pytester"]
