"""A window with a terminal, in which a person types; what is shown there can be waited for."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from selftests.suite import HANG_SECONDS

#: Wider than any command typed after a prompt, which has the directory's name in it: where a line
#: does not fit, the shell scrolls it, and the window does not show what was typed.
_COLUMNS = 400
_PAUSE_SECONDS = 0.1
#: End of every prompt: of the node's shell, and of busybox' in a pod.
PROMPT = "# "
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Window:
    """A terminal with `podpath shell`, or another command, in it.

    Attributes:
        pid: pid of podpath.
    """

    def __init__(
        self,
        *arguments: str,
        command: Sequence[str] = ("shell",),
        directory: str = ".",
        rows: int = 30,
    ) -> None:
        self.pid, self._ours = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            program = [sys.executable, "-m", "podpath", *command, *arguments]
            os.execv(sys.executable, program)
        os.set_inheritable(self._ours, False)  # or a later window would keep this one open
        self.resize(rows, _COLUMNS)
        self._shown = ""  # and not waited for yet
        self._ended: int | None = None

    def resize(self, rows: int, columns: int) -> None:
        """Drag the window to another size."""
        size = struct.pack("4H", rows, columns, 0, 0)
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, size)

    def until(self, text: str) -> str:
        """Return what the window shows from the last such text up to this one.

        Raises:
            AssertionError: the text does not appear: the message has what does, and the window is
                closed.
        """
        deadline = time.monotonic() + HANG_SECONDS
        while text not in self._shown:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self._ours], [], [], left)[0]
            more = self._read() if ready else ""
            if not more:
                self.close()  # or each later test of this window would wait as long
                raise AssertionError(f"waited for {text!r}, and saw {self._shown!r}")
            self._shown = _STYLE.sub("", self._shown + more).replace("\r", "")
        before, _, self._shown = self._shown.partition(text)
        return before + text

    def _read(self) -> str:
        try:
            return os.read(self._ours, 65536).decode(errors="replace")
        except OSError:  # EIO: the program has ended
            return ""

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def run(self, command: str, prompt: str = PROMPT) -> str:
        """Type a command; return what it shows up to the next prompt."""
        self.type(f"{command}\n")
        return self.until(f"{command}\n") and self.until(prompt)

    def run_until(self, command: str, text: str) -> None:
        """Type a command again and again, until it shows a text.

        Raises:
            AssertionError: the text does not appear; the message has what does.
        """
        deadline = time.monotonic() + HANG_SECONDS
        while text not in (shown := self.run(command)):
            assert time.monotonic() < deadline, f"waited for {text!r}, and saw {shown!r}"
            time.sleep(_PAUSE_SECONDS)

    def kill(self, number: signal.Signals) -> None:
        """Send podpath a signal."""
        os.kill(self.pid, number)

    def close(self) -> None:
        """Close the window."""
        if self._ours >= 0:
            os.close(self._ours)
            self._ours = -1

    def status(self) -> int:
        """Wait for podpath's end, showing nothing any more; return the exit status, or -signal."""
        if self._ended is None:
            while self._ours >= 0 and self._read():
                pass
            _, status = os.waitpid(self.pid, 0)
            self._ended = os.waitstatus_to_exitcode(status)
        return self._ended


@contextmanager
def window(
    *arguments: str,
    command: Sequence[str] = ("shell",),
    directory: str = ".",
) -> Iterator[Window]:
    """Open a window for the length of the block, and close it as a person does."""
    opened = Window(*arguments, command=command, directory=directory)
    try:
        yield opened
    finally:
        opened.close()
        opened.status()
