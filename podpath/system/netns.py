"""Do work in network namespaces; entrance.py starts programs in those of a node.

setns(2) moves one thread. A new thread does the work, and ends inside the namespace: every other
thread of the program stays in its own namespace, whatever fails.
"""

import fcntl
import os
import socket
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from podpath.errors import CouldNotTest
from podpath.system import linux

T = TypeVar("T")

_SIOCGSKNS = 0x894C  # linux/sockios.h
_OWN = "/proc/self/ns/net"


def run_in(path: str, work: Callable[[], T]) -> T:
    """Call work() on a thread inside the network namespace at path, and return its result.

    A socket that work opens there stays in that namespace for good. An exception of work reaches
    the caller.

    Raises:
        CouldNotTest: The namespace cannot be entered.
    """
    return _on_a_thread(f"netns {path}", lambda: _enter(path), work)


def run_in_each(paths: Iterable[str], work: Callable[[], T]) -> list[T]:
    """Call work() on one thread inside each of the network namespaces in turn; return the results.

    This takes less time than a thread for each. The first exception of work ends it, and reaches
    the caller.

    Raises:
        CouldNotTest: A namespace cannot be entered.
    """

    def enter_and_work() -> list[T]:
        results = []
        for path in paths:
            _enter(path)
            results.append(work())
        return results

    return _on_a_thread("several netns", lambda: None, enter_and_work)


def run_in_new(path: str, work: Callable[[], T]) -> T:
    """Call work() on a thread inside a new network namespace, and return its result.

    The namespace is created from the one at path, and ends with the work. An exception of work
    reaches the caller.

    Raises:
        CouldNotTest: The namespace cannot be made, or the one at path cannot be entered.
    """

    def enter() -> None:
        _enter(path)
        try:
            linux.unshare(linux.CLONE_NEWNET)
        except OSError as error:
            raise CouldNotTest(
                f"no network namespace could be made: {error.strerror}",
                "Run as root with all capabilities (in a container: --privileged)",
            ) from None

    return _on_a_thread("new netns", enter, work)


def _on_a_thread(name: str, enter: Callable[[], None], work: Callable[[], T]) -> T:
    results: list[T] = []
    failures: list[BaseException] = []

    def enter_and_work() -> None:
        try:
            enter()
            results.append(work())
        except BaseException as error:  # raised in the caller's thread, below
            failures.append(error)

    # a daemon: after an interrupt of the caller, the program need not wait for work to end
    thread = threading.Thread(target=enter_and_work, name=name, daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def join(path: str) -> None:
    """Move the calling thread into the network namespace at path, for good.

    Raises:
        OSError: The namespace cannot be entered.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        linux.setns(descriptor, linux.CLONE_NEWNET)
    finally:
        os.close(descriptor)


def _enter(path: str) -> None:
    try:
        join(path)
    except OSError as error:
        raise CouldNotTest(
            f"the network namespace {path} could not be entered: {error.strerror}",
            "Run as root, and see that the pod is still there",
        ) from None


def inode(path: str) -> int:
    """Return the number that identifies a namespace to the kernel, the same for all its paths.

    Raises:
        CouldNotTest: No namespace is at path.
    """
    try:
        return os.stat(path).st_ino
    except OSError as error:
        raise CouldNotTest(f"no namespace at {path}: {error.strerror}") from None


def is_namespace(entry: "os.DirEntry[str]") -> bool:
    """Return whether an entry of a directory is a namespace: a file of the kernel's nsfs."""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:  # it has vanished
        return False
    return status.st_dev == os.stat(_OWN).st_dev


def inode_of_socket(endpoint: socket.socket) -> int:
    """Return the number of the network namespace that a socket is in.

    Raises:
        OSError: The kernel does not return the namespace.
    """
    descriptor = fcntl.ioctl(endpoint.fileno(), _SIOCGSKNS)
    try:
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)
