"""Read files that other programs write: UTF-8 only, and only up to a limit."""

import errno
import os
from pathlib import Path

#: Bytes: more than any configuration, lease or plugin result has, and little memory.
LIMIT = 4 * 1024 * 1024


class TooLarge(OSError):
    """A file that is larger than any such file should be."""


def read_text(path: Path, limit: int = LIMIT) -> str:
    """Return the content of a file, which may be a pipe or a device.

    Args:
        path: The file.
        limit: The limit, in bytes.

    Raises:
        OSError: The file cannot be read.
        TooLarge: The file has more than `limit` bytes.
        UnicodeDecodeError: The file is not UTF-8.
    """
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise TooLarge(errno.EFBIG, os.strerror(errno.EFBIG))
    return content.decode("utf-8")


def directly_in(directory: Path) -> list[Path]:
    """List the files of a directory, sorted; none if it does not exist."""
    return sorted(p for p in directory.iterdir() if p.is_file()) if directory.is_dir() else []
