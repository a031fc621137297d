"""Run the commands of a block, as its reader would in a new shell."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from selftests.examples.blocks import Block

#: Beginnings of variables that change what is printed, or are of the test's own run.
_ALIEN = ("COLUMNS", "LANG", "LC_", "PYTEST_", "TOX_")


def run(
    block: Block, command: str, directory: Path, status: int, environment: Mapping[str, str]
) -> str:
    """Return what a block's commands print.

    Args:
        block: the block.
        command: its commands, as they are to be run.
        directory: the working directory.
        status: exit status that they must end with.
        environment: variables beside the test's own.

    Raises:
        AssertionError: they end with another status.
    """
    own = {k: v for k, v in os.environ.items() if not k.startswith(_ALIEN)}
    own["PATH"] = f"{Path(sys.executable).parent}:{own['PATH']}"
    done = subprocess.run(
        ["bash", "-eu", "-c", command],
        cwd=directory,
        env={**own, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == status, f"{block.where} ended with {done.returncode}\n{done.stdout}"
    return done.stdout
