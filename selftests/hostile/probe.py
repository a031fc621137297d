"""A "plugin" that tries what would lead out of its node, and fails its ADD with what it could do.

Runs on the node, with the standard library only. Each probe does no harm if it succeeds: it opens
and does not write, writes what was there, or calls with arguments that nothing accepts.
"""

import contextlib
import ctypes
import errno
import functools
import json
import operator
import os
import platform
import re
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_MS_BIND, _MNT_DETACH, _NEWNS = 0x1000, 2, 0x20000

#: What the host is: given by the test.
HOST = json.loads(sys.argv[1]) if __name__ == "__main__" else {}


@contextlib.contextmanager
def _mounted(kind: str) -> Iterator[str]:
    """A fresh file system of a kind, as any root may mount."""
    with tempfile.TemporaryDirectory() as directory:
        if _libc.mount(b"none", directory.encode(), kind.encode(), 0, None) != 0:
            raise OSError(ctypes.get_errno(), kind)
        try:
            yield directory
        finally:
            _libc.umount2(directory.encode(), _MNT_DETACH)


def _opens(path: str, flags: int) -> bool:
    """Whether it can be opened; nothing is read or written."""
    os.close(os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC))
    return True


def _device(kind: int, major: int, minor: int) -> bool:
    with tempfile.TemporaryDirectory(dir="/dev") as directory:
        os.mknod(f"{directory}/device", kind | 0o600, os.makedev(major, minor))
        return _opens(f"{directory}/device", os.O_RDONLY)


def _disks() -> list[tuple[int, int, str]]:
    rows = [line.split() for line in Path("/proc/partitions").read_text().splitlines()[2:]]
    return [(int(row[0]), int(row[1]), row[3]) for row in rows]


def disk_by_mknod() -> bool:
    return any(_could(partial(_device, stat.S_IFBLK, disk[0], disk[1])) for disk in _disks())


def disk_by_devtmpfs() -> bool:
    with _mounted("devtmpfs") as directory:
        paths = [f"{directory}/{disk[2]}" for disk in _disks()]
        return any(_could(partial(_opens, path, os.O_RDONLY)) for path in paths)


def memory_by_mknod() -> bool:
    return _device(stat.S_IFCHR, 1, 1)


def kernel_log_by_mknod() -> bool:
    return _device(stat.S_IFCHR, 1, 11)


def _setting(proc: str) -> bool:
    could = False
    for name in ("kernel/core_pattern", "kernel/panic", "fs/file-max", "vm/swappiness"):
        path = Path(proc, "sys", name)
        with contextlib.suppress(OSError):
            path.write_text(path.read_text())
            could = True
    return could


def setting() -> bool:
    return _setting("/proc")


def setting_by_fresh_proc() -> bool:
    with _mounted("proc") as directory:
        return _setting(directory)


def sysrq() -> bool:
    return _opens("/proc/sysrq-trigger", os.O_WRONLY) and not _is_null("/proc/sysrq-trigger")


def sysrq_by_fresh_proc() -> bool:
    with _mounted("proc") as directory:
        return _opens(f"{directory}/sysrq-trigger", os.O_WRONLY)


def _is_null(path: str) -> bool:
    return os.stat(path).st_rdev == os.makedev(1, 3)


def kernel_memory_by_fresh_proc() -> bool:
    with _mounted("proc") as directory:
        return _opens(f"{directory}/kcore", os.O_RDONLY)


def _first_writable(directory: str) -> bool:
    for place, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):
                path = os.path.join(place, name)
                if os.stat(path).st_mode & stat.S_IWUSR:
                    return _opens(path, os.O_WRONLY)
    return False


def kernel_by_sysfs() -> bool:
    return _first_writable("/sys/kernel")


def kernel_by_fresh_sysfs() -> bool:
    with _mounted("sysfs") as directory:
        return _first_writable(f"{directory}/kernel")


def interpreters_by_binfmt_misc() -> bool:
    with _mounted("binfmt_misc") as directory:
        return _opens(f"{directory}/register", os.O_WRONLY)


def kernel_by_debugfs() -> bool:
    with _mounted("debugfs") as directory:
        return _first_writable(directory)


def _refused(number: dict[str, int], *arguments: object) -> bool:
    """Whether a system call that cannot succeed is refused before its arguments are looked at."""
    if platform.machine() not in number:
        return True
    result = _libc.syscall(ctypes.c_long(number[platform.machine()]), *arguments)
    if result >= 0:
        return False
    return ctypes.get_errno() in (errno.EPERM, errno.ENOSYS, errno.EACCES)


def kernel_modules() -> bool:
    return not _refused({"x86_64": 175, "aarch64": 105}, None, 0, b"")


def kexec() -> bool:
    return not _refused({"x86_64": 246, "aarch64": 104}, 0, 0, None, ctypes.c_ulong(0xFFFF))


def reboot() -> bool:
    return not _refused({"x86_64": 169, "aarch64": 142}, 0, 0, 0, None)


def swap() -> bool:
    return not _refused({"x86_64": 167, "aarch64": 224}, b"/there/is/none", 0)


def files_by_handle() -> bool:
    return not _refused({"x86_64": 304, "aarch64": 265}, -1, None, 0)


def performance_events() -> bool:
    return not _refused({"x86_64": 298, "aarch64": 241}, None, -1, 0, -1, 0)


def keyrings() -> bool:
    return not _refused({"x86_64": 250, "aarch64": 219}, 0, -4, 0)


def ports() -> bool:
    return not _refused({"x86_64": 172}, 3)


def kernel_log() -> bool:
    return not _refused({"x86_64": 103, "aarch64": 116}, 9, None, 0)


def kernel_programs() -> bool:
    calls = {"x86_64": 321, "aarch64": 280}
    return not all(_refused(calls, command, None, 0) for command in (14, 17, 28))


def calls_of_another_architecture() -> bool:
    """x32's getpid is among the numbers that the filter would have to know as well."""
    return not _refused({"x86_64": 0x40000000 + 39})


def clock() -> bool:
    return bool(_capabilities() >> 25 & 1)


def debugging() -> bool:
    """By calls; CAP_SYS_PTRACE alone allows these of any process that is to be seen."""
    calls = ({"x86_64": 101, "aarch64": 117}, {"x86_64": 311, "aarch64": 271})
    return not all(_refused(call, -1, -1, None, None) for call in calls)


def stronger_processes() -> bool:
    """Those that may do more: /proc/PID/mem would lead into them."""
    own = _capabilities()
    return any(_capabilities(pid) & ~own for pid in os.listdir("/proc") if pid.isdecimal())


def _capabilities(pid: str = "self") -> int:
    """What a process, and all that it starts, has or may get; nothing of one that has ended."""
    try:
        found = re.findall(r"Cap(?:Bnd|Prm|Inh):\s*(\w+)", Path("/proc", pid, "status").read_text())
    except OSError:
        return 0
    return functools.reduce(operator.or_, (int(one, 16) for one in found), 0)


def _everybody(what: str) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield from (str(path) for path in (process / what).iterdir())


def host_namespace() -> bool:
    """By any process or any open file that is to be seen."""
    for path in (*_everybody("ns"), *_everybody("fd")):
        with contextlib.suppress(OSError):
            if os.readlink(path) in HOST["namespaces"]:
                return True
    return False


def _is_hosts(path: str) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISDIR(os.stat(path).st_mode) and os.stat(path).st_dev == HOST["device"]
    return False


def host_directory_by_a_process() -> bool:
    links = [f"/proc/{p}/{what}" for p in os.listdir("/proc") for what in ("root", "cwd")]
    return any(map(_is_hosts, (*links, *_everybody("fd"))))


def host_program_by_its_map() -> bool:
    """A file of the host's, opened to be written, by what process 1 has mapped of it."""
    for path in _everybody("map_files"):
        with contextlib.suppress(OSError):
            if os.stat(path).st_dev == HOST["device"] and _opens(path, os.O_WRONLY):
                return True
    return False


def host_mount() -> bool:
    lines = Path("/proc/1/mountinfo").read_text().splitlines()
    return any(not line.split()[2].startswith("0:") for line in lines)


def _in_child(attempt: Callable[[], bool]) -> bool:
    """For what cannot be undone."""
    child = os.fork()
    if child == 0:
        could = False
        with contextlib.suppress(BaseException):
            _libc.unshare(_NEWNS)
            could = attempt()
        os._exit(int(could))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def below_the_root() -> bool:
    def attempt() -> bool:
        _libc.umount2(b"/", _MNT_DETACH)
        return _is_hosts("/")

    return _in_child(attempt)


def above_the_root() -> bool:
    def attempt() -> bool:
        with tempfile.TemporaryDirectory() as directory:
            os.chroot(directory)
            os.chdir("/".join([".."] * 20))
            return _is_hosts(".")

    return _in_child(attempt)


def cgroups_of_the_host() -> bool:
    for kind, options in (("cgroup2", None), *(("cgroup", c) for c in (b"memory", b"pids"))):
        with tempfile.TemporaryDirectory() as place, contextlib.suppress(OSError):
            if _libc.mount(b"none", place.encode(), kind.encode(), 0, options) != 0:
                continue
            names = os.listdir(place)
            _libc.umount2(place.encode(), _MNT_DETACH)
            if "release_agent" in names or any(n.startswith("podpath-") for n in names):
                return True
    return False


def host_program_by_a_socket() -> bool:
    for address in (HOST["socket"], "\0" + HOST["socket"]):
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.connect(address)
            return True
    return False


def host_network() -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", HOST["port"]), 1):
        return True
    return False


PROBES = (
    disk_by_mknod,
    disk_by_devtmpfs,
    memory_by_mknod,
    kernel_log_by_mknod,
    setting,
    setting_by_fresh_proc,
    sysrq,
    sysrq_by_fresh_proc,
    kernel_memory_by_fresh_proc,
    kernel_by_sysfs,
    kernel_by_fresh_sysfs,
    interpreters_by_binfmt_misc,
    kernel_by_debugfs,
    kernel_modules,
    kexec,
    reboot,
    swap,
    files_by_handle,
    performance_events,
    keyrings,
    ports,
    kernel_log,
    kernel_programs,
    calls_of_another_architecture,
    clock,
    debugging,
    stronger_processes,
    host_namespace,
    host_directory_by_a_process,
    host_program_by_its_map,
    host_mount,
    below_the_root,
    above_the_root,
    cgroups_of_the_host,
    host_program_by_a_socket,
    host_network,
)


def _could(probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except OSError:
        return False


def main() -> None:
    """Fail as CNI has it, and say which of the probes succeeded."""
    if os.environ.get("CNI_COMMAND") != "ADD":
        return
    found = [probe.__name__ for probe in PROBES if _could(probe)]
    message = f"probed {len(PROBES)}, could: {' '.join(found)}."
    json.dump({"cniVersion": "1.0.0", "code": 100, "msg": message}, sys.stdout)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
