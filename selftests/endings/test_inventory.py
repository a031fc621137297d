"""The inventory, by which the other tests know that nothing is left, has each kind of thing."""

import subprocess
from pathlib import Path

import pytest

from podpath.nodes.embedded import cgroups
from selftests.endings import host, private

#: Kind -> commands of a shell: one that leaves something, and one that removes it.
_LEFT = {
    "links": ("ip link add left type veth peer other", "ip link delete left"),
    "mounts": ("mount -t tmpfs none {place}", "umount {place}"),
    "cgroups": ("mkdir {cgroup}/podpath-left", "rmdir {cgroup}/podpath-left"),
    "files": ("touch /run/podpath-left", "rm /run/podpath-left"),
    "rules": ("nft add table ip podpath-left", "nft delete table ip podpath-left"),
}


def _new(before: host.Inventory, ignored: Path) -> dict[str, frozenset[str]]:
    now = host.read(ignored)
    return {kind: now[kind] - before[kind] for kind in now if now[kind] - before[kind]}


def _run(command: str, place: Path) -> None:
    filled = command.format(place=place, cgroup=cgroups.hierarchies()[0].mount)
    subprocess.run(["sh", "-c", filled], check=True)


@pytest.mark.parametrize("kind", _LEFT)
def test_what_is_left_is_seen(tmp_path: Path, kind: str) -> None:
    """One thing of each kind, and nothing else."""
    leave, remove = _LEFT[kind]
    before = host.read(tmp_path.parent.parent)
    _run(leave, tmp_path)
    try:
        assert set(_new(before, tmp_path.parent.parent)) == {kind}
    finally:
        _run(remove, tmp_path)

    assert _new(before, tmp_path.parent.parent) == {}


def test_process_and_its_namespaces_are_seen(tmp_path: Path) -> None:
    """A program that looks like a pod's, in a network of its own."""
    before = host.read(tmp_path.parent.parent)
    program = "echo; read -r _ # httpd -f"
    with subprocess.Popen(
        ["unshare", "--net", "sh", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as left:
        try:
            assert left.stdout is not None
            left.stdout.readline()
            assert set(_new(before, tmp_path.parent.parent)) == {"processes", "namespaces"}
        finally:
            left.kill()


@pytest.mark.skipif(not private.is_here(), reason="the host's mounts may be private")
def test_mount_that_a_namespace_passes_on_is_seen(tmp_path: Path) -> None:
    """As those of a node would be, if it did not keep them for itself."""
    before = host.read(tmp_path.parent.parent)
    mount = ["unshare", "--mount", "--propagation", "unchanged", "mount", "-t", "tmpfs", "none"]
    subprocess.run([*mount, tmp_path], check=True)
    try:
        assert set(_new(before, tmp_path.parent.parent)) == {"mounts"}
    finally:
        subprocess.run(["umount", tmp_path], check=True)
