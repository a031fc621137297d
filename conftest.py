"""For a checkout only; the installed plugin is loaded by its entry point."""

import sys
from importlib.util import find_spec
from pathlib import Path

_TESTS = Path(__file__).parent / "tests" / "__init__.py"
_REMEDY = "run pip install -e '.[dev]' here"


def _installed() -> Path | None:
    """Where the suite of the podpath that this Python imports begins."""
    spec = find_spec("podpath.tests")
    return Path(spec.origin) if spec and spec.origin else None


# Not pytest.exit(): pytest would print it as an error of this file.
if (_found := _installed()) is None:
    sys.stderr.write(f"podpath is not installed in this Python: {_REMEDY}\n")
    raise SystemExit(4)
if not _found.samefile(_TESTS):
    _other = _found.parents[1]
    sys.stderr.write(f"this Python has another copy of podpath, {_other}: {_REMEDY}\n")
    raise SystemExit(4)

pytest_plugins = ["podpath.plugin", "pytester"]
