"""Origin of a plugin: its package and version, as far as the system knows them."""

import os
import shutil
from functools import cache

from podpath.nodes.cluster import host
from podpath.system import programs


def of(path: str) -> str:
    """Return the Debian package and version of a file, else its checksum, without running it."""
    status = os.stat(path)
    return _origin(path, (status.st_ino, status.st_mtime_ns))


@cache
def _origin(path: str, _: tuple[int, int]) -> str:
    """Return the origin from a cache, as dpkg is slow. Inode and mtime distinguish files."""
    # a file of the host belongs to a package of the host
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
