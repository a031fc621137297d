"""What a requirement is, and the commands with which one looks for oneself."""

from dataclasses import dataclass, field

#: What a requirement belongs to, unless it says otherwise.
CORE = "core"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a conforming plugin does.

    why: what goes wrong where it is not so. how: what is done, read and compared to check it.
    usually: what most often causes a failure. look: commands for oneself; {node} stands for the
    pid of a process in the node, {bridge} for the bridge, NETNS for a namespace that `ip netns
    list` shows there. nodes: the kinds of node that it can be looked at on. source: what it is
    taken from, if it is somebody else's rule. feature: what it belongs to: the core, which is
    tested in any case, or one of features.FEATURES, tested where a conflist asks for it.
    """

    id: str
    sentence: str
    usually: str
    look: tuple[str, ...]
    source: str = ""
    nodes: tuple[str, ...] = ("embedded", "kind", "host")
    feature: str = CORE
    why: str = field(kw_only=True)
    how: str = field(kw_only=True)


#: How to look for oneself: the commands that most requirements have in common.
NODE = "nsenter -t {node} -a"
LINKS = f"{NODE} bridge -d link show"
NETNS = f"{NODE} ip netns list"
POD = f"{NODE} ip -n NETNS -d addr show"
DUMP = f"{NODE} tcpdump -nei any"
PLUGINS = "/opt/podpath/cni/bin"
STATE = f"{NODE} sh -c 'ls -R /var/lib/cni; nft list ruleset; ip link'"


def call(command: str) -> str:
    """How to call a plugin by hand, with what it gets on stdin in a file."""
    variables = f"CNI_COMMAND={command} CNI_CONTAINERID=look CNI_NETNS=/run/netns/NETNS"
    plugin = f"CNI_IFNAME=net1 CNI_PATH={PLUGINS} {PLUGINS}/PLUGIN"
    return f"{NODE} env {variables} {plugin} <CONFIGURATION"


#: Where plugins are called by podpath itself, beside all pods.
EMBEDDED = ("embedded",)
#: The kinds of node that are of a Kubernetes cluster.
CLUSTERS = ("kind", "host")
