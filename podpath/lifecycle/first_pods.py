"""The first pods of a node: their creation, and the reasons why it fails."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from podpath.cni.network import Network
from podpath.errors import CouldNotTest, DoesNotConform, Unmet, prerequisite
from podpath.lifecycle import failed_add, uplink
from podpath.model import POD_INTERFACE
from podpath.nodes import lacking, link_settings, own_files, own_settings
from podpath.nodes.base import Node
from podpath.nodes.deployment import ADDED, Deployment
from podpath.nodes.pod import PodSpec
from podpath.system import netns
from podpath.topology import reading


@contextmanager
def made(
    node: Node,
    network: Network,
    deployment: Deployment,
    *pods: str | PodSpec,
    parallel: int = 1,
    keep: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Make pods for the length of the block.

    Args:
        node: the node.
        network: the pods' network, as the options name it.
        deployment: the node's pods.
        pods: roles of pods, or specifications.
        parallel: number of pods to create, and to delete, at the same time.
        keep: function that returns True if the pods are to stay after the block.

    Raises:
        Unmet: the plugin's ADD failed, made no interface, or harmed the node's uplink.
        CouldNotTest: anything else failed, for example because the host lacks something.
    """
    before, links = uplink.read(node), link_settings.of_node(node)
    settings, written = own_settings.read(node), _files(node)
    if not node.shared:
        deployment.node_before = reading.read(node.network_namespace(), {}, []).node
    with ExitStack() as stack, ExitStack() as creation:
        creation.enter_context(prerequisite(*ADDED))
        try:
            stack.enter_context(deployment.temporary(*pods, parallel=parallel, keep=keep))
        except DoesNotConform as error:
            lacking.require_nothing(node, network, error)
            failed_add.explain(error)
            uplink.explain(node, before, error)
            raise
        uplink.require_untouched(node, before)
        _require_interfaces(node, deployment)
        deployment.link_changes = link_settings.changes(links, link_settings.of_node(node))
        deployment.setting_changes = own_settings.changes(settings, own_settings.read(node))
        deployment.file_changes = own_files.changes(written, _files(node))
        creation.close()
        yield


def _require_interfaces(node: Node, deployment: Deployment) -> None:
    """Require that a pod has the interface that its runtime asked for.

    A runtime is content with a result that has an address. If only some pods lack the interface,
    TOPO-POD-LINKS reports it.

    Raises:
        Unmet: no pod has it.
    """
    named = node.named_namespaces()
    places = [named.get(pod.network.netns, "") for pod in deployment]
    if places and not any(_may_have(place, POD_INTERFACE) for place in places):
        fault = f"ADD succeeded, and made no interface {POD_INTERFACE} in any pod"
        raise Unmet(DoesNotConform(fault), ADDED[0], f"pods have no {POD_INTERFACE}")


def _may_have(place: str, interface: str) -> bool:
    """Return whether the namespace at a path has the interface, or cannot be looked at."""
    try:
        links = netns.run_in(place, socket.if_nameindex) if place else None
    except (CouldNotTest, OSError):  # the topology shows that it went
        return True
    return links is None or interface in {name for _, name in links}


def _files(node: Node) -> dict[str, str]:
    """Read the node's own files. Raises CouldNotTest."""
    try:
        return own_files.read(node)
    except OSError as error:
        raise CouldNotTest(f"the node's files could not be read: {error}") from None
