"""Process 1 of an embedded node: it makes namespaces, root and uplink, starts containerd, reaps.

The root is an overlay of the host's own root with its upper layer in memory. The node sees the
host's programs and the vendor's plugins, and all that is written vanishes with the namespace.
Standard library only, because it runs in the keeper's interpreter.
"""

import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from podpath.nodes.embedded import cgroups, confine, setup
from podpath.system import kernel_settings, linux, proc

_SCRATCH = "/sys"  # exists on every host, and init needs nothing in it before the pivot
_ROOT = f"{_SCRATCH}/root"

# Directories that the host never shares: the node mounts its own, or must not see them.
_HIDDEN = ("/proc", "/sys", "/dev", "/run", "/var/run", "/var/lib/containerd", "/var/lib/docker")
_KERNELS = ("proc", "sysfs", "cgroup", "cgroup2", "devtmpfs", "devpts", "nsfs", "autofs")
# Directories that are the node's own, and empty at first.
_PRIVATE = ("/run", "/var/lib/containerd", "/var/lib/cni", "/etc/cni", "/var/log", "/tmp/podpath")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "net/tun")
# More than a node needs; a plugin that writes without end gets ENOSPC.
_SIZE = "mode=0755,size=512m"
_SHARED_SIZE = "mode=1777,size=512m"

#: Directory of the upper layers, and the beginning of their names: the mount point in hex follows.
UPPER = "upper"
LAYER = "at-"
_LONGEST_NAME = 255

#: Beginnings of the line with which a Go program crashes (runtime/panic.go), in the last part of
#: its log: the stacks of all its goroutines follow.
_CRASHES = (b"panic: ", b"fatal error: ")
_LOG_END_BYTES = 1 << 20
#: Signal to init: end the runtime, and start it again.
RESTART = signal.SIGUSR1
#: Init exits with the runtime's status; with this plus the signal's number if it was killed.
SIGNALLED = 128


@dataclass(frozen=True)
class NodeSpec:
    """The parts of one embedded node.

    Attributes:
        id: unique name of the node.
        hostname: host name on the node.
        files: path on the node -> text.
        links: path on the node -> target path.
        binds: path on the node -> directory anywhere on the host to show there, read-only.
        command: argv of the runtime.
        log: path of the runtime's log on the node.
        uplink: commands of `ip -batch` for the node's end of the uplink.
        wire: commands of `ip -batch` for the far end.
        cgroup_removal: seconds that the keeper waits for the last processes in its cgroups.
        setup: values of the script that prepares the node; None without a script.
        pods: number of pods that the node must have room for.
    """

    id: str
    hostname: str
    files: dict[str, str]
    links: dict[str, str]
    binds: dict[str, str]
    command: list[str]
    log: str
    uplink: list[str]
    wire: list[str]
    cgroup_removal: float
    setup: dict[str, Any] | None = None
    pods: int = 0


def run(spec: NodeSpec, groups: cgroups.Groups, status: int, last_words: int) -> NoReturn:
    """Become the node; never return.

    Args:
        spec: parts of the node.
        groups: cgroups of the node.
        status: pipe for one message: empty after containerd was started, otherwise the sentence
            that
            gives the reason for the failure.
        last_words: file for the line with which the runtime's program crashed, if it does.
    """
    try:
        linux.die_with_parent()
        _let_go_of_parent()
        for ending in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(ending, signal.SIG_DFL)
        cgroups.let_go(groups)
        cgroups.join(groups)
        hierarchies = cgroups.hierarchies()
        linux.unshare(
            linux.CLONE_NEWNS | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC | linux.CLONE_NEWCGROUP
        )
        linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
        _make_networks(spec)
        devices = _device_numbers()
        _make_root(spec)
        os.open(f"{_SCRATCH}/{UPPER}", os.O_PATH)  # what is written stays visible from outside
        linux.pivot_root_to(_ROOT)
        _mount_kernel_file_systems(hierarchies)
        _mount_private_directories()
        _make_devices(devices)
        socket.sethostname(spec.hostname)
        _write_files(spec)
        confine.hide()
        confine.enter()
        if spec.setup:
            setup.run(setup.NodeSetup(**spec.setup))
        runtime = _start(spec)
    except (OSError, subprocess.SubprocessError) as error:
        os.write(status, str(error).encode())
        os._exit(1)
    os.close(status)
    _reap_until_end_of(runtime, spec, last_words)


def _make_networks(spec: NodeSpec) -> None:
    """Make the node's network namespace, its uplink, and the namespace that the uplink leads to.

    Both namespaces copy settings of the host, and get the kernel's defaults back: every later
    change
    is the plugin's. The far one has no name and no process: it lives by the descriptor that init
    keeps.
    """
    linux.unshare(linux.CLONE_NEWNET)
    wire = os.open("/proc/self/ns/net", os.O_RDONLY)
    linux.unshare(linux.CLONE_NEWNET)
    node = os.open("/proc/self/ns/net", os.O_RDONLY)
    kernel_settings.reset()
    _ip([line.format(wire=f"/proc/self/fd/{wire}") for line in spec.uplink], wire)
    linux.setns(wire, linux.CLONE_NEWNET)
    kernel_settings.reset()
    _ip(spec.wire)
    linux.setns(node, linux.CLONE_NEWNET)
    os.close(node)


def _ip(lines: list[str], *descriptors: int) -> None:
    done = subprocess.run(
        ["ip", "-batch", "-"],
        input="\n".join(lines),
        pass_fds=descriptors,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise OSError(f"ip: {done.stderr.strip()}")


def _make_root(spec: NodeSpec) -> None:
    """Mount an overlay of each file system of the host: lower layer the host's, upper in memory."""
    mounts = _host_mounts()
    shown = {path: os.open(source, os.O_PATH) for path, source in spec.binds.items()}
    linux.mount("tmpfs", _SCRATCH, "tmpfs", 0, _SIZE)
    os.mkdir(_ROOT)
    for number, point in enumerate(mounts):
        _show_mount(point, number)
    for number, (path, descriptor) in enumerate(shown.items()):
        os.makedirs(f"{_ROOT}{path}")
        _show(f"/proc/self/fd/{descriptor}", f"{_ROOT}{path}", f"given-{number}")
        os.close(descriptor)


def _show_mount(point: str, number: int) -> None:
    """Show a mount point of the host; the host may have removed a container's meanwhile."""
    target = f"{_ROOT}{point}".rstrip("/")
    if point == "/" or os.path.exists(target):
        try:
            _show(point, target, _layer(point, number))
        except FileNotFoundError:
            if os.path.lexists(point):
                raise


def _layer(point: str, number: int) -> str:
    """Return the name of a mount point's layer; written() reads the mount point from it."""
    name = f"{LAYER}{os.fsencode(point).hex()}"
    return name if len(name) <= _LONGEST_NAME else str(number)


def _host_mounts() -> list[str]:
    """List the host's mount points that the node sees, parents first."""
    points = {"/"}
    text = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
    for mount in proc.mounts(text):
        if mount.kind in _KERNELS:
            continue
        if not any(f"{mount.point}/".startswith(f"{hidden}/") for hidden in _HIDDEN):
            points.add(mount.point)
    return sorted(points)


def _show(source: str, target: str, name: str) -> None:
    """Show a directory or a file of the host in the node, without giving the node the host's mount.

    The node could make that mount writable again, or make its file system read-only for the host,
    too.
    """
    if os.path.isfile(source):
        shutil.copyfile(source, target)
        return
    if os.path.isdir(source):
        layers = {}
        for layer in (UPPER, "work"):
            layers[layer] = f"{_SCRATCH}/{layer}/{name}"
            os.makedirs(layers[layer])
        escaped = source.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")
        options = f"lowerdir={escaped},upperdir={layers[UPPER]},workdir={layers['work']}"
        try:
            linux.mount("overlay", target, "overlay", 0, options)
            return
        except OSError:
            if source == "/":
                raise
    # A socket, or a file system that cannot be a lower layer: no other way exists.
    _bind_read_only(source, target)


def _bind_read_only(source: str, target: str) -> None:
    linux.mount(source, target, None, linux.MS_BIND)
    linux.mount(None, target, None, linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY)


def _mount_kernel_file_systems(hierarchies: list[cgroups.Hierarchy]) -> None:
    hardened = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
    linux.mount("proc", "/proc", "proc", hardened)
    # A new one, made in the node's network namespace, shows the node's links only.
    linux.mount("sysfs", "/sys", "sysfs", hardened)
    if any(h.mount != "/sys/fs/cgroup" for h in hierarchies):
        linux.mount("tmpfs", "/sys/fs/cgroup", "tmpfs", hardened, "mode=0755")
    for hierarchy in hierarchies:
        os.makedirs(hierarchy.mount, exist_ok=True)
        linux.mount(
            hierarchy.kind, hierarchy.mount, hierarchy.kind, hardened, hierarchy.options or None
        )


def _device_numbers() -> dict[str, tuple[int, int]]:
    """Return mode and number of the harmless devices that programs expect in /dev."""
    numbers = {}
    for name in _DEVICES:
        if os.path.exists(f"/dev/{name}"):
            status = os.stat(f"/dev/{name}")
            numbers[name] = (status.st_mode, status.st_rdev)
    return numbers


def _make_devices(numbers: dict[str, tuple[int, int]]) -> None:
    linux.mount("tmpfs", "/dev", "tmpfs", linux.MS_NOSUID, _SIZE)
    for name, (mode, number) in numbers.items():
        os.makedirs(os.path.dirname(f"/dev/{name}"), exist_ok=True)
        os.mknod(f"/dev/{name}", mode, number)
        os.chmod(f"/dev/{name}", mode & 0o777)
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(f"/proc/self/{target}", f"/dev/{name}")
    os.makedirs("/dev/pts")
    linux.mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
    os.symlink("pts/ptmx", "/dev/ptmx")
    os.makedirs("/dev/shm")
    linux.mount("tmpfs", "/dev/shm", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, _SHARED_SIZE)


def _mount_private_directories() -> None:
    for directory in _PRIVATE:
        os.makedirs(directory, exist_ok=True)
        linux.mount("tmpfs", directory, "tmpfs", 0, _SIZE)
    # Shared before the runtime starts: otherwise containers would copy a namespace's mount, and
    # its removal would fail with EBUSY.
    os.makedirs("/run/netns")
    linux.mount("/run/netns", "/run/netns", None, linux.MS_BIND)
    linux.mount(None, "/run/netns", None, linux.MS_SHARED)


def _write_files(spec: NodeSpec) -> None:
    for path, text in spec.files.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_text(text)
    for path, target in spec.links.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)


def _start(spec: NodeSpec) -> int:
    os.makedirs(os.path.dirname(spec.log), exist_ok=True)
    with open(spec.log, "ab") as log:
        return subprocess.Popen(
            spec.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        ).pid


def _let_go_of_parent() -> None:
    """Close the keeper's descriptors except the status pipe: their ends show who lives."""
    nowhere = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _reap_until_end_of(runtime: int, spec: NodeSpec, last_words: int) -> NoReturn:
    """Reap as pid 1 must; end with the runtime, which ends the node, unless RESTART was sent."""
    restarts = 0

    def restart(*_: object) -> None:
        nonlocal restarts
        restarts += 1
        os.kill(runtime, signal.SIGTERM)

    signal.signal(RESTART, restart)
    while True:
        pid, status = os.wait()
        if pid == runtime and restarts:
            restarts = 0
            runtime = _start(spec)
        elif pid == runtime:
            os.write(last_words, _crash(spec.log))
            code = os.waitstatus_to_exitcode(status)
            os._exit(SIGNALLED - code if code < 0 else code)


def _crash(log: str) -> bytes:
    """Return the line of a log with which a Go program crashed; empty if it did not."""
    try:
        with open(log, "rb") as lines:
            lines.seek(max(os.path.getsize(log) - _LOG_END_BYTES, 0))
            return next((line for line in lines if line.startswith(_CRASHES)), b"")
    except OSError:
        return b""
