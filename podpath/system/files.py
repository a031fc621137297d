"""Reading files that others write: never more than a limit, and nothing but UTF-8."""

import errno
import os
from pathlib import Path

#: More than any configuration, lease or plugin result has, and little to hold.
MOST = 4 * 1024 * 1024


class TooLarge(OSError):
    """A file that holds more than anybody means to write."""


def read_text(path: Path, most: int = MOST) -> str:
    """What is in a file, which may be a pipe or a device.

    Raises OSError, TooLarge for one that holds more than `most` bytes, and UnicodeDecodeError.
    """
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise TooLarge(errno.EFBIG, os.strerror(errno.EFBIG))
    return content.decode("utf-8")
