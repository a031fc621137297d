"""Pods as the runtime on their node reports them, read in the same way on every kind of node."""

import os
from contextlib import suppress
from typing import Any

from podpath.cni import result
from podpath.errors import CouldNotTest
from podpath.model import PodNetwork, ip_addresses
from podpath.nodes import cri
from podpath.nodes.base import Node
from podpath.nodes.cri import Runtime

_RESULTS = "/var/lib/cni/results"


def network(node: Node, runtime: Runtime, pod: str, sandbox: str) -> PodNetwork:
    """Read a pod's network from the runtime.

    Raises:
        CouldNotTest: the runtime does not report it.
    """
    texts, information = runtime.sandbox_status(sandbox)
    try:
        addresses = ip_addresses(texts)
    except ValueError as error:
        raise CouldNotTest(f"containerd's addresses of pod {pod}: {error}") from None
    return PodNetwork(
        name=pod,
        netns=os.path.basename(cri.network_namespace(information)),
        addresses=addresses,
        sandbox=sandbox,
        result=plugin_result(node, sandbox),
    )


def plugin_result(node: Node, sandbox: str) -> dict[str, Any]:
    """Read the result of the last ADD in libcni's cache, file NETWORK-CONTAINER-INTERFACE."""
    for path in node.root(_RESULTS).glob(f"*-{sandbox}-eth0"):
        with (
            suppress(FileNotFoundError),  # the runtime has just deleted the pod
            node.opened(f"{_RESULTS}/{path.name}") as opened,
        ):
            return result.read(opened)
    return {}
