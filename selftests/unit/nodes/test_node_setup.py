"""The script that prepares an embedded node: what podpath checks before it, and how it ends."""

import time
from pathlib import Path

import pytest

from podpath.errors import CouldNotTest
from podpath.nodes.embedded import preparation, setup
from podpath.nodes.embedded.setup import NodeSetup


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that says how the script ended, and the other paths of the node in a directory."""
    for name in ("SCRIPT", "OUTPUT", "END"):
        monkeypatch.setattr(setup, name, str(tmp_path / name))
    return tmp_path / "END"


def run(text: str, seconds: float = 10.0) -> None:
    setup.run(NodeSetup(text, "/", seconds))


def test_script_that_succeeds_says_nothing(ended: Path, tmp_path: Path) -> None:
    """A program that it starts may stay, and hold its output."""
    started = time.monotonic()
    run("#!/bin/sh\necho prepared\nsleep 5 &\n")

    assert ended.read_text() == ""
    assert (tmp_path / "OUTPUT").read_text() == "prepared\n"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("#!/bin/sh\nexit 3\n", "ended with status 3"),
        ("#!/bin/sh\nsleep 60\n", "did not end in 1 s, and was killed"),
        ("#!/bin/sh\nyes\n", "printed more than 1 MiB, and was killed"),
        ("#!/no/such/interpreter\n", "cannot be run: No such file or directory"),
    ],
    ids=["fails", "hangs", "floods", "no-interpreter"],
)
def test_script_that_fails(ended: Path, text: str, end: str) -> None:
    run(text, seconds=1.0 if "sleep" in text else 60.0)

    assert ended.read_text() == end


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "cannot be read: No such file"),
        (b"\xff\xfe", "it is not text in UTF-8"),
        (b"echo hello\n", "does not name its interpreter"),
    ],
    ids=["absent", "binary", "no-shebang"],
)
def test_file_that_is_no_script(tmp_path: Path, text: bytes | None, why: str) -> None:
    path = tmp_path / "script"
    if text is not None:
        path.write_bytes(text)

    with pytest.raises(CouldNotTest, match=why):
        preparation.read(path)


def test_interface_that_the_conflist_names() -> None:
    """The node has it, or its script names it."""
    preparation.require_link("eth0", "")
    preparation.require_link("eth1", "ip link add eth1 type dummy")
    with pytest.raises(CouldNotTest, match="names the interface eth1, which the embedded node"):
        preparation.require_link("eth1", "")


def test_daemon_that_a_plugin_uses() -> None:
    """The node has none; its script may start it."""
    preparation.require_daemon("dhcp", "/run/cni/dhcp.sock", "/usr/lib/cni/dhcp daemon &")
    with pytest.raises(CouldNotTest, match=r"the daemon dhcp, which listens on /run/cni/dhcp.sock"):
        preparation.require_daemon("dhcp", "/run/cni/dhcp.sock", "")
