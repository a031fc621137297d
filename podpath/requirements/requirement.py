"""Definition of a requirement, and commands to check one by hand."""

from dataclasses import dataclass, field

#: The default feature of a requirement.
CORE = "core"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Property of a conforming plugin.

    Attributes:
        id: the requirement's id.
        sentence: the property in one sentence.
        usually: the most frequent cause of a failure.
        look: commands to check it by hand. {node} stands for the pid of a process in the node,
            {bridge} for the bridge, NETNS for a namespace that `ip netns list` shows there.
        source: the rule on which it is based, if the rule is not podpath's.
        nodes: kinds of node on which it can be checked.
        feature: the core, which is tested in any case, or one of features.FEATURES, which is tested
            if a conflist configures it.
        why: consequence of a violation.
        how: what podpath does, reads and compares to check it.
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


#: Commands for checks by hand that most requirements share.
NODE = "nsenter -t {node} -a"
LINKS = f"{NODE} bridge -d link show"
NETNS = f"{NODE} ip netns list"
POD = f"{NODE} ip -n NETNS -d addr show"
DUMP = f"{NODE} tcpdump -nei any"
PLUGINS = "/opt/podpath/cni/bin"
STATE = f"{NODE} sh -c 'ls -R /var/lib/cni; nft list ruleset; ip link'"


def call(command: str) -> str:
    """Return the command to call a plugin by hand, with its stdin in a file."""
    variables = f"CNI_COMMAND={command} CNI_CONTAINERID=look CNI_NETNS=/run/netns/NETNS"
    plugin = f"CNI_IFNAME=net1 CNI_PATH={PLUGINS} {PLUGINS}/PLUGIN"
    return f"{NODE} env {variables} {plugin} <CONFIGURATION"


#: The kind of node on which podpath itself calls plugins, apart from any pod.
EMBEDDED = ("embedded",)
#: The kinds of node that belong to a Kubernetes cluster.
CLUSTERS = ("kind", "host")
