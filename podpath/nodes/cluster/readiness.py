"""Whether a node or a pod is ready, and if not, why. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]

#: Reasons of a waiting container that do not end by themselves.
#: Source: pkg/kubelet/images/types.go and pkg/kubelet/kuberuntime of Kubernetes.
_STUCK = (
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
)


def ready(document: Document) -> bool:
    """Return whether a node or a pod is ready."""
    conditions = document.get("status", {}).get("conditions") or []
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def hindrance(pod: Document) -> str:
    """Return why a pod does not become ready, however long it is awaited; empty if it may.

    A pod whose containers are restarted may become ready after one of them has ended.
    """
    status = pod.get("status", {})
    for container in status.get("containerStatuses") or []:
        name = container.get("name")
        if why := stuck(container):
            return f"container {name} does not start: {why}"
        ended = container.get("state", {}).get("terminated") or {}
        if ended and status.get("phase") == "Failed":
            return f"container {name} ended with status {ended.get('exitCode')}: {_words(ended)}"
    return ""


def stuck(container: Mapping[str, Any]) -> str:
    """Return reason and message of a container's status that waits in vain; empty for others."""
    waits = container.get("state", {}).get("waiting") or {}
    return _words(waits) if waits.get("reason") in _STUCK else ""


def _words(state: Mapping[str, Any]) -> str:
    return ": ".join(str(state[key]).strip() for key in ("reason", "message") if state.get(key))


def described(document: Document, events: Sequence[tuple[str, str]]) -> str:
    """Describe in lines why a pod or a node is not ready, from its document and events."""
    status = document.get("status", {})
    lines = [f"phase {status.get('phase', '?')}"]
    for entry in status.get("conditions") or []:
        reason = " ".join(str(entry[k]) for k in ("reason", "message") if entry.get(k))
        lines.append(f"condition {entry.get('type')}: {entry.get('status')} {reason}".rstrip())
    for entry in status.get("containerStatuses") or []:
        state = json.dumps(entry.get("state", {}), sort_keys=True, default=str)
        lines.append(f"container {entry.get('name')}: {state}")
    lines += [f"event {reason}: {message}" for reason, message in events]
    return "\n".join(lines)
