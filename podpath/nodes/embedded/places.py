"""Directories of nodes that stand for several processes (standing.py), by the nodes' ids.

Standard library only, because the keeper removes a node's directory in its own interpreter.
"""

import shutil
from contextlib import suppress
from pathlib import Path

from podpath.system import shared_lock

#: Directory with one directory for each node.
STANDING = Path("/run/podpath/nodes")


def of(node: str) -> Path:
    """Return the directory of a node."""
    return STANDING / node


def forget(node: str) -> None:
    """Remove the directory of a node that has ended, and those above that are empty now."""
    shutil.rmtree(of(node), ignore_errors=True)
    tidy()


def tidy() -> None:
    """Remove the directories above those of nodes if no node has one."""
    for directory in (STANDING, STANDING.parent):
        with suppress(OSError):  # other nodes stand, or there never was one
            directory.rmdir()


def sweep() -> list[str]:
    """Remove the directories that no process holds: SIGKILL ended all, and the keepers, too.

    Returns:
        The removed directories.
    """
    gone = []
    for directory in STANDING.glob("*"):
        # passed over if a process makes or removes it now, or its keeper does
        gone_or_busy = suppress(BlockingIOError, FileNotFoundError)
        with gone_or_busy, shared_lock.changing(directory, wait=False):
            if shared_lock.abandoned(directory):
                shutil.rmtree(directory)
                gone.append(str(directory))
    return gone
