"""A pod: how it is to be made, and what it is once it runs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from podpath.model import PodNetwork


@dataclass(frozen=True, slots=True)
class PortMapping:
    """A port of the node that leads to one of a pod's; protocol: "tcp" or "udp"."""

    protocol: str
    node: int
    pod: int


@dataclass(frozen=True, slots=True)
class PodSpec:
    """A pod to be made. A node without a kubelet ignores `probe_path` and `restarted`.

    Attributes:
        name: The pod's name.
        containers: Each container's name and its command.
        probe_path: The HTTP path that the kubelet requests of the first container, every few
            seconds, to see whether it lives. Empty: none.
        restarted: Whether a container that ends is started again.
        ports: The ports of the node that lead to the pod.
    """

    name: str
    containers: Mapping[str, Sequence[str]]
    probe_path: str = ""
    restarted: bool = False
    ports: tuple[PortMapping, ...] = ()


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that runs.

    Attributes:
        name: The pod's name.
        sandbox: The runtime's id of the sandbox.
        network: The pod's network, as the runtime reports it.
        containers: Each container's name and the runtime's id of it.
        pids: Each container's name and its pid in the node's pid namespace.
    """

    name: str
    sandbox: str
    network: PodNetwork
    containers: Mapping[str, str] = field(default_factory=dict)
    pids: Mapping[str, int] = field(default_factory=dict)
