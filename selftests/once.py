"""Things that are made once for all of xdist's workers."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a directory that one worker makes, while the others wait for it.

    Args:
        factory: factory of this process.
        name: name of the directory.
        make: function that fills the directory. If it fails, the next worker tries again.
    """
    base = factory.getbasetemp()
    # all workers of a run have their directories in one
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    complete = shared / f"{name}.complete"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            (shared / name).mkdir(exist_ok=True)
            make(shared / name)
            complete.touch()
    return shared / name
