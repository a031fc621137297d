"""Pods as the runtime on their node sees them: what every kind of node reads in the same way."""

import os
from typing import Any

from podpath.cni import result
from podpath.errors import CouldNotTest
from podpath.model import PodNetwork, ip_addresses
from podpath.nodes import cri
from podpath.nodes.base import Node
from podpath.nodes.cri import Runtime
from podpath.system import proc

_RESULTS = "/var/lib/cni/results"
_COMMAND_BYTES = 200
_MOST_RUNNING = 20


def network(node: Node, runtime: Runtime, pod: str, sandbox: str) -> PodNetwork:
    """What the runtime says of a pod's network. Raises CouldNotTest if it does not say."""
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
    """What libcni keeps of the last ADD: NETWORK-CONTAINER-INTERFACE in its cache."""
    for path in node.root(_RESULTS).glob(f"*-{sandbox}-eth0"):
        with node.opened(f"{_RESULTS}/{path.name}") as opened:
            return result.read(opened)
    return {}


def hung(node: Node) -> str:
    """The CNI plugins that run on a node at this moment, with what they were called for."""
    running = []
    for process in node.root("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        running += called(environment, command)
    return "\n".join(running[:_MOST_RUNNING])


def called(environment: bytes, command: bytes) -> list[str]:
    """What a process is called for, if it is a CNI plugin. Pure.

    Args:
        environment: The text of /proc/PID/environ.
        command: The text of /proc/PID/cmdline.
    """
    words = b" ".join(proc.strings(command[:_COMMAND_BYTES]))
    said = words.decode(errors="replace").strip()
    return [
        f"still running: {said} ({variable[:_COMMAND_BYTES].decode(errors='replace')})"
        for variable in proc.strings(environment)
        if variable.startswith(b"CNI_COMMAND=")
    ][:1]
