"""Whatever the runtime says of a sandbox: it is understood, or could not be tested."""

import os
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import PodNetwork
from podpath.nodes import cri, plugin_processes, sandboxes
from podpath.nodes.embedded.node import EmbeddedNode
from podpath.nodes.pod import PodSpec

from ..strategies import documents, near, soundly, texts

INFORMATION = {
    "pid": 7,
    "runtimeSpec": {
        "linux": {
            "namespaces": [
                {"type": "pid"},
                {"type": "network", "path": "/var/run/netns/cni-01ab"},
            ]
        }
    },
}


@given(documents)
def test_any_information_is_an_object_or_told(content: bytes) -> None:
    """What containerd says beyond CRI is JSON of its own."""
    read = soundly(cri._information, {"info": content.decode(errors="surrogateescape")})

    assert read is None or isinstance(read, dict)


def test_missing_information_could_not_be_tested() -> None:
    """As with a runtime that has none."""
    with pytest.raises(CouldNotTest, match="verbose information"):
        cri._information({})


@given(near(INFORMATION))
def test_any_information_has_a_namespace_or_none(information: Any) -> None:
    """Nothing is assumed of its inside."""
    if isinstance(information, dict):
        path = soundly(cri.network_namespace, information)
        assert path is None or path


class _Runtime:
    """A runtime that says of a sandbox what it was told to say."""

    def __init__(self, addresses: list[str], information: Mapping[str, Any]) -> None:
        self._said = addresses, information
        self.removed: list[str] = []

    def sandbox_status(self, sandbox: str) -> tuple[list[str], Mapping[str, Any]]:
        assert sandbox == "sandbox"
        return self._said

    def run_pod(self, name: str, uid: str, ports: object) -> tuple[str, object]:
        assert uid.startswith(name)
        assert not ports
        return "sandbox", None

    def remove_pod(self, name: str, sandbox: str) -> None:
        self.removed.append(f"{name} {sandbox}")
        raise DoesNotConform("the plugin failed DEL as well")


def _node(runtime: _Runtime) -> EmbeddedNode:
    keeper = SimpleNamespace(init=os.getpid(), missing=[])
    node = EmbeddedNode(keeper)
    node.close()
    node._runtime = runtime  # type: ignore[assignment]
    return node


@given(st.lists(texts, max_size=3))
def test_any_addresses_are_read_or_told(said: list[str]) -> None:
    """Texts, where there should be addresses."""
    runtime = _Runtime(said, INFORMATION)
    network: PodNetwork | None = soundly(
        sandboxes.network, _node(runtime), runtime, "client", "sandbox"
    )

    assert network is None or (len(network.addresses), network.netns) == (len(said), "cni-01ab")


def test_pod_that_is_not_understood_is_removed() -> None:
    """Nobody else would do it; and the first of two failures is the one to tell."""
    runtime = _Runtime(["nowhere"], INFORMATION)

    with pytest.raises(CouldNotTest, match="addresses of pod client"):
        _node(runtime).create_pod(PodSpec("client", {}))
    assert runtime.removed == ["client sandbox"]


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_process_is_described(environment: bytes, command: bytes) -> None:
    """A plugin that hangs may have changed both, to anything."""
    (said,) = plugin_processes.called(environment + b"\0CNI_COMMAND=ADD\xff\0", command * 100)

    assert said.startswith("still running: ")
    assert len(said) < 500


@pytest.mark.parametrize("details", ["", "no", "ä" * 4000, "\0\ud800" * 10**6])
def test_reasons_are_bounded(details: str) -> None:
    """What a plugin said of its failure is told from its beginning."""

    class Error:
        def details(self) -> str:
            return details

    reason = cri._reason(Error())

    assert len(reason) < 5000
    assert not details or reason[:4000] == details[:4000]
