"""A resource for several processes: the first one makes it, the last one removes it.

Each user holds a shared lock on a file, which the kernel releases however the process ends. A
process that leaves, and then gets the lock exclusively, was the last one. A later process that
gets the lock exclusively at once knows that all earlier users ended, and that none of them removed
the resource.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CHANGE, _USERS, _TURN = "change", "users", "turn"


class Share:
    """This process's share in the resource of a directory; see shared."""

    def __init__(self, directory: Path, users: int) -> None:
        """Take an open, unlocked share.

        Args:
            directory: directory of the resource.
            users: descriptor of the users' file.
        """
        self.directory = directory
        self._users = users

    def alone(self) -> bool:
        """Return whether no other process has a share. Then none gets one until close()."""
        return _lock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def admit(self) -> None:
        """Let other processes have shares, too."""
        fcntl.flock(self._users, fcntl.LOCK_SH)

    def close(self) -> None:
        """Give the share back."""
        os.close(self._users)


@contextmanager
def changing(directory: Path, *, wait: bool = True) -> Iterator[None]:
    """Keep other processes from making or removing the resource of the directory during the block.

    Args:
        directory: directory of the resource.
        wait: True to wait for another process that does so now.

    Raises:
        BlockingIOError: another process does so now, and wait is False.
    """
    descriptor = _open(directory, _CHANGE, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def turn(directory: Path) -> Iterator[None]:
    """Keep other processes from having their turn during the block.

    Without a resource in the directory, for example because it was refused, the directory goes.
    """
    descriptor = _open(directory, _TURN, fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            if os.listdir(directory) == [_TURN]:
                shutil.rmtree(directory)
        os.close(descriptor)


@contextmanager
def shared(directory: Path, first: Callable[[], None], last: Callable[[], None]) -> Iterator[Share]:
    """Hold a share for the length of the block.

    Args:
        directory: directory of the resource, which is gone after the last process.
        first: function to call before the block if no other process has a share, even if the
            resource
            exists from before. It runs under changing().
        last: function to call after the block if no other process has a share, and also if first
            fails. It runs under changing().
    """
    with changing(directory):
        share = Share(directory, _open(directory, _USERS, None))
        try:
            if share.alone():
                _begin(first, last, directory)
            share.admit()
        except BaseException:
            share.close()
            raise
    try:
        yield share
    finally:
        with changing(directory):
            try:
                if share.alone():
                    _end(last, directory)
            finally:
                share.close()


def _begin(first: Callable[[], None], last: Callable[[], None], directory: Path) -> None:
    try:
        first()
    except BaseException:
        _end(last, directory)
        raise


def _end(last: Callable[[], None], directory: Path) -> None:
    last()
    with suppress(FileNotFoundError):  # last may have removed it as a whole
        shutil.rmtree(directory)


def abandoned(directory: Path) -> bool:
    """Return whether no process has a share in a resource. Call it under changing()."""
    descriptor = os.open(directory / _USERS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        return _lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)


def _open(directory: Path, name: str, operation: int | None) -> int:
    """Open and lock a file of the directory; make it again if the last process just removed it."""
    path = directory / name
    while True:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            continue
        try:
            if operation is not None:
                fcntl.flock(descriptor, operation)
            if os.fstat(descriptor).st_ino == os.stat(path).st_ino:
                return descriptor
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation)
    except BlockingIOError:
        return False
    return True
