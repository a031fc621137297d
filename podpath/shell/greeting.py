"""The text that a shell begins with: what stands here, and what to try. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podpath.model import Topology

_WITHOUT_PODS = [
    ("cat /etc/cni/net.d/*", "the configuration of the pods' network"),
    ("ls -l /opt/podpath/cni/bin", "the plugins"),
    ("tail /run/podpath/containerd.log", "what the runtime says of them"),
    ("ip address", "the node's interfaces"),
]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a shell's node has.

    Attributes:
        name: name of the node.
        network: network of the pods, in words.
        pods: name of a pod -> its addresses.
        bridge: bridge that the pods' packets cross; empty for none.
        watched: interface of the node that they cross; empty if they cross none.
        missing: programs that the host lacks: name -> Debian package.
    """

    name: str
    network: str
    pods: Mapping[str, Sequence[str]]
    bridge: str
    watched: str
    missing: Mapping[str, str]


def crossed(topology: Topology, pod: str) -> tuple[str, str]:
    """Return the bridge and an interface of the node that a pod's packets cross, or empty texts.

    Pods on a link of the node, such as macvlan's, talk to each other beside the node's own network.
    """
    end = topology.host_end(pod)
    if end is None:
        return "", ""
    master = topology.node.by_index(end.master)
    return (master.name, master.name) if master and master.bridge else ("", end.name)


def text(scene: Scene) -> str:
    """Return the greeting."""
    recipe = _recipe(scene) if scene.pods else _WITHOUT_PODS
    column = max(len(command) for command, _ in recipe)
    pods = f"Its pods, on {scene.network}:" if scene.pods else f"It has no pods on {scene.network}."
    lines = [
        f"This is the node {scene.name}. You are root on it. {pods}",
        "",
        *_pods(scene.pods),
        "Try:",
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


def _pods(pods: Mapping[str, Sequence[str]]) -> list[str]:
    if not pods:
        return []
    width = max(map(len, pods))
    lines = [f"    {name:<{width}}  {', '.join(of)}" for name, of in pods.items()]
    return [*lines, "", "Each pod serves HTTP on port 80."]


def _recipe(scene: Scene) -> list[tuple[str, str]]:
    """Return the commands that show a packet's path by hand, each with what it shows."""
    names = list(scene.pods)
    source, destination = ("client", "server") if "client" in names else (names[0], names[-1])
    address = next(iter(scene.pods.get(destination, ())), "ADDRESS")
    shown = ("ip -d link", "the node's interfaces")
    if scene.bridge:
        shown = ("brctl show", "the bridge and its ports")
    watch = "ip netns exec NAME tcpdump -i eth0 -nn icmp"
    if scene.watched:
        watch = f"tcpdump -i {scene.watched} -nn icmp"
    return [
        ("kubectl get pods -o wide", "the pods and their addresses"),
        ("ip netns list", "the network namespaces"),
        ("ip netns exec NAME ip a", "the interfaces of one of them: whose eth0 is it?"),
        shown,
        (watch, "the packets there; leave it running"),
        (f"kubectl exec -it {source} -- ping -c 3 {address}", "in the other window"),
        (f"podpath trace {source} {destination}", "the same in one command, on all interfaces"),
    ]
