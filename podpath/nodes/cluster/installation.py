"""Installation of CNI plugins and of a conflist on the node of a kind cluster."""

import os
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from podpath.cni import conflist as conflists
from podpath.cni.conflist import SUFFIXES, Conflist
from podpath.errors import CouldNotTest
from podpath.nodes import containerd
from podpath.system import limits, programs

_PLUGINS = "/opt/cni/bin"
_CONFLISTS = "/etc/cni/net.d"
_CONFLIST = "10-podpath.cni.conflist"
_EXECUTABLE = 0o755


def conflist_of(root: Path) -> Path | None:
    """Return the conflist that a node's runtime uses; None if the node has none.

    Args:
        root: the node's file system.

    Raises:
        OSError: the directory of conflists cannot be read.
    """
    try:
        return conflists.in_directory(root / _CONFLISTS[1:])
    except FileNotFoundError:
        return None


def plugin_directories(root: Path) -> tuple[str, ...]:
    """Return the directories of a node's plugins."""
    return tuple(str(root / path) for path in ("opt/cni/bin", "usr/lib/cni", "usr/libexec/cni"))


def chain(conflist_plugins: Mapping[str, str], directories: Sequence[str]) -> dict[str, str]:
    """Return the plugins to install: all programs of the user's directories, and the chain's.

    Args:
        conflist_plugins: name -> path of each plugin that the conflist needs.
        directories: the user's directories of plugins, which take precedence, the first one most.

    Returns:
        Name -> path on this machine.
    """
    of_user: dict[str, str] = {}
    for directory in directories:
        for entry in sorted(os.scandir(directory), key=lambda e: e.name):
            mode = entry.stat().st_mode
            if stat.S_ISREG(mode) and mode & 0o111:
                of_user.setdefault(entry.name, entry.path)
    return {**conflist_plugins, **of_user}


def install(pid: int, plugins: Mapping[str, str], conflist: Conflist) -> dict[str, str]:
    """Install plugins and a conflist on a node, and check that the plugins run there.

    Args:
        pid: pid of a process in the node.
        plugins: name -> path on this machine.
        conflist: configuration to install.

    Returns:
        Name of a plugin -> its path and checksum.

    Raises:
        CouldNotTest: the node has another configuration, its runtime does not read the results
            of the conflist's version, or a plugin does not run there.
    """
    present = Path(f"/proc/{pid}/root{_CONFLISTS}").glob("*")
    names = {path.name for path in present if path.suffix in SUFFIXES}
    if foreign := sorted(names - {_CONFLIST}):
        raise CouldNotTest(
            f"the cluster has a network configuration of its own: {', '.join(foreign)}",
            "Use a cluster that was made with networking.disableDefaultCNI: true",
        )
    installed = {}
    for name, path in plugins.items():
        _put(pid, f"{_PLUGINS}/{name}", Path(path).read_bytes(), _EXECUTABLE)
        installed[name] = f"{path}, sha256 {programs.checksum(path)[:16]}"
    check_runtime(_output(pid, "containerd", "--version"), conflist)
    for name in conflist.delegates:
        _try(pid, name)
    _put(pid, f"{_CONFLISTS}/{_CONFLIST}", conflist.text.encode(), 0o644)
    return installed


def check_runtime(release: str, conflist: Conflist) -> None:
    """Check that a node's containerd reads results of the conflist's CNI version.

    Args:
        release: output of `containerd --version` on the node; empty if there is none.
        conflist: conflist of the run.

    Raises:
        CouldNotTest: it does not read them.
    """
    runtime = containerd.party(release)
    if release and not runtime.knows(conflist.version):
        raise CouldNotTest(
            f"the conflist has CNI {conflist.version}, but on the node, {runtime}",
            f"Write {runtime.versions[-1]}, or name a newer node with --kind-image",
        )


def _output(pid: int, *command: str) -> str:
    """Return what a program prints on the node; empty if it does not run there."""
    enter = ("nsenter", "--target", str(pid), "--all", "--")
    seconds = limits.current().kind_answer
    try:
        done = subprocess.run(
            [*enter, *command], capture_output=True, text=True, check=False, timeout=seconds
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _put(pid: int, path: str, content: bytes, mode: int) -> None:
    """Write a file on a node, completely or not at all."""
    target = Path(f"/proc/{pid}/root{path}")
    unfinished = target.with_name(f".{target.name}.podpath")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.chmod(mode)
        unfinished.rename(target)
    except OSError as error:
        raise CouldNotTest(f"{path} could not be written on the node: {error}") from None


def _try(pid: int, name: str) -> None:
    """Run a plugin on the node with the command VERSION (CNI specification, section 2)."""
    enter = ("nsenter", "--target", str(pid), "--all", "--")
    try:
        done = subprocess.run(
            [*enter, "env", "CNI_COMMAND=VERSION", f"{_PLUGINS}/{name}"],
            input='{"cniVersion": "1.0.0"}',
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=limits.current().kind_answer,
        )
    except subprocess.TimeoutExpired:
        raise CouldNotTest(f"the plugin {name} hangs when it is asked for its version") from None
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip() or "it says nothing")[-300:]
        raise CouldNotTest(
            f"the plugin {name} does not run on the node (exit status {done.returncode}): {words}",
            "Build it for the node's architecture and libc: statically, best",
        )
