"""A terminal on a node, and its connection with the user's own terminal.

The new terminal is one of the node's (its own devpts), so programs there find it by its name. The
user's terminal is in raw mode meanwhile: each key, Ctrl-C included, goes to the node's terminal,
whose settings and foreground programs are the node's.
"""

import contextlib
import fcntl
import os
import select
import signal
import struct
import termios
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from subprocess import Popen
from types import FrameType

from podpath.errors import CouldNotTest
from podpath.nodes.base import Node

# asm-generic/ioctls.h: unlock a new terminal, and open the end that programs use.
_TIOCSPTLCK, _TIOCGPTPEER = 0x40045431, 0x5441
_STDIN, _STDOUT = 0, 1
_BYTES = 65536
#: Makes the terminal on stdin the controlling one of a new session, which job control needs.
_IN_A_SESSION = ("setsid", "--ctty", "--wait")


def is_attended() -> bool:
    """Return whether a user sits at a terminal, and sees the output there."""
    return os.isatty(_STDIN) and os.isatty(_STDOUT)


def run(node: Node, command: Sequence[str], environment: dict[str, str]) -> int:
    """Run a program on a terminal of the node, connected with the user's, to its end.

    Returns:
        The exit status; 128 plus the number of the signal that ended it.

    Raises:
        CouldNotTest: the node offers no terminal.
    """
    ours, programs = _opened(node)
    try:
        try:
            _copy_size(ours)
            termios.tcsetattr(programs, termios.TCSANOW, termios.tcgetattr(_STDIN))
            process = Popen(
                node.entering([*_IN_A_SESSION, *command]),
                stdin=programs,
                stdout=programs,
                stderr=programs,
                env=environment,
                start_new_session=True,  # signals to the user's terminal are not for it
            )
        finally:
            os.close(programs)
        with _sizes_of(ours), _raw():
            _connect(ours, process.pid)
    finally:
        os.close(ours)  # hangs up: programs that are left get SIGHUP
    status = process.wait()
    return 128 - status if status < 0 else status


def _opened(node: Node) -> tuple[int, int]:
    """Open a new terminal of the node: the end that is ours, and that of programs."""
    try:
        ours = os.open(node.root("/dev/pts/ptmx"), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise CouldNotTest(f"the node has no terminals: {error.strerror}") from None
    fcntl.ioctl(ours, _TIOCSPTLCK, struct.pack("i", 0))
    flags = os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC
    return ours, fcntl.ioctl(ours, _TIOCGPTPEER, flags)


def _copy_size(terminal: int) -> None:
    with contextlib.suppress(OSError):  # the user's terminal was closed
        size = fcntl.ioctl(_STDIN, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)


@contextmanager
def _sizes_of(terminal: int) -> Iterator[None]:
    """Give the node's terminal each new size of the user's; the kernel informs its programs."""

    def changed(_number: int, _frame: FrameType | None) -> None:
        _copy_size(terminal)

    before: Callable[[int, FrameType | None], object] | int | None
    before = signal.signal(signal.SIGWINCH, changed)
    try:
        _copy_size(terminal)  # it may have changed before
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


@contextmanager
def _raw() -> Iterator[None]:
    """Hand each key on as it is typed, for the length of the block."""
    before = termios.tcgetattr(_STDIN)
    try:
        tty.setraw(_STDIN, termios.TCSANOW)
        yield
    finally:
        with contextlib.suppress(termios.error):  # the user's terminal was closed
            termios.tcsetattr(_STDIN, termios.TCSADRAIN, before)


def _connect(terminal: int, pid: int) -> None:
    """Copy keys and output until the program has ended and its output is read."""
    os.set_blocking(terminal, False)  # keys must not wait for a program that waits for us
    ended = os.pidfd_open(pid)
    typed = b""
    try:
        while True:
            reading = [terminal, ended] if typed else [terminal, ended, _STDIN]
            readable, writable, _ = select.select(reading, [terminal] if typed else [], [])
            if terminal in readable and not _copy_output(terminal):
                return
            if writable:
                with contextlib.suppress(BlockingIOError):
                    typed = typed[os.write(terminal, typed) :]
            if _STDIN in readable:
                typed = _read(_STDIN)
                if not typed:  # the user's terminal was closed
                    return
            if readable == [ended]:  # programs in the background may hold the terminal for longer
                return
    finally:
        os.close(ended)


def _copy_output(terminal: int) -> bool:
    """Copy what programs have printed; return False once none can print any more."""
    output = _read(terminal)
    rest = output
    while rest:
        rest = rest[os.write(_STDOUT, rest) :]
    return bool(output)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _BYTES)
    except OSError:  # EIO: the last program has closed the terminal, or the terminal was closed
        return b""
