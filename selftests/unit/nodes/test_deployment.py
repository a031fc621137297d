"""Pods for the length of a block, whatever happens in it."""

import os
import time
from collections.abc import Sequence

import pytest

from podpath.errors import CouldNotTest, DoesNotConform, Hung, Unmet
from podpath.model import CommandResult, PodNetwork
from podpath.nodes import deployment
from podpath.nodes.base import Node
from podpath.nodes.cluster import kubernetes
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


def test_failure_to_delete_is_that_of_one_requirement() -> None:
    with pytest.raises(Unmet) as caught, Deployment(_Node()).temporary("a"):
        pass

    assert (caught.value.requirement, caught.value.consequence) == (
        "LIFE-DELETE",
        "no pod could be deleted",
    )


def test_command_that_hung_is_not_called_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first test is the one violation's consequence, too, unless it is of that requirement."""
    calls = []

    def hang(_: Node, spec: PodSpec) -> Pod:
        calls.append(spec.name)
        raise Hung(f"the plugin did not finish ADD for pod {spec.name} in 20 s", "still running")

    monkeypatch.setattr(_Node, "create_pod", hang)
    pods = Deployment(_Node())
    for name in "ab":
        with pytest.raises(Unmet, match="ADD for pod a") as caught:
            pods.create(name)
        assert caught.value.requirement == "LIFE-ADD"
    with pytest.raises(Unmet, match="ADD for pod a"):
        Deployment(_Node(), pods.hung).create("c")

    assert calls == ["a"]


def test_deletion_that_hung_is_not_awaited_for_other_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are taken off the node, and no test makes further pods."""
    deleted, discarded = [], []

    def hang(_: Node, pod: Pod) -> None:
        deleted.append(pod.name)
        raise Hung(f"the plugin did not finish DEL for pod {pod.name} in 20 s", "still running")

    monkeypatch.setattr(_Node, "delete_pod", hang)
    monkeypatch.setattr(_Node, "discard_pod", lambda _, pod: discarded.append(pod.name))
    pods = Deployment(_Node())
    pods.create("first")
    with pytest.raises(Unmet, match="DEL for pod b") as caught, pods.temporary("a"):  # noqa: SIM117
        with pods.temporary("b"):
            pass
    with pytest.raises(Unmet, match="DEL for pod b"), pods.temporary("c"):
        pytest.fail("made a pod that cannot be deleted")

    assert caught.value.requirement == "LIFE-DELETE"
    assert (deleted, discarded) == (["b"], ["a"])


def test_pods_are_created_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A race is the affair of the tests that ask for one."""
    at_once: list[int] = []
    running: list[str] = []

    def create(_: Node, spec: PodSpec) -> Pod:
        running.append(spec.name)
        time.sleep(0.01)
        at_once.append(len(running))
        running.remove(spec.name)
        return Pod(spec.name, "", PodNetwork(spec.name, "", (), ""))

    monkeypatch.setattr(_Node, "create_pod", create)
    Deployment(_Node()).create("a", "b", "c")

    assert at_once == [1, 1, 1]


@pytest.mark.parametrize(("name", "passing"), [("passer-1", True), ("server", False)])
def test_passers_need_no_containers(name: str, passing: bool) -> None:
    """A kubelet starts them all the same: it makes no pod without."""
    specified = deployment.spec(name)

    assert specified.passing is passing
    assert kubernetes.manifest(specified, "node", "image")["spec"]["containers"]


def test_later_pod_whose_add_fails_is_that_of_one_requirement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever a test creates a pod for: a plugin that fails now and then has one violation."""

    def fail(_: Node, spec: PodSpec) -> Pod:
        if spec.name == "b":
            raise DoesNotConform("the plugin failed ADD for pod b")
        return Pod(spec.name, "", PodNetwork(spec.name, "", (), ""))

    monkeypatch.setattr(_Node, "create_pod", fail)
    monkeypatch.setattr(_Node, "delete_pod", lambda *_: None)
    pods = Deployment(_Node())

    with pods.temporary("a"), pytest.raises(Unmet) as caught, pods.temporary("b"):
        pass

    assert (caught.value.requirement, caught.value.consequence) == (
        "LIFE-ADD",
        "a pod could not be made",
    )
