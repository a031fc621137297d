"""Where a plugin comes from: its package and version, as far as the system knows."""

import os
import shutil
from functools import cache

from podpath.nodes.cluster import host
from podpath.system import programs


def of(path: str) -> str:
    """The Debian package and version of a file, or its checksum. The file is not run."""
    found = os.stat(path)
    return _origin(path, (found.st_ino, found.st_mtime_ns))


@cache
def _origin(path: str, _: tuple[int, int]) -> str:
    """Asked for again and again, and dpkg takes its time; the numbers tell a file from another."""
    # what lies on another node's file system is known to the packages there
    root, name = (str(host.ROOT), path.removeprefix(str(host.ROOT)))
    known = f"--admindir={root if name != path else ''}/var/lib/dpkg"
    owner = programs.first_line("dpkg-query", known, "--search", name) if _has_dpkg() else "?"
    package = owner.partition(":")[0]
    if package not in ("?", ""):
        version = programs.first_line(
            "dpkg-query", known, "--show", "--showformat=${Version}", package
        )
        return f"{package} {version}"
    return f"sha256 {programs.checksum(path)[:16]}"


def _has_dpkg() -> bool:
    return shutil.which("dpkg-query") is not None
