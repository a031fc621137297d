"""The client of the Kubernetes API, as far as podpath uses it. The only user of kubernetes."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from podpath.errors import CouldNotTest
from podpath.model import CommandResult
from podpath.nodes.cluster.extra import INSTALL
from podpath.system import limits

T = TypeVar("T")
#: An answer of the API: a JSON document.
Document = dict[str, Any]

_GONE, _CONFLICT = 404, 409
_REFUSED = (401, 403)
_REMEDY = "docs/kubernetes.md lists what podpath must be allowed to do"
# Exit status that shells use for a program that cannot be run.
_NOT_STARTED = 127


def installed() -> None:
    """Check that the Python package kubernetes is installed.

    Raises:
        CouldNotTest: it is not.
    """
    try:
        import kubernetes  # noqa: F401
    except ImportError:
        raise CouldNotTest("the Python package kubernetes is missing", INSTALL) from None


class Api:
    """A connection to an API server with one identity; of_file and of_pod make it.

    All methods raise CouldNotTest if the server does not answer, or refuses.

    Attributes:
        server: URL of the API server.
    """

    def __init__(self, configuration: Any) -> None:
        from kubernetes import client

        configuration.retries = 2
        self._configuration = configuration
        self._client: Any = client
        self._core: Any = client.CoreV1Api(client.ApiClient(configuration))
        self._apps: Any = client.AppsV1Api(self._core.api_client)
        self.server: str = configuration.host

    def close(self) -> None:
        """Close the connections."""
        self._core.api_client.close()

    def _call(self, doing: str, method: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        """Call a method, and return its answer as JSON; None if the object does not exist."""
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            seconds = limits.current().api_answer
            given = method(*arguments, **more, _request_timeout=seconds)
        except ApiException as error:
            if error.status == _GONE:
                return None
            why = _message(error.body) or error.reason or "no reason given"
            remedy = _REMEDY if error.status in _REFUSED else ""
            raise CouldNotTest(
                f"the API server refused to {doing} (status {error.status}): {why}", remedy
            ) from None
        except (HTTPError, OSError) as error:
            raise CouldNotTest(
                f"the API server {self.server} did not answer, asked to {doing}: {error}",
                "See whether the cluster runs, and the kubeconfig is its own",
            ) from None
        return self._core.api_client.sanitize_for_serialization(given)

    def version(self) -> str:
        """Return the API server's version."""
        api = self._client.VersionApi(self._core.api_client)
        return str(self._call("tell its version", api.get_code)["gitVersion"])

    def nodes(self) -> list[Document]:
        """List the cluster's nodes."""
        return list(self._call("list nodes", self._core.list_node)["items"])

    def node(self, name: str) -> Document:
        """Read a node.

        Raises:
            CouldNotTest: the cluster has no such node.
        """
        document = self._call(f"read node {name}", self._core.read_node, name)
        if document is None:
            raise CouldNotTest(f"the cluster has no node {name}")
        return dict(document)

    def create_namespace(
        self, name: str, annotations: Mapping[str, str], owner: Document | None = None
    ) -> None:
        """Create a namespace that admits pods as privileged as podpath's.

        Args:
            name: its name.
            annotations: its annotations.
            owner: reference to the object with which the cluster deletes it, if any.
        """
        labels = {
            "app.kubernetes.io/managed-by": "podpath",
            "pod-security.kubernetes.io/enforce": "privileged",
        }
        metadata = {"name": name, "labels": labels, "annotations": dict(annotations)}
        owners = {"ownerReferences": [owner]} if owner else {}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {**metadata, **owners}}
        self._call(f"create namespace {name}", self._core.create_namespace, body)

    def namespaces(self) -> list[Document]:
        """List the namespaces that podpath created, in any run."""
        selector = "app.kubernetes.io/managed-by=podpath"
        document = self._call("list namespaces", self._core.list_namespace, label_selector=selector)
        return list(document["items"])

    def delete_namespace(self, name: str) -> None:
        """Delete a namespace and its content; it is gone when namespaces() no longer lists it."""
        self._call(f"delete namespace {name}", self._core.delete_namespace, name)

    def service_account(self, namespace: str, name: str) -> Document | None:
        """Read a service account; None if it does not exist."""
        document: Document | None = self._call(
            f"read service account {name}",
            self._core.read_namespaced_service_account,
            name,
            namespace,
        )
        return document

    def create_pod(self, namespace: str, body: Document) -> Document:
        """Create a pod.

        Raises:
            CouldNotTest: the namespace does not exist.
        """
        name = body["metadata"]["name"]
        return dict(
            self._call(f"create pod {name}", self._core.create_namespaced_pod, namespace, body)
            or _no_namespace(namespace)
        )

    def pod(self, namespace: str, name: str) -> Document | None:
        """Read a pod; None if it does not exist."""
        document: Document | None = self._call(
            f"read pod {name}", self._core.read_namespaced_pod, name, namespace
        )
        return document

    def delete_pod(self, namespace: str, name: str) -> None:
        """Delete a pod; it is gone when pod() returns None."""
        self._call(f"delete pod {name}", self._core.delete_namespaced_pod, name, namespace)

    def events(self, namespace: str, pod: str) -> list[tuple[str, str]]:
        """List reason and message of a pod's events, in order."""
        document = self._call(
            f"list the events of pod {pod}",
            self._core.list_namespaced_event,
            namespace,
            field_selector=f"involvedObject.name={pod}",
        )
        return [(e.get("reason", ""), e.get("message", "")) for e in document["items"]]

    def create_service(self, namespace: str, body: Document) -> Document:
        """Create a Service."""
        name = body["metadata"]["name"]
        return dict(
            self._call(
                f"create service {name}", self._core.create_namespaced_service, namespace, body
            )
        )

    def service(self, namespace: str, name: str) -> Document | None:
        """Read a Service; None if it does not exist."""
        document: Document | None = self._call(
            f"read service {name}", self._core.read_namespaced_service, name, namespace
        )
        return document

    def delete_service(self, namespace: str, name: str) -> None:
        """Delete a Service."""
        self._call(f"delete service {name}", self._core.delete_namespaced_service, name, namespace)

    def daemon_sets(self) -> list[Document]:
        """List the daemon sets of all namespaces."""
        method = self._apps.list_daemon_set_for_all_namespaces
        return list(self._call("list daemon sets", method)["items"])

    def delete_deployment(self, namespace: str, name: str) -> None:
        """Delete a Deployment, with its pods."""
        self._call(
            f"delete deployment {name}",
            self._apps.delete_namespaced_deployment,
            name,
            namespace,
            propagation_policy="Background",
        )

    def execute(
        self, namespace: str, pod: str, container: str, command: Sequence[str], seconds: float
    ) -> CommandResult:
        """Run a command in a container to its end.

        Raises:
            CouldNotTest: the command cannot be run, or does not end in time.
        """
        # A client for each command: stream() replaces a method of its client.
        with self._another() as core:
            stream = self._open(core, namespace, pod, container, command)
            deadline = time.monotonic() + seconds
            try:
                while stream.is_open():
                    left = deadline - time.monotonic()
                    if left <= 0:
                        what = f"{' '.join(command)[:200]} in pod {pod}"
                        raise CouldNotTest(
                            f"{what} did not end in {seconds:.0f} s",
                            limits.current().remedy,
                        )
                    stream.update(timeout=left)
                output, errors = stream.read_channel(1), stream.read_channel(2)
                status, reason = exit_status(stream.read_channel(3))
            finally:
                stream.sock.shutdown()  # close() leaves it open if the server closed first
        return CommandResult(status, output, errors.decode(errors="replace") + reason)

    @contextmanager
    def _another(self) -> Iterator[Any]:
        client = self._client.ApiClient(self._configuration)
        try:
            yield self._client.CoreV1Api(client)
        finally:
            client.close()

    def _open(
        self, core: Any, namespace: str, pod: str, container: str, command: Sequence[str]
    ) -> Any:
        from kubernetes.client.exceptions import ApiException
        from kubernetes.stream import stream

        try:
            return stream(
                core.connect_get_namespaced_pod_exec,
                pod,
                namespace,
                container=container,
                command=list(command),
                stdout=True,
                stderr=True,
                stdin=False,
                tty=False,
                binary=True,
                _preload_content=False,
            )
        except ApiException as error:
            what, why = " ".join(command)[:200], str(error.reason)[:300]
            raise CouldNotTest(f"{what} could not be run in pod {pod}: {why}", _REMEDY) from None


def _no_namespace(name: str) -> Document:
    raise CouldNotTest(f"the namespace {name} is not there, or no longer")


def _message(body: str | bytes | None) -> str:
    """Return the message of a Status document of the API; empty if it has none."""
    try:
        document = json.loads(body or "")
    except (ValueError, RecursionError):
        return ""
    return str(document.get("message", "")) if isinstance(document, dict) else ""


def exit_status(message: bytes) -> tuple[int, str]:
    """Read a command's exit status, and why it did not run, from its Status document. Pure.

    The document comes at the end of channel 3 of v4.channel.k8s.io. Success has no details;
    NonZeroExitCode has the cause
    ExitCode.

    Raises:
        CouldNotTest: the connection ended without the document.
    """
    try:
        document = json.loads(message)
        if document["status"] == "Success":
            return 0, ""
        causes = document.get("details", {}).get("causes", [])
        codes = [c["message"] for c in causes if c.get("reason") == "ExitCode"]
        return (int(codes[0]), "") if codes else (_NOT_STARTED, str(document.get("message", "")))
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise CouldNotTest(
            "the connection to a command in a pod was lost before it ended"
        ) from None


def of_file(path: str | None) -> Api:
    """Connect to the API server of a kubeconfig: this file, else $KUBECONFIG or ~/.kube/config.

    Raises:
        CouldNotTest: the kubeconfig cannot be used.
    """
    return Api(configuration_of_file(path))


def configuration_of_file(path: str | None) -> Any:
    """Read the configuration of the client from a kubeconfig, as of_file does.

    Raises:
        CouldNotTest: the kubeconfig cannot be used.
    """
    installed()
    from kubernetes import client
    from kubernetes import config as untyped

    config: Any = untyped
    configuration = client.Configuration()
    try:
        config.load_kube_config(config_file=path, client_configuration=configuration)
    except (config.ConfigException, OSError, ValueError) as error:
        raise CouldNotTest(
            f"the kubeconfig {path or 'of this user'} cannot be used: {error}",
            "Name one with --kubeconfig",
        ) from None
    return configuration


def of_pod() -> Api:
    """Connect to the API server of the cluster that podpath runs in, with its service account.

    Raises:
        CouldNotTest: podpath does not run in a cluster.
    """
    return Api(configuration_of_pod())


def configuration_of_pod() -> Any:
    """Read the configuration of the client from the pod that podpath runs in.

    Raises:
        CouldNotTest: podpath does not run in a cluster.
    """
    installed()
    from kubernetes import client
    from kubernetes import config as untyped

    config: Any = untyped
    configuration = client.Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
    except (config.ConfigException, OSError) as error:
        raise CouldNotTest(
            f"podpath does not run in a pod with a service account: {error}",
            "Name a kubeconfig with --kubeconfig",
        ) from None
    return configuration
