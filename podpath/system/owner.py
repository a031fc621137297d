"""Marks of the process that created a thing, to find out later whether that process has ended.

The boot of the machine, the pid namespace, the pid in it, and the start time identify a process:
no other process ever has the same four.
"""

import os
from pathlib import Path

from podpath.system import proc

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def me() -> str:
    """Return the mark of this process."""
    return of(os.getpid())


def of(pid: int) -> str:
    """Return the mark of a process of this pid namespace."""
    return " ".join([*_here(), str(pid), _started(pid)])


def pid(mark: str) -> int | None:
    """Return the pid of a mark's process; None if it ended, or is of another pid namespace."""
    fields = mark.split()
    if len(fields) != 4 or fields[:2] != _here() or _started(int(fields[2])) != fields[3]:
        return None
    return int(fields[2])


def gone(mark: str) -> bool:
    """Return whether the process of a mark has ended; False if this machine cannot know."""
    fields = mark.split()
    if len(fields) != 4 or fields[:2] != _here() or not fields[2].isdigit():
        return False
    return _started(int(fields[2])) != fields[3]


def _here() -> list[str]:
    return [_BOOT.read_text().strip(), str(os.stat("/proc/self/ns/pid").st_ino)]


def _started(pid: int) -> str:
    """Return when a process started, in clock ticks after the boot; empty if none runs."""
    try:
        return proc.started(Path(f"/proc/{pid}/stat").read_text(errors="replace")) or ""
    except OSError:
        return ""
