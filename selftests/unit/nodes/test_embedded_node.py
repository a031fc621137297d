"""The embedded node removes what a failed DEL leaves in the way of later tests."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from podpath.errors import DoesNotConform
from podpath.model import CommandResult, PodNetwork
from podpath.nodes.embedded import init
from podpath.nodes.embedded.node import EmbeddedNode
from podpath.nodes.pod import Pod

POD = Pod("transient", "sandbox", PodNetwork("transient", "cni-transient", (), "sandbox"))


class Refusing:
    """A runtime whose plugin fails DEL."""

    def remove_pod(self, name: str, sandbox: str) -> None:
        raise DoesNotConform(f"the plugin failed DEL for pod {name}", sandbox)


def test_namespace_goes_although_del_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With it the links that the plugin left: later tests must not blame the plugin for each."""
    commands: list[Sequence[str]] = []

    def run(_: EmbeddedNode, command: Sequence[str]) -> CommandResult:
        commands.append(command)
        return CommandResult(0, b"", "")

    monkeypatch.setattr(EmbeddedNode, "run", run)
    monkeypatch.setattr(EmbeddedNode, "_runtime", Refusing(), raising=False)
    node = EmbeddedNode.__new__(EmbeddedNode)

    with pytest.raises(DoesNotConform, match="failed DEL for pod transient"):
        node.delete_pod(POD)

    ((*shell, name),) = commands
    assert name == "cni-transient"
    assert 'ip netns delete "$1"' in shell[2]


def test_mount_that_the_host_removed_meanwhile_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container of the host may end while a node starts. A mount that is there must be shown."""

    def fail(*_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    there = tmp_path / "there"
    there.mkdir()
    monkeypatch.setattr(init, "_ROOT", "")
    monkeypatch.setattr(init, "_show", fail)
    monkeypatch.setattr("os.path.exists", lambda _: True)

    init._show_mount(str(tmp_path / "gone"), 1)
    with pytest.raises(FileNotFoundError):
        init._show_mount(str(there), 1)
