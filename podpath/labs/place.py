"""A directory of this process, which the next lab removes if this process was killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "podpath-lab-"
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def temporary() -> Iterator[Path]:
    """Make a directory for the length of the block. Its lock shows that it is in use."""
    with _turn():
        _sweep()
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = os.open(directory, _FLAGS)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)
        os.close(lock)


@contextmanager
def _turn() -> Iterator[None]:
    """Keep other processes from taking a directory that is not locked yet for an abandoned one."""
    descriptor = os.open(tempfile.gettempdir(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sweep() -> None:
    """Remove the directories of this user that no process holds."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another process holds it, or it is somebody else's
            descriptor = os.open(left, _FLAGS)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(descriptor).st_uid == os.geteuid():
                    shutil.rmtree(left)
            finally:
                os.close(descriptor)
