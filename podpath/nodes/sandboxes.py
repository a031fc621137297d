"""Pods as the runtime on their node reports them, read in the same way on every kind of node."""

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
        with node.opened(f"{_RESULTS}/{path.name}") as opened:
            return result.read(opened)
    return {}


def hung(node: Node) -> str:
    """List the CNI plugins that run on a node at this moment, with their CNI commands."""
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
    """Return a line with the command of a process, if it is a CNI plugin; otherwise nothing. Pure.

    Args:
        environment: text of /proc/PID/environ.
        command: text of /proc/PID/cmdline.
    """
    words = b" ".join(proc.strings(command[:_COMMAND_BYTES]))
    text = words.decode(errors="replace").strip()
    return [
        f"still running: {text} ({variable[:_COMMAND_BYTES].decode(errors='replace')})"
        for variable in proc.strings(environment)
        if variable.startswith(b"CNI_COMMAND=")
    ][:1]
