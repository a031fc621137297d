"""Self-tests of the installation of packages: names and commands of each distribution."""

import subprocess
from collections.abc import Sequence
from typing import Any

import pytest

from podpath.errors import CouldNotTest
from podpath.system import packages, programs
from podpath.system.packages import APT, DNF, ZYPPER, Manager

_ALL = sorted({tool.package for tool in programs.TOOLS} | {"libpcap0.8"})


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The commands that an installation runs, each of which succeeds."""
    ran: list[Sequence[str]] = []

    def run(command: Sequence[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        ran.append(command)
        return subprocess.CompletedProcess(command, 1 if "broken" in command else 0, "no such\n")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return ran


def _has(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}" if name in names else None)


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        (
            APT,
            [
                ["apt-get", "-q", "update"],
                ["apt-get", "install", "-q", "-y", "--no-install-recommends", "iputils-ping"],
            ],
        ),
        (DNF, [["dnf", "install", "-q", "-y", "--setopt=install_weak_deps=False", "iputils"]]),
        (
            ZYPPER,
            [
                ["zypper", "--non-interactive", "refresh"],
                ["zypper", "--non-interactive", "install", "--no-recommends", "iputils"],
            ],
        ),
    ],
    ids=lambda value: value.program if isinstance(value, Manager) else "",
)
def test_installation(
    manager: Manager,
    expected: list[list[str]],
    calls: list[Sequence[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the manager that the system has, without a question."""
    _has(monkeypatch, manager.program)
    packages.install(["iputils-ping"])

    assert calls == expected


@pytest.mark.parametrize(
    ("manager", "names"),
    [
        (
            APT,
            "busybox-static containerd iproute2 iptables iputils-ping libc-bin libpcap0.8"
            " netcat-openbsd nftables runc util-linux",
        ),
        (
            DNF,
            "busybox containerd glibc-common iproute iptables-nft iputils libpcap netcat nftables"
            " runc util-linux",
        ),
        (
            ZYPPER,
            "busybox-static containerd containerd-ctr glibc iproute2 iptables iputils libpcap1"
            " netcat-openbsd nftables runc util-linux",
        ),
    ],
    ids=["debian", "fedora", "opensuse"],
)
def test_names_of_all_that_podpath_needs(manager: Manager, names: str) -> None:
    assert manager.named(_ALL) == names.split()


def test_system_without_a_known_manager(
    calls: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told the command of each known one, and nothing is run."""
    _has(monkeypatch)
    with pytest.raises(CouldNotTest) as told:
        packages.install(["iproute2"])

    assert told.value.remedy == (
        "On Debian, as root: apt-get install iproute2; On Fedora, as root: dnf install iproute;"
        " On openSUSE, as root: zypper install iproute2"
    )
    assert calls == []


def test_only_root_installs(calls: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    _has(monkeypatch, "dnf")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(CouldNotTest, match="cannot install netcat") as told:
        packages.install(["netcat-openbsd"])

    assert told.value.remedy == "On Fedora, as root: dnf install netcat"
    assert calls == []


@pytest.mark.usefixtures("calls")
def test_installation_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The manager's own words are in the error."""
    _has(monkeypatch, "dnf")

    with pytest.raises(CouldNotTest, match=r"(?s)dnf install .* broken failed:\nno such"):
        packages.install(["broken"])
