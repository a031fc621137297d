"""The programs that podpath needs from the system, and the Debian packages that have them."""

import ctypes.util
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.system import limits

#: Searched in this order after what the user names; each holds plugins on some distribution.
PLUGIN_DIRECTORIES = ("/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni")

#: Root's PATH lacks these after a plain `su`.
_SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program: the names it may have, its Debian package, and what its usage must mention."""

    name: str
    package: str
    names: tuple[str, ...] = ()
    mentions: str = ""


#: The programs of a container runtime that podpath starts itself.
CONTAINERD = (
    Tool("containerd", "containerd"),
    Tool("containerd-shim-runc-v2", "containerd"),
    Tool("ctr", "containerd"),
    Tool("runc", "runc", ("runc", "crun")),
    Tool("setpriv", "util-linux"),
)
#: Those that the pod image is made of, or with.
IMAGE = (
    Tool("busybox", "busybox-static"),
    Tool("nc", "netcat-openbsd", ("nc.openbsd", "nc"), mentions="OpenBSD"),
    Tool("ldd", "libc-bin"),
)
#: Those that podpath looks at any node with.
NETWORK = (
    Tool("ping", "iputils-ping", mentions="<identifier>"),
    Tool("ip", "iproute2"),
    Tool("nsenter", "util-linux"),
    Tool("iptables", "iptables"),
    Tool("nft", "nftables"),
)
TOOLS = (*CONTAINERD, *IMAGE, *NETWORK)
_LIBPCAP_PACKAGE = "libpcap0.8"
_PLUGINS_PACKAGE = "containernetworking-plugins"


def search_path() -> str:
    """PATH, with the directories of system programs."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *_SBIN])


def environment() -> dict[str, str]:
    """Return the environment of a program on a node, which others there can read.

    It has nothing of the user's: a proxy, for one, would change where HTTP goes.
    """
    return {"PATH": search_path(), "LANG": "C.UTF-8"}


def find(tool: Tool) -> str | None:
    """The path of a tool, or None if no program of its names is the right one."""
    for name in tool.names or (tool.name,):
        path = shutil.which(name, path=search_path())
        if path and (not tool.mentions or tool.mentions in _usage(os.path.realpath(path))):
            return path
    return None


@cache
def _usage(path: str) -> str:
    try:
        done = subprocess.run(
            [path, "-h"],
            capture_output=True,
            text=True,
            check=False,
            timeout=limits.current().usage,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout + done.stderr


def locate(name: str) -> str:
    """The path of one of TOOLS. Raises CouldNotTest, with how to get it, if it is missing."""
    tool = next(t for t in TOOLS if t.name == name)
    if path := find(tool):
        return path
    raise CouldNotTest(f"{name} is missing", how_to_install([tool.package]))


@cache
def first_line(*command: str) -> str:
    """The first line that a program prints; "?" if it prints none."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or ["?"])[0]


def checksum(path: str) -> str:
    """The SHA-256 of a file, in hex."""
    import hashlib

    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def plugin(name: str, directories: tuple[str, ...]) -> str:
    """The path of a CNI plugin in the first directory that has it.

    Raises CouldNotTest if none has, or if it cannot be executed.
    """
    for directory in directories:
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            if not os.access(path, os.X_OK):
                raise CouldNotTest(f"the CNI plugin {path} is not executable", f"chmod +x {path}")
            return path
    raise CouldNotTest(
        f'the CNI plugin "{name}" is in none of {", ".join(directories)}',
        "Name its directory with --podpath-cni-bin, or correct the conflist;"
        f" the reference plugins: apt-get install {_PLUGINS_PACKAGE}",
    )


def missing(tools: Iterable[Tool] = TOOLS, *, plugins: bool = True) -> dict[str, str]:
    """Return what is missing on this system: tool -> Debian package.

    plugins: whether CNI plugins must be there, too.
    """
    found = {tool.name: tool.package for tool in tools if not find(tool)}
    if not ctypes.util.find_library("pcap"):
        found["libpcap"] = _LIBPCAP_PACKAGE
    if plugins and not any(os.path.isfile(f"{d}/bridge") for d in PLUGIN_DIRECTORIES):
        found["CNI plugins"] = _PLUGINS_PACKAGE
    return found


def how_to_install(packages: Iterable[str]) -> str:
    """Return the remedy for what Debian packages have."""
    return f"On Debian, as root: apt-get install {' '.join(sorted(set(packages)))}"


def install(packages: Iterable[str]) -> None:
    """Install Debian packages with apt. Raises CouldNotTest where that is not possible."""
    wanted = sorted(set(packages))
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise CouldNotTest(f"podpath cannot install {', '.join(wanted)}", how_to_install(wanted))
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    options = ["-q", "-y", "--no-install-recommends"]
    for command in (["apt-get", "-q", "update"], ["apt-get", "install", *options, *wanted]):
        done = subprocess.run(
            command,
            env=environment,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode != 0:
            raise CouldNotTest(
                f"{' '.join(command)} failed:\n{done.stdout[-2000:]}", "Install them by hand"
            )
