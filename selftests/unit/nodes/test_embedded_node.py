"""The embedded node removes what a failed DEL leaves in the way of later tests."""

from collections.abc import Sequence

import pytest

from podpath.errors import DoesNotConform
from podpath.model import CommandResult, PodNetwork
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
