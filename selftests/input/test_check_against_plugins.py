"""What `podpath check` calls a mistake is one: the reference plugins refuse to ADD it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from podpath.system import programs
from selftests.unit.check import cases

_ROOT = Path(__file__).parents[2]


def test_reference_plugins_refuse_each_mistake() -> None:
    """And take the configuration of which the mistakes are changes."""
    refused = [case for case in cases.CASES if case.refused]
    documents = [cases.right(), *(case.document() for case in refused)]
    directory = os.path.dirname(programs.plugin("bridge", programs.PLUGIN_DIRECTORIES))
    done = subprocess.run(
        ["unshare", "--net", "--mount", sys.executable, "-m", "selftests.input.adding", directory],
        input=json.dumps(documents),
        capture_output=True,
        text=True,
        check=True,
        cwd=_ROOT,
    )
    right, *errors = json.loads(done.stdout)

    assert right == ""
    assert [case.name for case, error in zip(refused, errors, strict=True) if not error] == []
