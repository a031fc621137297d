"""Why a node is not tested, in Kubernetes' own words. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from podpath.nodes.cluster import readiness

Document = Mapping[str, Any]

#: Phases of a pod that has ended.
ENDED = ("Succeeded", "Failed")


def of_node(node: Document, machine: str) -> str:
    """Return why a node cannot be tested; empty if it can.

    Args:
        node: the API's document of the node.
        machine: architecture of the image, as Kubernetes names it; empty to take any.
    """
    information = node["status"]["nodeInfo"]
    system, architecture = information["operatingSystem"], information["architecture"]
    if system != "linux":
        return f"its operating system is {system}, and podpath needs Linux"
    if machine and architecture != machine:
        return f"its architecture is {architecture}, and the image is for {machine}"
    if why := _not_ready(node):
        return why
    if node.get("spec", {}).get("unschedulable"):
        return "it is cordoned (spec.unschedulable)"
    return ""


def _not_ready(node: Document) -> str:
    for condition in node["status"].get("conditions") or []:
        if condition["type"] == "Ready" and condition["status"] != "True":
            return "it is NotReady: " + _words(condition.get("reason"), condition.get("message"))
    return ""


def of_pod(pod: Document) -> str:
    """Return why a Job's pod does not run, and will not; empty if it may."""
    status = pod.get("status", {})
    if status.get("phase") == "Failed" and status.get("reason"):
        return f"its pod failed: {_words(status['reason'], status.get('message'))}"
    for container in status.get("containerStatuses") or []:
        if why := readiness.stuck(container):
            return f"its pod does not start: {why}"
        ended = container.get("state", {}).get("terminated") or {}
        if ended.get("reason") == "OOMKilled":
            return "its pod was killed for want of memory (OOMKilled)"
    return ""


def never_ended(pod: Document | None, events: Sequence[tuple[str, str]], seconds: float) -> str:
    """Describe a Job that did not end by its deadline.

    Args:
        pod: the API's document of its pod; None if it has none.
        events: reason and message of each event of the pod or the Job, in order.
        seconds: the deadline.
    """
    last = [_words(*event) for event in events[-3:]]
    if pod is None:
        return "; ".join([f"its Job made no pod in {seconds:.0f} s", *last])
    phase = pod.get("status", {}).get("phase", "unknown")
    conditions = [
        _words(c.get("reason"), c.get("message"))
        for c in pod.get("status", {}).get("conditions") or []
        if c.get("status") == "False" and c.get("message")
    ]
    told = dict.fromkeys([*conditions, *last])
    return "; ".join([f"its pod is {phase} after {seconds:.0f} s", *told])


def _words(reason: str | None, message: str | None) -> str:
    return ": ".join(text.strip() for text in (reason, message) if text)
