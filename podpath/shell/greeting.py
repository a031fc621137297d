"""The text that a shell begins with: what stands here, and what to try. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podpath.model import Topology


@dataclass(frozen=True, slots=True)
class Scene:
    """What a shell's node has.

    Attributes:
        name: name of the node.
        network: network of the pods, in words.
        pods: name of a pod -> its addresses.
        watched: interface of the node that the pods' packets cross.
        bridged: True if that is a bridge.
        missing: programs that the host lacks: name -> Debian package.
    """

    name: str
    network: str
    pods: Mapping[str, Sequence[str]]
    watched: str
    bridged: bool
    missing: Mapping[str, str]


def watched(topology: Topology, pod: str) -> tuple[str, bool]:
    """Return an interface of the node that a pod's packets cross, and whether it is a bridge."""
    end = topology.host_end(pod) or topology.lower_link(pod)
    if end is None:
        return "any", False
    master = topology.node.by_index(end.master)
    return (master.name, True) if master and master.bridge else (end.name, False)


def text(scene: Scene) -> str:
    """Return the greeting."""
    width = max(map(len, scene.pods), default=0)
    pods = [f"    {name:<{width}}  {', '.join(of)}" for name, of in scene.pods.items()]
    recipe = _recipe(scene)
    column = max(len(command) for command, _ in recipe)
    lines = [
        f"This is the node {scene.name}. You are root on it. Its pods, on {scene.network}:",
        "",
        *pods,
        "",
        "Each pod serves HTTP on port 80. Try:",
        "",
        *(f"    {command:<{column}}  {why}" for command, why in recipe),
        "",
        "`podpath shell` in another window of the host joins this node. Files that you write here",
        "are in memory. The node goes with its last shell, and leaves nothing.",
        *(
            f"{name} is not installed. On the host, as root: apt-get install {package}"
            for name, package in scene.missing.items()
        ),
        "",
    ]
    return "\n".join(lines) + "\n"


def _recipe(scene: Scene) -> list[tuple[str, str]]:
    """Return the commands that show a packet's path by hand, each with what it shows."""
    names = list(scene.pods)
    source, destination = ("client", "server") if "client" in names else (names[0], names[-1])
    address = next(iter(scene.pods.get(destination, ())), "ADDRESS")
    return [
        ("kubectl get pods -o wide", "the pods and their addresses"),
        ("ip netns list", "the network namespaces"),
        ("ip netns exec NAME ip a", "the interfaces of one of them: whose eth0 is it?"),
        ("brctl show", "the bridge and its ports") if scene.bridged else ("ip -d link", "links"),
        (f"tcpdump -i {scene.watched} -nn icmp", "the packets there; leave it running"),
        (f"kubectl exec -it {source} -- ping -c 3 {address}", "in the other window"),
    ]
