"""Packages of distributions: the command that installs them, and the installation itself.

podpath names packages as Debian does, and Ubuntu has the same. The other names are those of
packages.fedoraproject.org and of the spec files of build.opensuse.org.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from podpath.errors import CouldNotTest

_MOST_OUTPUT = 2000


@dataclass(frozen=True, slots=True)
class Manager:
    """Package manager of some distributions.

    Attributes:
        program: its program.
        distributions: names of the distributions, for messages.
        install: arguments that install without a question, before the names.
        refresh: arguments that fetch the lists of packages; empty if it does so by itself.
        names: Debian's name of a package -> names there, if they are others.
        environment: variables that keep it from asking.
    """

    program: str
    distributions: str
    install: tuple[str, ...]
    refresh: tuple[str, ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def named(self, packages: Iterable[str]) -> list[str]:
        """Return the names of Debian's packages here, sorted."""
        return sorted({name for p in packages for name in self.names.get(p, (p,))})

    def command(self, packages: Iterable[str]) -> str:
        """Return the command that installs Debian's packages, for people."""
        return " ".join([self.program, "install", *self.named(packages)])


APT = Manager(
    "apt-get",
    "Debian",
    ("install", "-q", "-y", "--no-install-recommends"),
    refresh=("-q", "update"),
    environment={"DEBIAN_FRONTEND": "noninteractive"},
)
DNF = Manager(
    "dnf",
    "Fedora",
    ("install", "-q", "-y", "--setopt=install_weak_deps=False"),
    names={
        "busybox-static": ("busybox",),
        "iproute2": ("iproute",),
        "iptables": ("iptables-nft",),
        "iputils-ping": ("iputils",),
        "libc-bin": ("glibc-common",),
        "libpcap0.8": ("libpcap",),
        "netcat-openbsd": ("netcat",),
        "procps": ("procps-ng",),
    },
)
ZYPPER = Manager(
    "zypper",
    "openSUSE",
    ("--non-interactive", "install", "--no-recommends"),
    refresh=("--non-interactive", "refresh"),
    names={
        "containerd": ("containerd", "containerd-ctr"),
        "containernetworking-plugins": ("cni-plugins",),
        "iputils-ping": ("iputils",),
        "libc-bin": ("glibc",),
        "libpcap0.8": ("libpcap1",),
    },
)
_MANAGERS = (APT, DNF, ZYPPER)


def manager() -> Manager | None:
    """Return the package manager of this system; None if podpath knows none of it."""
    return next((m for m in _MANAGERS if shutil.which(m.program)), None)


def command(packages: Iterable[str]) -> str:
    """Return the command that installs Debian's packages on this system, for people."""
    return (manager() or APT).command(packages)


def how_to_install(packages: Iterable[str]) -> str:
    """Return the remedy for missing packages: the command of this system, else of each known one.

    Args:
        packages: Debian's names.
    """
    names = list(packages)
    here = manager()
    known = [here] if here else _MANAGERS
    return "; ".join(f"On {m.distributions}, as root: {m.command(names)}" for m in known)


def install(packages: Iterable[str]) -> None:
    """Install packages.

    Args:
        packages: Debian's names.

    Raises:
        CouldNotTest: the user is not root, the system has no known package manager, or it failed.
    """
    names = list(packages)
    here = manager()
    if os.geteuid() != 0 or here is None:
        wanted = ", ".join((here or APT).named(names))
        raise CouldNotTest(f"podpath cannot install {wanted}", how_to_install(names))
    if here.refresh:
        _run(here, here.refresh)
    _run(here, (*here.install, *here.named(names)))


def _run(here: Manager, arguments: Iterable[str]) -> None:
    command_line = [here.program, *arguments]
    ended = subprocess.run(
        command_line,
        env=os.environ | here.environment,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if ended.returncode != 0:
        raise CouldNotTest(
            f"{' '.join(command_line)} failed:\n{ended.stdout[-_MOST_OUTPUT:]}",
            "Install them by hand",
        )
