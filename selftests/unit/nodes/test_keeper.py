"""The keeper of an embedded node, as far as it needs no node."""

import subprocess
import sys

from selftests.suite import ROOT

_IMPORT = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from podpath.nodes.embedded import keeper
print(*sorted(name for name in sys.modules if name.startswith("podpath")))
"""


def test_keeper_imports_little() -> None:
    """It starts without site packages, and each node waits for it: no values of the model."""
    program = [sys.executable, "-I", "-S", "-c", _IMPORT]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    packages = {name.rpartition(".")[0] for name in done.stdout.split()}

    assert packages <= {"", "podpath", "podpath.nodes", "podpath.nodes.embedded", "podpath.system"}
    assert "podpath.model" not in done.stdout.split()
