"""Limits for the programs of a node: a plugin's mistake must not reach the host.

The node has no user namespace, so root in it is root. This module takes away what neither a CNI
plugin nor a container runtime needs, and what would act on the whole machine.
Standard library only, because it runs in the keeper's interpreter.
"""

import platform
import struct
from collections.abc import Iterator
from pathlib import Path

from podpath.nodes.embedded import cgroups
from podpath.system import linux

# Limits of all programs on the node together. A node with a dozen pods needs a tenth of them; most
# of what a pod needs is its shim, with a dozen threads.
_MEMORY_BYTES, _BYTES_OF_POD = 2 << 30, 24 << 20
_PROCESSES, _PROCESSES_OF_POD = 2048, 24

#: capabilities(7): number -> name. The node keeps those for networks, files, users and mounts. It
#: keeps MKNOD, AUDIT_WRITE and the others that a pod has by default, as runc cannot start a pod
#: without them. It keeps SYS_PTRACE, as runc 1.3 opens /proc/PID/ns/mnt of its new container; the
#: other system calls that SYS_PTRACE allows are in _CALLS.
DROPPED = {
    2: "DAC_READ_SEARCH",
    9: "LINUX_IMMUTABLE",
    16: "SYS_MODULE",
    17: "SYS_RAWIO",
    20: "SYS_PACCT",
    22: "SYS_BOOT",
    25: "SYS_TIME",
    26: "SYS_TTY_CONFIG",
    28: "LEASE",
    30: "AUDIT_CONTROL",
    32: "MAC_OVERRIDE",
    33: "MAC_ADMIN",
    34: "SYSLOG",
    35: "WAKE_ALARM",
    36: "BLOCK_SUSPEND",
    37: "AUDIT_READ",
    38: "PERFMON",
    40: "CHECKPOINT_RESTORE",
}

# System calls that act on the whole machine, which CAP_SYS_ADMIN alone would allow, and those that
# reach into another process, which CAP_SYS_PTRACE would allow whatever rights that process has.
# Name -> number on x86_64 and on aarch64.
_CALLS = {
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "perf_event_open": (298, 241),
    "open_by_handle_at": (304, 265),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
}
# bpf(2) stays, as runc needs it for its device rules on cgroup v2. These commands attach programs
# to the kernel itself, or open the host's maps.
_BPF_COMMANDS = {"MAP_GET_FD_BY_ID": 14, "RAW_TRACEPOINT_OPEN": 17, "LINK_CREATE": 28}

# Architecture as seccomp(2) calls it (linux/audit.h), the column of _CALLS, and bpf's number.
_MACHINES = {"x86_64": (0xC000003E, 0, 321), "aarch64": (0xC00000B7, 1, 280)}
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # classic BPF, linux/bpf_common.h
_ALLOW, _NO_SUCH_CALL = 0x7FFF0000, 0x00050000 | 38  # SECCOMP_RET_ERRNO | ENOSYS
_CALL_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # struct seccomp_data

# Programs that the kernel runs for a cgroup's accesses: type and hook (linux/bpf.h).
_DEVICE, _SYSCTL = (15, 6), (23, 18)
_CHARACTER = 2
#: Major -> minors: the devices that programs expect in /dev, terminals, and tun.
DEVICES = {1: (3, 5, 7, 8, 9), 5: (0, 1, 2), 10: (200,)}
_TERMINALS = (136, 143)

# Parts of /proc that are read-only, and that are hidden, as container runtimes do it.
_READ_ONLY = ("/proc/sys", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sysrq-trigger")
_MASKED = ("acpi", "kcore", "keys", "kmsg", "latency_stats", "sched_debug", "scsi", "timer_list")
#: Parts that plugins write: settings of a namespace, and the node's own links.
_WRITABLE = ("/proc/sys/net", "/sys/devices/virtual/net")
_HARDENED = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC


def memory(pods: int) -> int:
    """Return the limit of memory for a number of pods, in bytes. Pure."""
    return max(_MEMORY_BYTES, pods * _BYTES_OF_POD)


def processes(pods: int) -> int:
    """Return the limit of processes and threads for a number of pods. Pure."""
    return max(_PROCESSES, pods * _PROCESSES_OF_POD)


def limit(groups: cgroups.Groups, pods: int) -> list[str]:
    """Limit the resources, devices and settings that the node may use.

    The keeper calls it, on groups that the node's processes do not see.

    Args:
        groups: cgroups of the node.
        pods: number of pods that the node must have room for.

    Returns:
        The limits that this kernel does not offer, one sentence each.
    """
    missing = []
    for name, files, value in (
        ("memory", ("memory.limit_in_bytes", "memory.max"), memory(pods)),
        ("processes", ("pids.max",), processes(pods)),
    ):
        if not groups.write(files, str(value)):
            missing.append(f"no limit of {name}")
    try:
        for (kind, hook), program in ((_DEVICE, _devices()), (_SYSCTL, _settings())):
            linux.attach_to_cgroup(groups.unified(), kind, hook, program)
    except OSError as error:
        missing.append(f"no rules for devices and settings ({error})")
    if platform.machine() not in _MACHINES:
        missing.append(f"no filter of system calls on {platform.machine()}")
    return missing


def hide() -> None:
    """Show /proc and /sys as containers see them, except for the parts that plugins must write."""
    for path in (*_READ_ONLY, *_WRITABLE):
        if Path(path).exists():
            linux.mount(path, path, None, linux.MS_BIND)
    for path in (*_READ_ONLY, "/sys"):
        if Path(path).exists():
            flags = linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY | _HARDENED
            linux.mount(None, path, None, flags)
    for name in _MASKED:
        masked = Path("/proc", name)
        if masked.is_dir():
            linux.mount("tmpfs", str(masked), "tmpfs", linux.MS_RDONLY)
        elif masked.exists():
            linux.mount("/dev/null", str(masked), None, linux.MS_BIND)


def enter() -> None:
    """Drop the rights that no plugin needs, for this process and all that it starts."""
    linux.drop_capabilities(DROPPED)
    machine = _MACHINES.get(platform.machine())
    if machine is not None:
        linux.filter_system_calls(_system_calls(*machine))


def _system_calls(architecture: int, column: int, bpf: int) -> bytes:
    """Build the seccomp filter: _CALLS, and all calls of another architecture, do not exist."""
    numbers = [call[column] for call in _CALLS.values()]
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _NO_SUCH_CALL),
        (_LOAD, 0, 0, _CALL_NUMBER),
    ]
    for operation, number in [(_AT_LEAST, _X32), *((_EQUAL, n) for n in numbers)]:
        steps += [(operation, 0, 1, number), (_RETURN, 0, 0, _NO_SUCH_CALL)]
    steps += [(_EQUAL, 1, 0, bpf), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    for command in _BPF_COMMANDS.values():
        steps += [(_EQUAL, 0, 1, command), (_RETURN, 0, 0, _NO_SUCH_CALL)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _instruction(code: int, to: int = 0, of: int = 0, offset: int = 0, value: int = 0) -> bytes:
    """Build one instruction of eBPF (RFC 9669)."""
    return struct.pack("=BBhi", code, of << 4 | to, offset, value)


_EXIT = _instruction(0x95)
_YES, _NO = _instruction(0xB7, 0, value=1) + _EXIT, _instruction(0xB7, 0, value=0) + _EXIT


def _devices() -> bytes:
    """Build the rule that allows DEVICES and terminals. Registers: 2 type, 3 major, 4 minor."""

    def allowed() -> Iterator[bytes]:
        for major, minors in DEVICES.items():
            for minor in minors:
                yield _instruction(0x55, 3, offset=3, value=major)
                yield _instruction(0x55, 4, offset=2, value=minor)
                yield _YES

    return b"".join(
        [
            *(_instruction(0x61, 2 + n, 1, 4 * n) for n in range(3)),
            _instruction(0x57, 2, value=0xFFFF),
            _instruction(0x15, 2, offset=2, value=_CHARACTER),
            _NO,
            *allowed(),
            _instruction(0xA5, 3, offset=3, value=_TERMINALS[0]),
            _instruction(0x25, 3, offset=2, value=_TERMINALS[1]),
            _YES,
            _NO,
        ]
    )


def _settings() -> bytes:
    """Build the rule that allows writing below net/ of /proc/sys alone, however it is mounted."""
    return b"".join(
        [
            _instruction(0x61, 2, 1, 0),  # is it a write?
            _instruction(0x55, 2, offset=2, value=0),
            _YES,
            _instruction(0x7A, 10, offset=-8),  # room for the first letters of the name
            _instruction(0xBF, 2, 10),
            _instruction(0x07, 2, value=-8),
            _instruction(0xB7, 3, value=8),
            _instruction(0xB7, 4),
            _instruction(0x85, value=101),  # bpf_sysctl_get_name()
            _instruction(0x61, 2, 10, -8),
            _instruction(0x15, 2, offset=2, value=int.from_bytes(b"net/", "little")),
            _NO,
            _YES,
        ]
    )
