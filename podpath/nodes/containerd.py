"""Releases of containerd, and the CNI versions that they read. Pure."""

import re

from podpath.cni.agreement import Party
from podpath.cni.versions import until

#: Release of containerd -> the newest CNI version of a result that it reads (its go.mod: libcni).
_READS = {(2, 0): "1.1.0", (1, 6): "1.0.0", (0, 0): "0.4.0"}


def number(release: str) -> tuple[int, int]:
    """Return the number of a release; 1.6 without one.

    Args:
        release: output of `containerd --version`.
    """
    match = re.search(r"\sv?(\d+)\.(\d+)", release)
    return (int(match[1]), int(match[2])) if match else (1, 6)


def party(release: str) -> Party:
    """Return a release of containerd, with the CNI versions of the results that it reads.

    Args:
        release: output of `containerd --version`.
    """
    major, minor = number(release)
    newest = next(version for since, version in _READS.items() if (major, minor) >= since)
    return Party(f"containerd {major}.{minor}", until(newest))
