"""The client of the container runtime through CRI (gRPC). The only user of grpc.

Interface: k8s.io/cri-api, runtime/v1.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podpath.errors import CouldNotTest, DoesNotConform, Hung
from podpath.model import CommandResult
from podpath.nodes.listing import ListedContainer, ListedPod
from podpath.system import limits

#: A plugin's error message arrives as gRPC metadata, whose limit is 8 KiB by default. Without the
#: message, a plugin's failure looks the same as the runtime's own.
_MOST_RECEIVED = 64 * 1024 * 1024
#: The runtime's words if it has no conflist that it can use (go-cni, errors.go).
_NO_CONFLIST = "cni plugin not initialized"
#: The runtime found no address of eth0 in the plugin's result.
_NO_ADDRESS = "failed to find network info"
#: Call that the runtime makes once the first DEL of a pod has succeeded.
SECOND_DEL = "a second DEL"
#: Seconds between two looks at the output of a plugin, which may print a gigabyte in a second.
_LOOK = 0.01
#: Characters of the message that podpath shows.
_MOST_TOLD = 4000


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running pod, as the runtime lists it.

    Attributes:
        id: the runtime's id of the sandbox.
        name: name of the pod.
        namespace: Kubernetes namespace of the pod.
        uid: the API server's uid of the pod, if a kubelet created it.
        created: when the runtime created the sandbox, in seconds since the epoch.
    """

    id: str
    name: str
    namespace: str
    uid: str
    created: float = 0.0


class Runtime:
    """A CRI runtime behind a Unix socket."""

    def __init__(
        self,
        socket: str,
        hung: Callable[[], str],
        ended: Callable[[], str],
        limit_output: Callable[[], Callable[[], str]] = lambda: lambda: "",
    ) -> None:
        """Connect to the runtime.

        Args:
            socket: path of the Unix socket.
            hung: function to call when a call that involves a pod's network takes too long; it
                returns
                the plugins that still run, in words; empty if it is not the plugin that hangs.
            ended: function to call when the runtime is gone; it returns how the runtime ended, if
                known.
            limit_output: function to call before such a call; it returns one to call meanwhile,
                whose value is what a plugin did that had to be killed, in words.
        """
        import grpc
        from cri_api.v1 import api_pb2, api_pb2_grpc

        self._grpc: Any = grpc
        self._api: Any = api_pb2
        sizes = ("max_receive_message_length", "max_metadata_size", "absolute_max_metadata_size")
        self._channel = grpc.insecure_channel(
            f"unix://{socket}", options=[(f"grpc.{size}", _MOST_RECEIVED) for size in sizes]
        )
        self._runtime: Any = api_pb2_grpc.RuntimeServiceStub(self._channel)
        self._images: Any = api_pb2_grpc.ImageServiceStub(self._channel)
        self._hung = hung
        self._ended = ended
        self._limit_output = limit_output

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _call(self, method: Any, request: Any, seconds: float | None = None) -> Any:
        try:
            return method(request, timeout=seconds or limits.current().runtime_answer)
        except self._grpc.RpcError as error:
            late = error.code() == self._grpc.StatusCode.DEADLINE_EXCEEDED
            remedy = limits.current().remedy if late else ""
            why = self._gone(error) or f"containerd: {_reason(error)}"
            raise CouldNotTest(why, remedy) from None

    def _gone(self, error: Any) -> str:
        """Return how the runtime ended, if that caused the error."""
        return self._ended() if error.code() == self._grpc.StatusCode.UNAVAILABLE else ""

    def _network_call(self, doing: str, method: Any, request: Any) -> Any:
        """Make a call during which the runtime calls the plugin: its failure is the plugin's."""
        seconds = limits.current().pod_network
        look = self._limit_output()
        call = method.future(request, timeout=seconds + 5)
        try:
            return self._result(call, seconds, doing, look)
        except self._grpc.FutureTimeoutError:
            running = self._hung()
            call.cancel()
            if running:
                raise Hung(
                    f"the plugin did not finish {doing} in {seconds:.0f} s",
                    f"{running}\n{limits.current().of_plugins}",
                ) from None
            raise CouldNotTest(
                f"containerd did not finish {doing} in {seconds:.0f} s, and no plugin was running",
                limits.current().remedy,
            ) from None
        except self._grpc.RpcError as error:
            if gone := self._gone(error):
                raise CouldNotTest(f"{gone}. That was during {doing}") from None
            raise failure(doing, _reason(error)) from None

    def _result(self, call: Any, seconds: float, doing: str, look: Callable[[], str]) -> Any:
        """Return the result of a call, and look meanwhile how much the plugin prints.

        Raises:
            Hung: the plugin was killed.
            FutureTimeoutError: the call takes too long.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                return call.result(timeout=min(_LOOK, max(deadline - time.monotonic(), 0)))
            except self._grpc.FutureTimeoutError:
                if fault := look():
                    raise Hung(f"the plugin did not finish {doing}, {fault}") from None
                if time.monotonic() >= deadline:
                    raise

    def version(self) -> str:
        """Return name and version of the runtime.

        Raises:
            CouldNotTest: the runtime does not answer.
        """
        reply = self._call(self._runtime.Version, self._api.VersionRequest())
        return f"{reply.runtime_name} {reply.runtime_version}"

    def networks(self) -> list[str]:
        """Return the network configurations that the runtime has loaded, each as its file's text.

        Source: containerd's own information (cri/sbserver/status.go, go-cni's ConfigResult).

        Raises:
            CouldNotTest: the runtime does not report them in this format.
        """
        reply = self._call(self._runtime.Status, self._api.StatusRequest(verbose=True))
        try:
            loaded = json.loads(reply.info["cniconfig"])["Networks"]
            return [network["Config"]["Source"] for network in loaded]
        except (LookupError, TypeError, ValueError) as error:
            raise CouldNotTest(
                f"containerd does not say which conflists it has loaded: {error!r}"
            ) from None

    def wait_for_image(self, image: str) -> None:
        """Wait until CRI lists an imported image, which it learns of by an event.

        Raises:
            CouldNotTest: CRI does not list it in time.
        """
        request = self._api.ImageStatusRequest(image=self._api.ImageSpec(image=image))
        deadline = time.monotonic() + limits.current().node_start
        while not self._call(self._images.ImageStatus, request).image.id:
            if time.monotonic() > deadline:
                raise CouldNotTest(
                    f"containerd does not list the image {image} that it imported",
                    limits.current().remedy,
                )
            time.sleep(0.005)

    def run_pod(
        self, name: str, uid: str, ports: Sequence[tuple[str, int, int, str]] = ()
    ) -> tuple[str, Any]:
        """Create a sandbox with its network.

        Args:
            name: name of the pod.
            uid: unique name of the sandbox.
            ports: protocol, port of the node, port of the pod that it leads to, and the node's
                address that alone has it.

        Returns:
            The sandbox's id and its configuration, as CRI's messages have it.

        Raises:
            DoesNotConform: the plugin fails or hangs.
            CouldNotTest: the runtime fails.
        """
        config = self._api.PodSandboxConfig(
            metadata=self._api.PodSandboxMetadata(name=name, uid=uid, namespace="podpath"),
            hostname=name,
            log_directory=f"/var/log/pods/{uid}",
            linux=self._api.LinuxPodSandboxConfig(),
            port_mappings=[
                self._api.PortMapping(
                    protocol=self._api.Protocol.Value(protocol.upper()),
                    host_port=node,
                    container_port=pod,
                    host_ip=host_ip,
                )
                for protocol, node, pod, host_ip in ports
            ],
        )
        reply = self._network_call(
            f"ADD for pod {name}",
            self._runtime.RunPodSandbox,
            self._api.RunPodSandboxRequest(config=config),
        )
        return reply.pod_sandbox_id, config

    def try_out(self) -> None:
        """Create and remove a sandbox in the node's own network, without any plugin.

        Raises:
            CouldNotTest: the sandbox cannot be created.
        """
        options = self._api.NamespaceOption(network=self._api.NODE)
        context = self._api.LinuxSandboxSecurityContext(namespace_options=options)
        config = self._api.PodSandboxConfig(
            metadata=self._api.PodSandboxMetadata(name="try", uid="try", namespace="podpath"),
            linux=self._api.LinuxPodSandboxConfig(security_context=context),
        )
        request = self._api.RunPodSandboxRequest(config=config)
        made = self._call(self._runtime.RunPodSandbox, request).pod_sandbox_id
        self._call(
            self._runtime.RemovePodSandbox, self._api.RemovePodSandboxRequest(pod_sandbox_id=made)
        )

    def run_container(
        self, sandbox: str, config: Any, name: str, image: str, command: Sequence[str]
    ) -> str:
        """Create and start a container in a sandbox; return the container's id."""
        container = self._api.ContainerConfig(
            metadata=self._api.ContainerMetadata(name=name),
            image=self._api.ImageSpec(image=image),
            command=list(command),
            log_path=f"{name}.log",
            linux=self._api.LinuxContainerConfig(),
        )
        created = self._call(
            self._runtime.CreateContainer,
            self._api.CreateContainerRequest(
                pod_sandbox_id=sandbox, config=container, sandbox_config=config
            ),
        )
        self._call(
            self._runtime.StartContainer,
            self._api.StartContainerRequest(container_id=created.container_id),
        )
        identifier: str = created.container_id
        return identifier

    def remove_pod(self, name: str, sandbox: str) -> None:
        """Stop and remove a sandbox.

        Raises:
            DoesNotConform: the plugin fails or hangs.
            CouldNotTest: the runtime fails.
        """
        self._network_call(
            f"DEL for pod {name}",
            self._runtime.StopPodSandbox,
            self._api.StopPodSandboxRequest(pod_sandbox_id=sandbox),
        )
        self._network_call(  # the runtime calls DEL again
            f"{SECOND_DEL} for pod {name}",
            self._runtime.RemovePodSandbox,
            self._api.RemovePodSandboxRequest(pod_sandbox_id=sandbox),
        )

    def sandboxes(self, uid: str = "") -> list[Sandbox]:
        """List the running pods; only those of a uid, if one is given."""
        ready = self._api.PodSandboxStateValue(state=self._api.SANDBOX_READY)
        labels = {"io.kubernetes.pod.uid": uid} if uid else {}
        selection = self._api.PodSandboxFilter(state=ready, label_selector=labels)
        request = self._api.ListPodSandboxRequest(filter=selection)
        return list(map(_sandbox, self._call(self._runtime.ListPodSandbox, request).items))

    def every_sandbox(self) -> list[tuple[Sandbox, str]]:
        """List all pods, also those that ended or are about to, each with its state.

        The state has the containers, each with its own state.
        """
        containers: dict[str, list[str]] = {}
        reply = self._call(self._runtime.ListContainers, self._api.ListContainersRequest())
        for one in reply.containers:
            containers.setdefault(one.pod_sandbox_id, []).append(f"{one.id} {one.state}")
        reply = self._call(self._runtime.ListPodSandbox, self._api.ListPodSandboxRequest())
        return [
            (_sandbox(one), " ".join([str(one.state), *sorted(containers.get(one.id, ()))]))
            for one in reply.items
        ]

    def listing(self) -> list[ListedPod]:
        """List all pods in the order of their names, also those that ended, for people to read."""
        containers: dict[str, list[ListedContainer]] = {}
        reply = self._call(self._runtime.ListContainers, self._api.ListContainersRequest())
        for one in sorted(reply.containers, key=lambda c: int(c.created_at)):
            running = one.state == self._api.CONTAINER_RUNNING
            containers.setdefault(one.pod_sandbox_id, []).append(_container(one, running=running))
        reply = self._call(self._runtime.ListPodSandbox, self._api.ListPodSandboxRequest())
        pods = [
            ListedPod(
                id=one.id,
                name=one.metadata.name,
                namespace=one.metadata.namespace,
                running=one.state == self._api.SANDBOX_READY,
                created=one.created_at,
                containers=tuple(containers.get(one.id, ())),
            )
            for one in reply.items
        ]
        return sorted(pods, key=lambda pod: (pod.namespace, pod.name, pod.created))

    def has_network(self, sandbox: str) -> bool:
        """Return whether a pod has a network namespace of its own, and not the node's."""
        reply = self._call(
            self._runtime.PodSandboxStatus,
            self._api.PodSandboxStatusRequest(pod_sandbox_id=sandbox),
        )
        options = reply.status.linux.namespaces.options
        return bool(options.network != self._api.NODE)

    def containers(self, sandbox: str) -> dict[str, str]:
        """Return the running containers of a pod: name -> id."""
        running = self._api.ContainerStateValue(state=self._api.CONTAINER_RUNNING)
        selection = self._api.ContainerFilter(state=running, pod_sandbox_id=sandbox)
        request = self._api.ListContainersRequest(filter=selection)
        return {
            i.metadata.name: i.id
            for i in self._call(self._runtime.ListContainers, request).containers
        }

    def sandbox_status(self, sandbox: str) -> tuple[list[str], Mapping[str, Any]]:
        """Return a sandbox's addresses and the runtime's verbose information."""
        reply = self._call(
            self._runtime.PodSandboxStatus,
            self._api.PodSandboxStatusRequest(pod_sandbox_id=sandbox, verbose=True),
        )
        network = reply.status.network
        addresses = [a for a in (network.ip, *(i.ip for i in network.additional_ips)) if a]
        return addresses, _information(reply.info)

    def container_pid(self, container: str) -> int:
        """Return the pid of a container's first process, in the node's pid namespace.

        Raises:
            CouldNotTest: the runtime does not report it.
        """
        reply = self._call(
            self._runtime.ContainerStatus,
            self._api.ContainerStatusRequest(container_id=container, verbose=True),
        )
        pid = _information(reply.info).get("pid")
        if type(pid) is not int or pid <= 0:
            raise CouldNotTest(f"containerd does not say which process container {container} is")
        return pid

    def execute(self, container: str, command: Sequence[str], seconds: float) -> CommandResult:
        """Run a command in a container to its end.

        Raises:
            CouldNotTest: the command does not end in time.
        """
        reply = self._call(
            self._runtime.ExecSync,
            self._api.ExecSyncRequest(
                container_id=container, cmd=list(command), timeout=int(seconds)
            ),
            seconds + 5,
        )
        return CommandResult(reply.exit_code, reply.stdout, reply.stderr.decode(errors="replace"))


def _sandbox(listed: Any) -> Sandbox:
    about = listed.metadata
    return Sandbox(listed.id, about.name, about.namespace, about.uid, listed.created_at / 1e9)


def _container(listed: Any, *, running: bool) -> ListedContainer:
    about = listed.metadata
    return ListedContainer(
        listed.id, about.name, listed.image.image, running, listed.created_at, about.attempt
    )


def failure(doing: str, details: str) -> CouldNotTest | DoesNotConform:
    """Return the error of a call during which the runtime calls the plugin. Pure.

    Args:
        doing: the call, for the message.
        details: the runtime's words.
    """
    if _NO_CONFLIST in details:
        return CouldNotTest(
            f"the runtime has loaded no conflist, so it never called the plugin: {details}",
            'Look for "failed to load cni" in the runtime\'s log',
        )
    if _NO_ADDRESS in details:
        return DoesNotConform(f"the plugin's result of {doing} has no address of eth0", details)
    if "network for sandbox" in details or "plugin type=" in details:
        return DoesNotConform(f"the plugin failed {doing}", details)
    return CouldNotTest(f"containerd could not {doing}: {details}")


def _reason(error: Any) -> str:
    """Return why a call failed, in the words of the runtime and of the plugin."""
    details: str = error.details() or "no reason given"
    more = len(details) - _MOST_TOLD
    return f"{details[:_MOST_TOLD]}... ({more} more characters)" if more > 0 else details


def _information(verbose: Mapping[str, str]) -> dict[str, Any]:
    """Read the runtime's information beyond CRI, a JSON document."""
    try:
        document = json.loads(verbose.get("info", ""))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise CouldNotTest("containerd's verbose information is not a JSON object")
    return document


def network_namespace(information: Mapping[str, Any]) -> str:
    """Return the path of a sandbox's network namespace.

    Raises:
        CouldNotTest: the runtime does not report one.
    """
    value: Any = information
    for key in ("runtimeSpec", "linux", "namespaces"):
        value = value.get(key) if isinstance(value, dict) else None
    for namespace in value if isinstance(value, list) else []:
        if isinstance(namespace, dict) and namespace.get("type") == "network":
            path = namespace.get("path")
            if isinstance(path, str) and path:
                return path
    raise CouldNotTest("containerd does not say which network namespace a sandbox has")
