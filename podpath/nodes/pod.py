"""A pod before and after its creation: specification and running pod. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from podpath.model import PodNetwork


@dataclass(frozen=True, slots=True)
class PortMapping:
    """A port of the node that leads to a port of a pod.

    Attributes:
        protocol: "tcp" or "udp".
        node: port of the node.
        pod: port of the pod.
        host_ip: address of the node that alone has the port; empty for all of its addresses.
    """

    protocol: str
    node: int
    pod: int
    host_ip: str = ""


@dataclass(frozen=True, slots=True)
class PodSpec:
    """A pod to create. A node without a kubelet ignores `probe_path` and `restarted`.

    Attributes:
        name: name of the pod.
        containers: name of a container -> its command.
        probe_path: HTTP path that the kubelet requests of the first container every few seconds, to
            see whether it lives; empty for none.
        restarted: True if the kubelet restarts a container that ends.
        ports: ports of the node that lead to the pod.
        passing: True if the pod is made for its network alone: a node without a kubelet starts no
            containers in its sandbox, which take a third of the pod's time.
    """

    name: str
    containers: Mapping[str, Sequence[str]]
    probe_path: str = ""
    restarted: bool = False
    ports: tuple[PortMapping, ...] = ()
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    """A running pod.

    Attributes:
        name: name of the pod.
        sandbox: the runtime's id of the sandbox.
        network: network of the pod, as the runtime reports it.
        containers: name of a container -> the runtime's id.
        pids: name of a container -> pid in the node's pid namespace.
    """

    name: str
    sandbox: str
    network: PodNetwork
    containers: Mapping[str, str] = field(default_factory=dict)
    pids: Mapping[str, int] = field(default_factory=dict)
