"""One thing for several processes: the first one makes it, the last one removes it.

Who uses it holds a shared lock on a file, which the kernel lets go of however the process ends. A
process that leaves and then gets the lock for itself alone was the last one. Whoever comes later
and gets it at once knows that all users of before are gone, and so that nobody has removed what
they made.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_CHANGE, _USERS, _TURN = "change", "users", "turn"


class Claim:
    """This process's share in what is kept in a directory; see claimed."""

    def __init__(self, directory: Path, users: int) -> None:
        self.directory = directory
        self._users = users

    def alone(self) -> bool:
        """Whether nobody else has a share. Then nobody else will get one until close()."""
        return _lock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def share(self) -> None:
        """Let others have shares, too."""
        fcntl.flock(self._users, fcntl.LOCK_SH)

    def close(self) -> None:
        """Give the share back."""
        os.close(self._users)


@contextmanager
def changing(directory: Path, *, wait: bool = True) -> Iterator[None]:
    """Nobody else makes or removes what is kept in the directory during the block.

    Raises BlockingIOError if somebody does so now, and that shall not be waited for.
    """
    descriptor = _open(directory, _CHANGE, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def turn(directory: Path) -> Iterator[None]:
    """Nobody else has its turn during the block."""
    descriptor = _open(directory, _TURN, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def claimed(
    directory: Path, first: Callable[[], None], last: Callable[[], None]
) -> Iterator[Claim]:
    """A share for the length of the block.

    first: called before the block if nobody else has a share, whatever is there from before; last:
    called after it in the same case, and also if first fails. Both are called under changing().
    Afterwards the directory is gone.
    """
    with changing(directory):
        claim = Claim(directory, _open(directory, _USERS, None))
        try:
            if claim.alone():
                _begin(first, last, directory)
            claim.share()
        except BaseException:
            claim.close()
            raise
    try:
        yield claim
    finally:
        with changing(directory):
            try:
                if claim.alone():
                    _end(last, directory)
            finally:
                claim.close()


def _begin(first: Callable[[], None], last: Callable[[], None], directory: Path) -> None:
    try:
        first()
    except BaseException:
        _end(last, directory)
        raise


def _end(last: Callable[[], None], directory: Path) -> None:
    last()
    shutil.rmtree(directory)


def abandoned(directory: Path) -> bool:
    """Whether something is kept there that nobody has a share in. To be asked under changing()."""
    descriptor = os.open(directory / _USERS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        return _lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)


def _open(directory: Path, name: str, operation: int | None) -> int:
    """A file of the directory, locked; made anew if the last one has just removed it."""
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
