"""A node of a Kubernetes cluster: the API creates its pods, and the runtime shows them."""

import json
import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from podpath.errors import CouldNotTest, DoesNotConform, Hung
from podpath.model import CommandResult, PodNetwork, Settings
from podpath.nodes import image, plugin_processes, sandboxes
from podpath.nodes.base import Node
from podpath.nodes.belongings import Neighbours, Owners
from podpath.nodes.cluster import readiness
from podpath.nodes.cluster.census import Census
from podpath.nodes.cluster.kube_api import Api, Document
from podpath.nodes.cri import Runtime
from podpath.nodes.deployment import HTTP_PORT
from podpath.nodes.pod import Pod, PodSpec
from podpath.system import limits, owner, proc, randomness, sysctl, waiting
from podpath.system.netlink import peers

#: Sockets of the runtimes that the kubelet uses.
SOCKETS = ("/run/containerd/containerd.sock", "/run/crio/crio.sock")
#: Annotation of a namespace with the process that created it.
OWNER = "podpath.invalid/owner"
#: Variable with a reference to the object that owns the namespace, as JSON: a fleet run sets it.
OWNED_BY = "PODPATH_OWNED_BY"

#: Period of a kubelet's probe.
_PROBE_SECONDS = 5
#: Pause between two looks at a pod, and time before podpath also reads the pod's events.
_LOOK_SECONDS, _QUIET_SECONDS = 0.05, 1.0


class KubernetesNode(Node):
    """A node of a cluster, and a namespace for the pods of this process."""

    shared = True
    own_programs = False

    def __init__(
        self,
        kind: str,
        api: Api,
        name: str,
        pid: int,
        links: frozenset[str],
        uplink: str,
        ended: Callable[[], str],
        pod_image: str = image.NAME,
        *,
        made: bool = False,
    ) -> None:
        """Connect to the node.

        Args:
            kind: name of the kind of node.
            api: API server.
            name: name of the node in the API.
            pid: pid of a process in the node.
            links: the node's own interfaces.
            uplink: interface of the node's default route.
            ended: function that returns how the node ended by itself; empty while it runs.
            pod_image: image of pods.
            made: True if podpath created the node.

        Raises:
            CouldNotTest: the API server or the runtime does not answer.
        """
        self.kind, self.pid, self.links, self.uplink = kind, pid, links, uplink
        self.name = name
        self.api = api
        self.namespace = f"podpath-{randomness.unique(4).hex()}"
        self.versions: dict[str, str] = {}
        self._image = pod_image
        self._ended = ended
        self._made = made
        self._foreign: dict[str, PodNetwork] = {}
        self._runtime = Runtime(
            str(self._socket()), lambda: plugin_processes.running(self), self.ended
        )
        self._census = Census(self, self._runtime, self.namespace)
        information = api.node(name)["status"]["nodeInfo"]
        self.versions["kubelet"] = information["kubeletVersion"]
        self.versions["node image"] = information["osImage"]
        self.versions["containerd"] = self._runtime.version()

    def _socket(self) -> Path:
        for path in SOCKETS:
            if (socket := self.root(path)).is_socket():
                return socket
        raise CouldNotTest(f"no container runtime listens on the node at {' or '.join(SOCKETS)}")

    def ended(self) -> str:
        """See Node."""
        return self._ended()

    def link_defaults(self) -> Settings:
        """See Node.

        The plugin of other pods may have changed the settings already. A node that podpath created
        started with those of any new namespace.
        """
        now = super().link_defaults()
        return now & sysctl.of_new_namespace(self.network_namespace()) if self._made else now

    def close(self) -> None:
        """Close the connection to the runtime."""
        self._runtime.close()

    def foreign_pods(self, ours: Collection[str]) -> Sequence[PodNetwork]:
        """See Node. Their names are namespace/name."""
        pods = {}
        for sandbox in self._runtime.sandboxes():
            if sandbox.id in ours:
                continue
            if known := self._foreign.get(sandbox.id):
                pods[sandbox.id] = known
                continue
            name = f"{sandbox.namespace}/{sandbox.name}"
            with suppress(CouldNotTest):  # it has ended meanwhile
                if self._runtime.has_network(sandbox.id):
                    pods[sandbox.id] = sandboxes.network(self, self._runtime, name, sandbox.id)
        self._foreign = pods
        return list(pods.values())

    def created(self) -> dict[str, float]:
        """Return when each running pod was created: namespace/name -> seconds since the epoch."""
        return {f"{s.namespace}/{s.name}": s.created for s in self._runtime.sandboxes()}

    def neighbours(self) -> Neighbours:
        """See Node."""
        return self._census.neighbours()

    def owners(self) -> Owners:
        """See Node."""
        return self._census.owners()

    def create_pod(self, spec: PodSpec) -> Pod:
        """See Node."""
        self.neighbours()  # meets those that come and go between two inventories
        made = self.api.create_pod(self.namespace, manifest(spec, self.name, self._image))
        try:
            self._wait_until_ready(spec.name)
            pod = self._pod(spec.name, made["metadata"]["uid"])
            self._census.meet([pod.network])
            return pod
        except BaseException as first:
            try:
                self._delete(spec.name, made["metadata"]["uid"])
            except (CouldNotTest, DoesNotConform) as second:  # the first error is the cause
                first.add_note(f"Then, when the pod was deleted: {second}")
            raise

    def _pod(self, name: str, uid: str) -> Pod:
        listed = self._runtime.sandboxes(uid)
        if len(listed) != 1:
            why = readiness.described(self.document(name), self.api.events(self.namespace, name))
            raise CouldNotTest(f"the runtime has {len(listed)} sandboxes for pod {name}:\n{why}")
        (sandbox,) = listed
        containers = self._runtime.containers(sandbox.id)
        return Pod(
            name=name,
            sandbox=sandbox.id,
            network=sandboxes.network(self, self._runtime, name, sandbox.id),
            containers=containers,
            pids={n: self._runtime.container_pid(c) for n, c in containers.items()},
        )

    def again(self, pod: Pod) -> Pod:
        """Return a pod in its present state, with the containers that were restarted.

        Raises:
            CouldNotTest: the pod no longer exists, or the runtime has no sandbox of it.
        """
        document = self.document(pod.name)
        return self._pod(pod.name, document["metadata"]["uid"])

    def document(self, name: str) -> Document:
        """Return the API server's document of a pod.

        Raises:
            CouldNotTest: the API server has no pod of this name.
        """
        if document := self.api.pod(self.namespace, name):
            return document
        raise CouldNotTest(f"the API server knows no pod {name} any more")

    def _wait_until_ready(self, name: str) -> None:
        limit, began = limits.current(), time.monotonic()
        while not readiness.ready(document := self.document(name)):
            waited = time.monotonic() - began
            if waited > _QUIET_SECONDS:
                self._look_for_a_failure(name, "add", f"ADD for pod {name}")
            if waited > limit.pod_network and (running := plugin_processes.running(self)):
                raise Hung(
                    f"the plugin did not finish ADD for pod {name} in {limit.pod_network:.0f} s",
                    f"{running}\n{limit.of_plugins}",
                )
            if ended := self._ended():
                raise CouldNotTest(ended)
            if why := readiness.hindrance(document):
                raise CouldNotTest(f"pod {name}: {why}", _remedy(why))
            if waited > limit.pod_ready:
                why = readiness.described(document, self.api.events(self.namespace, name))
                raise CouldNotTest(
                    f"pod {name} is not ready after {waited:.0f} s:\n{why}", _remedy(why)
                )
            time.sleep(_LOOK_SECONDS)

    def _look_for_a_failure(self, name: str, command: str, doing: str) -> None:
        """Raise DoesNotConform if an event of the kubelet reports that the plugin failed."""
        for _, message in self.api.events(self.namespace, name):
            if failed(message, command):
                raise DoesNotConform(f"the plugin failed {doing}", message)

    def delete_pod(self, pod: Pod) -> None:
        """See Node."""
        document = self.api.pod(self.namespace, pod.name)
        if document is not None:
            self._delete(pod.name, document["metadata"]["uid"])

    def _delete(self, name: str, uid: str) -> None:
        """Delete a pod, and wait until its sandbox, and so its network, is gone."""
        self.api.delete_pod(self.namespace, name)
        limit, began = limits.current(), time.monotonic()
        while self.api.pod(self.namespace, name) or self._runtime.sandboxes(uid):
            waited = time.monotonic() - began
            if waited > _QUIET_SECONDS:
                self._look_for_a_failure(name, "delete", f"DEL for pod {name}")
            if waited > limit.pod_network and (running := plugin_processes.running(self)):
                raise Hung(
                    f"the plugin did not finish DEL for pod {name} in {limit.pod_network:.0f} s",
                    f"{running}\n{limit.of_plugins}",
                )
            if ended := self._ended():
                raise CouldNotTest(ended)
            if waited > limit.pod_gone:
                events = self.api.events(self.namespace, name)
                lines = "\n".join(f"event {reason}: {message}" for reason, message in events)
                raise CouldNotTest(
                    f"pod {name} is not gone after {waited:.0f} s:\n{lines}", limit.remedy
                )
            time.sleep(_LOOK_SECONDS)

    def execute(
        self, pod: Pod, container: str, command: Sequence[str], seconds: float
    ) -> CommandResult:
        """See Node."""
        return self.api.execute(self.namespace, pod.name, container, command, seconds)


def failed(message: str, command: str) -> bool:
    """Return whether a kubelet's message reports the failure of a plugin's "add" or "delete". Pure.

    containerd writes: plugin type="bridge" failed (add): ...
    """
    doing = {"add": "setup network for sandbox", "delete": "destroy network for sandbox"}[command]
    plugin = re.search(rf"plugin type=\S+ (name=\S+ )?failed \({command}\)", message)
    return plugin is not None or doing in message


def _remedy(why: str) -> str:
    if "ErrImageNeverPull" in why or "ImagePull" in why:
        return (
            "The node does not have podpath's pod image."
            " python -m podpath.nodes.image FILE writes it;"
            " push it where the node can pull it from, and name it with --podpath-image"
            " (--pod-image of podpath fleet)"
        )
    return limits.current().remedy


def manifest(spec: PodSpec, node: str, pod_image: str) -> Document:
    """Return the manifest of a pod that is pinned to a node, whatever taints the node has. Pure."""
    containers: list[Document] = [
        {
            "name": name,
            "image": pod_image,
            "imagePullPolicy": "IfNotPresent",
            "command": list(command),
            "env": [{"name": "PATH", "value": "/bin"}],
            "securityContext": {"capabilities": {"add": ["NET_RAW"]}},
        }
        for name, command in spec.containers.items()
    ]
    if spec.probe_path:
        # For liveness, with many failures allowed: a pod that the kubelet cannot reach stays ready.
        containers[0]["livenessProbe"] = {
            "httpGet": {"path": spec.probe_path, "port": HTTP_PORT},
            "periodSeconds": _PROBE_SECONDS,
            "failureThreshold": 1000,
        }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": spec.name, "labels": {"podpath.invalid/pod": spec.name}},
        "spec": {
            "nodeName": node,
            "tolerations": [{"operator": "Exists"}],
            "restartPolicy": "Always" if spec.restarted else "Never",
            # the programs in the pods need no orderly end
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "dnsPolicy": "Default",
            "containers": containers,
        },
    }


def own_links(pid: int, bridge: str) -> tuple[frozenset[str], str]:
    """Return a node's own interfaces, without the bridge and those of pods, and its uplink.

    Args:
        pid: pid of a process in the node.
        bridge: name of the bridge; empty without one.

    Raises:
        CouldNotTest: the interfaces cannot be listed, or the node has no default route.
    """
    at = Path(f"/proc/{pid}/root")
    try:
        names = set(proc.interfaces(_table(pid, "dev")))
        ports = {path.name for path in (at / f"sys/class/net/{bridge}/brif").glob("*")}
        uplink = proc.default_route(_table(pid, "route"))
        named = {path.name: str(path) for path in (at / "run/netns").glob("*")}
        ends = peers.of(f"/proc/{pid}/ns/net", named).values()
    except OSError as error:
        raise CouldNotTest(f"the node's interfaces cannot be listed: {error}") from None
    if uplink is None:
        raise CouldNotTest("the node has no default route, and so no uplink")
    of_pods = {name for some in ends for name, _ in some}
    return frozenset(names - ports - of_pods - {bridge}), uplink


def _table(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/net/{name}").read_text(errors="backslashreplace")


@contextmanager
def in_use(
    node: KubernetesNode, say: Callable[[str], None], ready: str, *, wait: bool
) -> Iterator[KubernetesNode]:
    """Give a node its namespace in the cluster for the length of the block, and close the node.

    Args:
        node: node to use.
        say: function that shows progress.
        ready: message that the node is ready.
        wait: as for namespace.

    Raises:
        CouldNotTest: as for namespace.
    """
    try:
        with namespace(node, wait=wait):
            say(ready)
            yield node
    finally:
        node.close()


@contextmanager
def namespace(node: KubernetesNode, *, wait: bool) -> Iterator[None]:
    """Create the node's namespace in the cluster for the length of the block.

    Namespaces that killed runs left are deleted, too.

    Args:
        node: node whose namespace to create.
        wait: True to wait at the end until the namespace is gone.

    Raises:
        CouldNotTest: the namespace is not usable, or not gone, in time.
    """
    sweep(node.api)
    owned_by = json.loads(os.environ.get(OWNED_BY, "null"))
    node.api.create_namespace(node.namespace, {OWNER: owner.me()}, owned_by)
    # The cluster deletes it with its owner in any case, and a fleet's nodes need not wait for that.
    wait = wait and owned_by is None
    try:
        _wait_until_usable(node.api, node.namespace)
        yield
    finally:
        node.api.delete_namespace(node.namespace)
        if wait:
            _wait_until_gone(node.api, node.namespace)


def _wait_until_usable(api: Api, name: str) -> None:
    """Wait for the namespace's service account: no pod is admitted before that exists."""
    seconds = limits.current().namespace
    if not waiting.until(lambda: api.service_account(name, "default"), bool, seconds):
        raise CouldNotTest(
            f"the namespace {name} has no service account after {seconds:.0f} s",
            f"See whether the cluster's controller manager runs. {limits.current().remedy}",
        )


def _wait_until_gone(api: Api, name: str) -> None:
    def there() -> bool:
        return any(n["metadata"]["name"] == name for n in api.namespaces())

    seconds = limits.current().namespace
    if waiting.until(there, lambda is_there: not is_there, seconds):
        raise CouldNotTest(
            f"the namespace {name} is not gone after {seconds:.0f} s", limits.current().remedy
        )


def sweep(api: Api) -> list[str]:
    """Delete podpath's namespaces whose processes ran on this machine and have ended.

    Returns:
        The names of the deleted namespaces.
    """
    gone = []
    for document in api.namespaces():
        maker = (document["metadata"].get("annotations") or {}).get(OWNER, "")
        if owner.gone(maker):
            gone.append(document["metadata"]["name"])
            api.delete_namespace(gone[-1])
    return gone
