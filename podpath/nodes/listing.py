"""Pods as a runtime lists them at one moment, for people to read. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListedContainer:
    """A container of a pod.

    Attributes:
        id: the runtime's id.
        name: name of the container.
        image: image that it was made from.
        running: True while its first process runs.
        created: time of its creation, in nanoseconds since 1970.
        restarts: number of containers of that name before this one.
    """

    id: str
    name: str
    image: str
    running: bool
    created: int
    restarts: int


@dataclass(frozen=True, slots=True)
class ListedPod:
    """A pod, and its containers.

    Attributes:
        id: the runtime's id of the sandbox.
        name: name of the pod.
        namespace: Kubernetes namespace of the pod.
        running: True while its sandbox runs.
        created: time of its creation, in nanoseconds since 1970.
        containers: its containers, in the order of their creation.
    """

    id: str
    name: str
    namespace: str
    running: bool
    created: int
    containers: tuple[ListedContainer, ...]
