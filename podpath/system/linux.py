"""The few Linux system calls without a wrapper in Python 3.11.

The node's keeper imports this module before any package is on the path: standard library only.
"""

import ctypes
import os
import platform
import signal
import struct
from collections.abc import Iterable

CLONE_FS = 0x00000200
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
_PR_SET_SECCOMP = 22
_PR_CAPBSET_READ = 23
_PR_CAPBSET_DROP = 24
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522

_BPF_PROG_LOAD = 5
_BPF_PROG_ATTACH = 8
_BPF_F_ALLOW_MULTI = 2

_RESOLVE_IN_ROOT = 0x10
_NR_OPENAT2 = 437  # the same on every architecture, as all numbers above 423
_NR_BPF = {"x86_64": 321, "aarch64": 280}

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object, about: str) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        _fail(name, about)


def _fail(name: str, about: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, f"{name}({about}): {os.strerror(number)}")


def _syscall(number: int, *arguments: object, about: str) -> int:
    value: int = _libc.syscall(ctypes.c_long(number), *arguments)
    if value < 0:
        _fail("syscall", about)
    return value


def _c(text: str | None) -> ctypes.c_char_p:
    return ctypes.c_char_p(None if text is None else os.fsencode(text))


def unshare(flags: int) -> None:
    """Call unshare(2).

    Raises:
        OSError: The call failed.
    """
    _call("unshare", ctypes.c_int(flags), about=hex(flags))


def setns(fd: int, flags: int) -> None:
    """Call setns(2), which moves the calling thread only.

    Raises:
        OSError: The call failed.
    """
    _call("setns", ctypes.c_int(fd), ctypes.c_int(flags), about=hex(flags))


def mount(
    source: str | None,
    target: str,
    kind: str | None = None,
    flags: int = 0,
    data: str | None = None,
) -> None:
    """Call mount(2).

    Raises:
        OSError: The call failed; the error names the target.
    """
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
    """Make a directory, which must be a mount point, the root, and unmount the old root.

    See pivot_root(2), section "pivot_root(".", ".")".

    Raises:
        OSError: A call failed.
    """
    os.chdir(directory)
    _call("pivot_root", _c("."), _c("."), about=directory)
    _call("umount2", _c("."), ctypes.c_int(MNT_DETACH), about="old root")
    os.chdir("/")


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends (PR_SET_PDEATHSIG).

    Raises:
        OSError: The call failed.
    """
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0, about="PDEATHSIG")


def open_in_root(root: str, path: str, flags: int) -> int:
    """Open a path below another process's root as that process would; return the descriptor.

    Absolute symbolic links lead to its own files, not to ours: openat2(2), RESOLVE_IN_ROOT.

    Args:
        root: The root, such as /proc/PID/root.
        path: The path below it.
        flags: O_* flags; O_CLOEXEC is added.

    Raises:
        OSError: A call failed.
    """
    directory = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    how = struct.pack("=QQQ", flags | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT)
    try:
        return _syscall(
            _NR_OPENAT2,
            ctypes.c_int(directory),
            _c(path),
            how,
            ctypes.c_size_t(len(how)),
            about=f"openat2 {path}",
        )
    finally:
        os.close(directory)


def drop_capabilities(numbers: Iterable[int]) -> None:
    """Remove capabilities from this process and from every program that it will run.

    Raises:
        OSError: A call failed.
    """
    mask = 0
    for number in numbers:
        if _libc.prctl(_PR_CAPBSET_READ, number, 0, 0, 0) == 1:
            _call("prctl", _PR_CAPBSET_DROP, number, 0, 0, 0, about=f"CAPBSET_DROP {number}")
        mask |= 1 << number
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    held = ctypes.create_string_buffer(24)
    _call("capget", header, held, about="self")
    # effective, permitted, inheritable of capabilities 0-31, then those of 32-63
    words = struct.unpack("=6I", held.raw)
    kept = [word & ~(mask >> (32 * (n // 3))) & 0xFFFFFFFF for n, word in enumerate(words)]
    _call("capset", header, struct.pack("=6I", *kept), about="self")


class _Filter(ctypes.Structure):
    """The kernel's struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def filter_system_calls(program: bytes) -> None:
    """Install a seccomp filter (seccomp(2)), which stays until the process ends.

    Args:
        program: The instructions, of classic BPF.

    Raises:
        OSError: The call failed.
    """
    _call(
        "prctl",
        _PR_SET_SECCOMP,
        _SECCOMP_MODE_FILTER,
        ctypes.byref(_Filter(len(program) // 8, program)),
        0,
        0,
        about="SECCOMP",
    )


def attach_to_cgroup(group: str, kind: int, hook: int, program: bytes) -> None:
    """Attach an eBPF program, which then controls the processes of a v2 cgroup (bpf(2)).

    The program lives as long as the group.

    Args:
        group: The path of the cgroup.
        kind: The type of program, BPF_PROG_TYPE_*.
        hook: The place that it is attached to, BPF_CGROUP_*.
        program: The instructions, of eBPF.

    Raises:
        OSError: A call failed, or the number of bpf(2) on this architecture is unknown.
    """
    code, licence = ctypes.create_string_buffer(program), ctypes.create_string_buffer(b"GPL")
    load = struct.pack(
        "=IIQQ", kind, len(program) // 8, ctypes.addressof(code), ctypes.addressof(licence)
    )
    loaded = bpf(_BPF_PROG_LOAD, load)
    try:
        directory = os.open(group, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            bpf(_BPF_PROG_ATTACH, struct.pack("=IIII", directory, loaded, hook, _BPF_F_ALLOW_MULTI))
        finally:
            os.close(directory)
    finally:
        os.close(loaded)


def bpf(command: int, attributes: bytes) -> int:
    """Call bpf(2), and return its value, mostly a descriptor.

    Raises:
        OSError: The call failed, or its number on this architecture is unknown.
    """
    number = _NR_BPF.get(platform.machine())
    if number is None:
        raise OSError(f"bpf(2) is not known here for {platform.machine()}")
    padded = attributes.ljust(128, b"\0")
    return _syscall(
        number,
        ctypes.c_int(command),
        padded,
        ctypes.c_uint(len(padded)),
        about=f"bpf {command}",
    )
