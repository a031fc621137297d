"""The API as a fleet run uses it: Jobs of one namespace, their pods, and their logs."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from podpath.errors import CouldNotTest
from podpath.nodes.cluster.kube_api import Api, Document

#: Selects pods that have ended, and pods that have not started.
ENDED = "status.phase!=Running,status.phase!=Pending"
PENDING = "status.phase=Pending"


class Jobs(Api):
    """A connection to an API server that counts its requests.

    All methods raise CouldNotTest if the server does not answer, or refuses.

    Attributes:
        requests: method of the client -> number of calls.
    """

    def __init__(self, configuration: Any) -> None:
        super().__init__(configuration)
        self.requests: Counter[str] = Counter()
        self._batch: Any = self._client.BatchV1Api(self._core.api_client)
        self._rbac: Any = self._client.RbacAuthorizationV1Api(self._core.api_client)

    def _call(self, doing: str, method: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        self.requests[method.__name__] += 1
        return super()._call(doing, method, *arguments, **more)

    def selected_nodes(self, selector: str) -> list[Document]:
        """List the cluster's nodes that a label selector selects; all with an empty one."""
        document = self._call("list nodes", self._core.list_node, label_selector=selector)
        return list(document["items"])

    def make_namespace(self, body: Document) -> Document:
        """Create a namespace, and return it with its uid."""
        name = body["metadata"]["name"]
        return dict(self._call(f"create namespace {name}", self._core.create_namespace, body))

    def namespace(self, name: str) -> Document | None:
        """Read a namespace; None if it does not exist."""
        document: Document | None = self._call(
            f"read namespace {name}", self._core.read_namespace, name
        )
        return document

    def labelled_namespaces(self, label: str) -> list[Document]:
        """List the namespaces that have a label."""
        method = self._core.list_namespace
        return list(self._call("list namespaces", method, label_selector=label)["items"])

    def annotate(self, namespace: str, annotations: Mapping[str, str]) -> None:
        """Change annotations of a namespace."""
        body = {"metadata": {"annotations": dict(annotations)}}
        self._call(f"patch namespace {namespace}", self._core.patch_namespace, namespace, body)

    def make_account(self, namespace: str, account: Document) -> None:
        """Create a service account."""
        method = self._core.create_namespaced_service_account
        self._call(f"create a service account in {namespace}", method, namespace, account)

    def make_role(self, role: Document, binding: Document) -> None:
        """Create a cluster role, and the binding that grants it."""
        name = role["metadata"]["name"]
        self._call(f"create cluster role {name}", self._rbac.create_cluster_role, role)
        method = self._rbac.create_cluster_role_binding
        self._call(f"create cluster role binding {name}", method, binding)

    def make_job(self, namespace: str, body: Document) -> None:
        """Create a Job.

        Raises:
            CouldNotTest: the namespace does not exist any more.
        """
        name = body["metadata"]["name"]
        method = self._batch.create_namespaced_job
        if self._call(f"create job {name}", method, namespace, body) is None:
            raise CouldNotTest(f"the namespace {namespace} is gone: somebody deleted it")

    def delete_job(self, namespace: str, name: str) -> None:
        """Delete a Job, and its pod."""
        method = self._batch.delete_namespaced_job
        self._call(f"delete job {name}", method, name, namespace, propagation_policy="Background")

    def job_pods(self, namespace: str, label: str, field: str = "") -> list[Document]:
        """List the pods of a namespace that a label selects, and a field."""
        method = self._core.list_namespaced_pod
        document = self._call(
            "list pods", method, namespace, label_selector=label, field_selector=field
        )
        return list(document["items"])

    def log(self, namespace: str, pod: str) -> str:
        """Read the log of a pod's container; empty if it has none."""
        # The client decodes a text as the repr of its bytes unless told to leave it alone.
        method = self._core.read_namespaced_pod_log
        response = self._raw(f"read the log of pod {pod}", method, pod, namespace)
        return "" if response is None else response.decode(errors="replace")

    def _raw(self, doing: str, method: Callable[..., Any], *arguments: Any) -> bytes | None:
        content: list[bytes] = []

        def read(*given: Any, **more: Any) -> None:
            content.append(method(*given, **more, _preload_content=False).data)

        read.__name__ = method.__name__
        self._call(doing, read, *arguments)
        return content[0] if content else None

    def job_events(self, namespace: str, names: Sequence[str]) -> list[tuple[str, str]]:
        """List reason and message of the events of some objects, in order."""
        return [event for name in names for event in self.events(namespace, name)]
