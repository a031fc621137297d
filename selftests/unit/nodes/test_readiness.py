"""Whether a pod or a node is ready, and if not, why."""

from typing import Any

import pytest

from podpath.nodes.cluster import readiness


def _pod(phase: str = "Pending", **state: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}],
            "containerStatuses": [{"name": "main", "state": state}],
        }
    }


def test_pod_that_is_not_ready_is_described() -> None:
    pod = _pod(waiting={"reason": "Backoff"})

    assert not readiness.ready(pod)
    assert not readiness.ready({})
    text = readiness.described(pod, [("Failed", "no image")])
    assert "ContainersNotReady" in text
    assert "Backoff" in text
    assert "event Failed: no image" in text


@pytest.mark.parametrize(
    ("pod", "why"),
    [
        (
            _pod(waiting={"reason": "ErrImagePull", "message": "no such host"}),
            "container main does not start: ErrImagePull: no such host",
        ),
        (
            _pod("Failed", terminated={"exitCode": 127, "reason": "Error"}),
            "container main ended with status 127: Error",
        ),
    ],
)
def test_pod_that_will_not_become_ready_says_why(pod: dict[str, Any], why: str) -> None:
    assert readiness.hindrance(pod) == why


@pytest.mark.parametrize(
    "pod",
    [
        {},
        _pod(),
        _pod(waiting={"reason": "ContainerCreating"}),
        _pod(waiting={"reason": "CrashLoopBackOff"}),
        _pod("Running", running={}),
        # Kubernetes starts its container again
        _pod("Running", terminated={"exitCode": 1, "reason": "Error"}),
    ],
)
def test_pod_that_may_become_ready_is_awaited(pod: dict[str, Any]) -> None:
    assert readiness.hindrance(pod) == ""
