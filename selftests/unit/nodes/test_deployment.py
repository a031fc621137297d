"""Pods for the length of a block, whatever happens in it."""

import os
from collections.abc import Sequence

import pytest

from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import CommandResult, PodNetwork
from podpath.nodes import deployment
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.nodes.pod import Pod, PodSpec


class _Node(Node):
    """A node whose pods cannot be deleted."""

    kind, uplink, pid = "none", "eth0", os.getpid()
    links, shared, own_programs = frozenset({"lo", "eth0"}), False, True
    versions: dict[str, str] = {}  # noqa: RUF012

    def create_pod(self, spec: PodSpec) -> Pod:
        return Pod(spec.name, "", PodNetwork(spec.name, "", (), ""))

    def ended(self) -> str:
        return ""

    def delete_pod(self, pod: Pod) -> None:
        raise DoesNotConform(f"the plugin failed DEL for pod {pod.name}")

    def execute(
        self, pod: Pod, container: str, command: Sequence[str], seconds: float
    ) -> CommandResult:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def _serving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment, "wait_until_serving", lambda *_: None)


def test_failure_to_delete_does_not_replace_the_first_failure() -> None:
    with pytest.raises(LookupError, match="first") as caught, Deployment(_Node()).temporary("a"):
        raise LookupError("first")

    assert caught.value.__notes__ == [
        "Then, when the pods were deleted: the plugin failed DEL for pod a"
    ]


def test_failure_to_delete_alone_is_told() -> None:
    with pytest.raises(DoesNotConform, match="DEL for pod a"), Deployment(_Node()).temporary("a"):
        pass


def test_pod_that_is_not_there() -> None:
    with pytest.raises(CouldNotTest, match="there is no pod nobody"):
        Deployment(_Node())["nobody"]
