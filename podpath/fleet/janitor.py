"""The Job that deletes a fleet run's namespace when the command that made it no longer lives."""

import time

from podpath.fleet import manifests
from podpath.nodes.cluster.kube_jobs import Jobs

#: Seconds without a sign of life after which the command is taken for dead; it gives one in 20.
SILENCE = 90.0
_LOOK = 5.0


def watch(api: Jobs, namespace: str) -> int:
    """Wait until the command gives no sign of life any more, and delete the namespace.

    The sign is compared with the one before, never with this machine's clock.

    Args:
        api: API server.
        namespace: the run's namespace.

    Returns:
        0.
    """
    sign, seen = "", time.monotonic()
    while time.monotonic() - seen < SILENCE:
        document = api.namespace(namespace)
        if document is None:
            return 0
        latest = (document["metadata"].get("annotations") or {}).get(manifests.ALIVE, "")
        if latest != sign:
            sign, seen = latest, time.monotonic()
        time.sleep(_LOOK)
    api.delete_namespace(namespace)
    return 0
