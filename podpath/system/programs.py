"""Programs that podpath needs from the system, and the Debian packages that contain them."""

import ctypes.util
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.system import limits, packages

#: Searched in this order after the user's own; each has plugins on some distribution.
PLUGIN_DIRECTORIES = ("/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni")

#: Root's PATH lacks these after a plain `su`.
_SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program of the system.

    Attributes:
        name: The name that podpath uses for it.
        package: The Debian package that contains it.
        names: The names that the program may have, if not only `name`.
        mentions: A text that its usage must contain, which another program of the same name lacks.
    """

    name: str
    package: str
    names: tuple[str, ...] = ()
    mentions: str = ""


#: Programs of the container runtime that podpath starts itself.
CONTAINERD = (
    Tool("containerd", "containerd"),
    Tool("containerd-shim-runc-v2", "containerd"),
    Tool("ctr", "containerd"),
    Tool("runc", "runc", ("runc", "crun")),
)
#: Programs that make the pod image, beside those of PROBES.
IMAGE = (Tool("ldd", "libc-bin"),)
#: Programs that send probes: podpath runs them in the pods' network namespaces, and they are in the
#: pod image.
PROBES = (
    Tool("ping", "iputils-ping", mentions="<identifier>"),
    Tool("busybox", "busybox-static"),
    Tool("nc", "netcat-openbsd", ("nc.openbsd", "nc"), mentions="OpenBSD"),
    Tool("setpriv", "util-linux", mentions="--pdeathsig"),
)
#: Programs that podpath uses on every node.
NETWORK = (
    *PROBES,
    Tool("ip", "iproute2"),
    Tool("nsenter", "util-linux"),
    Tool("iptables", "iptables"),
    Tool("nft", "nftables"),
)
TOOLS = (*CONTAINERD, *IMAGE, *NETWORK)
_LIBPCAP_PACKAGE = "libpcap0.8"
_PLUGINS_PACKAGE = "containernetworking-plugins"


def search_path() -> str:
    """Return PATH with the directories of system programs."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *_SBIN])


def environment() -> dict[str, str]:
    """Return the environment of a program on a node, where other programs can read it.

    It has no variable of the user's: a proxy, for example, would change the path of HTTP.
    """
    return {"PATH": search_path(), "LANG": "C.UTF-8"}


def find(tool: Tool) -> str | None:
    """Return the path of a tool, or None if no program with its names is the right one."""
    for name in tool.names or (tool.name,):
        path = shutil.which(name, path=search_path())
        if path and (not tool.mentions or tool.mentions in _usage(os.path.realpath(path))):
            return path
    return None


def on_path(name: str) -> bool:
    """Return whether a program of this name is installed."""
    return shutil.which(name, path=search_path()) is not None


@cache
def _usage(path: str) -> str:
    try:
        ended = subprocess.run(
            [path, "-h"],
            capture_output=True,
            text=True,
            check=False,
            timeout=limits.current().usage,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return ended.stdout + ended.stderr


def locate(name: str) -> str:
    """Return the path of one of TOOLS, by its name.

    Raises:
        CouldNotTest: The tool is missing; the remedy names its package.
    """
    tool = next(t for t in TOOLS if t.name == name)
    if path := find(tool):
        return path
    raise CouldNotTest(f"{name} is missing", packages.how_to_install([tool.package]))


@cache
def first_line(*command: str) -> str:
    """Return the first line that a program prints, or "?" if it prints none."""
    return (lines(*command) or ["?"])[0]


def lines(*command: str) -> list[str]:
    """Return the lines that a program prints."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.stdout.splitlines()


def checksum(path: str) -> str:
    """Return the SHA-256 digest of a file, in hex."""
    import hashlib

    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def plugin(name: str, directories: tuple[str, ...], *, is_reference: bool = False) -> str:
    """Return the path of a CNI plugin in the first directory that has it.

    Args:
        name: type of the plugin.
        directories: directories to look in, in order.
        is_reference: true if the package of the reference plugins has it.

    Raises:
        CouldNotTest: No directory has the plugin, or it is not executable.
    """
    for directory in directories:
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            if not os.access(path, os.X_OK):
                raise CouldNotTest(f"the CNI plugin {path} is not executable", f"chmod +x {path}")
            return path
    package = f"; the reference plugins: {packages.command([_PLUGINS_PACKAGE])}"
    raise CouldNotTest(
        f'the CNI plugin "{name}" is in none of {", ".join(directories)}',
        "Name its directory with --podpath-cni-bin, or correct the conflist"
        f"{package if is_reference else ''}",
    )


def missing(tools: Iterable[Tool] = TOOLS, *, plugins: bool = True) -> dict[str, str]:
    """Find the tools that this system lacks.

    Args:
        tools: The tools to look for.
        plugins: True to look for CNI plugins, too.

    Returns:
        Name of the tool -> Debian package.
    """
    absent = {tool.name: tool.package for tool in tools if not find(tool)}
    if not ctypes.util.find_library("pcap"):
        absent["libpcap"] = _LIBPCAP_PACKAGE
    if plugins and not any(os.path.isfile(f"{d}/bridge") for d in PLUGIN_DIRECTORIES):
        absent["CNI plugins"] = _PLUGINS_PACKAGE
    return absent
