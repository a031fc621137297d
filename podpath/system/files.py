"""Read files that other programs write: UTF-8 only, and only up to a limit."""

import errno
import os
from pathlib import Path

#: Bytes: more than any configuration, lease or plugin result has, and little memory.
LIMIT = 4 * 1024 * 1024
_LINKS = 40  # that the kernel follows in one path (path_resolution(7))


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


def below(root: Path, path: str) -> Path:
    """Return a path below another root, with the links that a process of that root would follow.

    An absolute link, such as /var/run, leads to our own files otherwise. Not for /proc, whose links
    are no paths.

    Args:
        root: The root, such as /proc/PID/root.
        path: The absolute path below it.
    """
    done, rest, links = root, _parts(path), 0
    while rest:
        part = rest.pop(0)
        if part == "..":
            done = done if done == root else done.parent
        elif (done / part).is_symlink() and links < _LINKS:
            links += 1
            target = os.readlink(done / part)
            done = root if target.startswith("/") else done
            rest = [*_parts(target), *rest]
        else:
            done /= part
    return done


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]
