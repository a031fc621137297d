"""The few Linux system calls that Python 3.11 has no wrapper for.

Imported by the node's keeper before any package is on the path: standard library only.
"""

import ctypes
import os
import signal

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_SHARED = 0x100000

MNT_DETACH = 0x2

_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object, about: str) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}({about}): {os.strerror(number)}")


def _c(text: str | None) -> ctypes.c_char_p:
    return ctypes.c_char_p(None if text is None else os.fsencode(text))


def unshare(flags: int) -> None:
    """unshare(2). Raises OSError."""
    _call("unshare", ctypes.c_int(flags), about=hex(flags))


def setns(fd: int, flags: int) -> None:
    """setns(2), for the calling thread alone. Raises OSError."""
    _call("setns", ctypes.c_int(fd), ctypes.c_int(flags), about=hex(flags))


def mount(
    source: str | None,
    target: str,
    kind: str | None = None,
    flags: int = 0,
    data: str | None = None,
) -> None:
    """mount(2). Raises OSError that names the target."""
    _call(
        "mount",
        _c(source),
        _c(target),
        _c(kind),
        ctypes.c_ulong(flags),
        _c(data),
        about=f"{source} on {target}, {kind}",
    )


def pivot_root_to(directory: str) -> None:
    """Make directory, which must be a mount point, the root, and let go of the old one.

    pivot_root(2), section "pivot_root(".", ".")".  Raises OSError.
    """
    os.chdir(directory)
    _call("pivot_root", _c("."), _c("."), about=directory)
    _call("umount2", _c("."), ctypes.c_int(MNT_DETACH), about="old root")
    os.chdir("/")


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends (PR_SET_PDEATHSIG)."""
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0, about="PDEATHSIG")
