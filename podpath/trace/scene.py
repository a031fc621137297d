"""What a trace looks at: a node with its pods, and how its network wires them, if that is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import NODE, POD_INTERFACE, Address, Family, PodNetwork, Topology
from podpath.nodes.base import Node
from podpath.nodes.pod import Pod
from podpath.topology import reading


@dataclass(frozen=True)
class Scene:
    """A node and its pods.

    Attributes:
        node: the node.
        pods: name -> network of each pod that has one of its own.
        network: how the pods are wired; None if no profile covers it.
        unjudged: reason why no profile covers it; empty if one does.
        program_pod: returns a pod by its name, with its containers, for programs in them.
    """

    node: Node
    pods: Mapping[str, PodNetwork]
    network: Network | None
    unjudged: str
    program_pod: Callable[[str], Pod]

    def topology(self, *pods: str) -> Topology:
        """Read the node and its pods as they are now.

        Args:
            pods: names of the pods to read; without any, all and the other namespaces, too.
        """
        chosen = [self.pods[name] for name in pods if name in self.pods]
        named: Mapping[str, str] = self.node.named_namespaces()
        if pods:
            spaces = {pod.netns for pod in chosen}
            named = {name: path for name, path in named.items() if name in spaces}
        networks = chosen if pods else self.pods.values()
        return reading.read(self.node.network_namespace(), named, networks)

    def pod_of(self, text: str) -> str:
        """Return the name of the pod with a name or an address; the text itself without one."""
        holders = (n for n, p in self.pods.items() if text in map(str, p.addresses))
        return next(holders, text)

    def namespaces(self) -> dict[str, str]:
        """Return name and path of each namespace; a pod's has the name of the pod."""
        names = {pod.netns: pod.name for pod in self.pods.values()}
        named = self.node.named_namespaces()
        return {
            NODE: self.node.network_namespace(),
            **{names.get(name, name): path for name, path in named.items()},
        }

    def namespace(self, name: str) -> str:
        """Return the path of the namespace of a pod or of the node.

        Raises:
            CouldNotTest: the node has no such pod, or its namespace is gone.
        """
        paths = self.namespaces()
        if name not in paths:
            raise _unknown(name, self.pods)
        return paths[name]


@dataclass(frozen=True)
class Target:
    """Where packets are sent.

    Attributes:
        name: a pod's name, NODE, or the address as text if it is neither's.
        address: the address.
    """

    name: str
    address: Address


def source(scene: Scene, text: str) -> str:
    """Return the name of the sender.

    Raises:
        CouldNotTest: it is neither "node" nor a pod of the node.
    """
    if text == NODE or text in scene.pods:
        return text
    raise _unknown(text, scene.pods)


def target(
    scene: Scene, topology: Topology, sender: str, text: str, family: Family | None
) -> Target:
    """Find the destination of packets.

    Args:
        scene: the node and its pods.
        topology: the same, as the kernel has them.
        sender: name of the sender.
        text: a pod's name, "node", or an address: a pod's, the node's, a Service's, or one beyond.
        family: IP version; None for the first one that the destination has.

    Raises:
        CouldNotTest: the node has no such pod, or the destination no such address.
    """
    if text in scene.pods:
        return Target(text, _of_family(scene.pods[text].addresses, family, text))
    if text == NODE:
        return Target(NODE, _node_address(topology, sender, family))
    try:
        address = ip_address(text)
    except ValueError:
        raise _unknown(text, scene.pods) from None
    if family and address.version != family.value:
        raise CouldNotTest(f"{address} is no IPv{family.value} address", "Leave out the option")
    for name, pod in scene.pods.items():
        if address in pod.addresses:
            return Target(name, address)
    held = {a.ip for link in topology.node.interfaces for a in link.addresses}
    return Target(NODE if address in held else text, address)


def address_of(scene: Scene, topology: Topology, sender: str, to: Address) -> Address | None:
    """Return the sender's address of the destination's IP version, if it has one."""
    if sender in scene.pods:
        held = scene.pods[sender].addresses
    else:
        held = tuple(a.ip for link in topology.node.interfaces for a in link.addresses)
    return next((a for a in held if a.version == to.version and not a.is_loopback), None)


def _node_address(topology: Topology, sender: str, family: Family | None) -> Address:
    """Return the node's address as a pod knows it: its gateway, else that of the uplink."""
    held = [a.ip for link in topology.node.interfaces for a in link.addresses]
    if sender in topology.everybody:
        routes = topology.of_pod(sender).routes
        held = [r.gateway for r in routes if r.gateway and r.gateway in held] + held
    uplink = topology.node.interface(topology.default_link)
    held += [a.ip for a in (uplink.addresses if uplink else ())]
    usable = tuple(a for a in held if not a.is_loopback and not a.is_link_local)
    return _of_family(usable, family, NODE)


def _of_family(held: tuple[Address, ...], family: Family | None, name: str) -> Address:
    found = next((a for a in held if family is None or a.version == family.value), None)
    if found is None:
        version = f"IPv{family.value} " if family else ""
        raise CouldNotTest(f"{name} has no {version}address", f"See `ip address` in {name}")
    return found


def _unknown(name: str, pods: Mapping[str, PodNetwork]) -> CouldNotTest:
    names = ", ".join(sorted(pods)) or "none"
    return CouldNotTest(
        f'the node has no pod "{name}" with a network of its own',
        f"Name one of its pods ({names}), {NODE}, or an IP address",
    )


def bridges(topology: Topology) -> list[str]:
    """Return the bridges of the node with the host end of a pod: only a promiscuous one is seen."""
    ends = [topology.host_end(pod, POD_INTERFACE) for pod in topology.everybody]
    masters = {end.master for end in ends if end and end.master is not None}
    found = [topology.node.by_index(index) for index in masters]
    return sorted(link.name for link in found if link and link.bridge)
