"""Definition of a requirement, and commands to check one by hand."""

from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto

#: The default feature of a requirement.
CORE = "core"
#: What a vendor's own requirements belong to: they are beside podpath's core and features.
VENDOR = "vendor"


class Ability(Flag):
    """Something that some kinds of node have, and some requirements need.

    Attributes:
        NONE: Nothing of these.
        CALLS: podpath may call the plugins itself, on an embedded node beside this one.
        PORTS: Ports of the node can lead to a pod, as a runtime asks the plugins for it.
        BEYOND: The network that the uplink leads to can be watched.
        FRESH: podpath can start another node, on which no pod has ever been.
        CLUSTER: The node is one of a Kubernetes cluster.
    """

    NONE = 0
    CALLS = auto()
    PORTS = auto()
    BEYOND = auto()
    FRESH = auto()
    CLUSTER = auto()


class Level(StrEnum):
    """Level of a requirement: what its source says of it.

    Attributes:
        MUST: a specification, or the documentation of Kubernetes or of a plugin, requires it.
        SHOULD: a specification recommends it. A plugin that does not meet it still conforms.
        JUDGEMENT: podpath requires it by its own judgement of a healthy network.
    """

    MUST = "MUST"
    SHOULD = "SHOULD"
    JUDGEMENT = "JUDGEMENT"


_ABOUT = {
    Level.MUST: "a specification or a documented contract requires it",
    Level.SHOULD: "a specification recommends it, and a plugin without it still conforms",
    Level.JUDGEMENT: "no specification requires it, but podpath does",
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """Property of a conforming plugin.

    Attributes:
        id: the requirement's id.
        title: a name of at most 40 characters, for tables.
        sentence: the property in one sentence of at most 120 characters.
        usually: the most frequent cause of a failure.
        look: commands to check it by hand. {node} stands for the pid of a process in the node,
            {bridge} for the bridge, {plugin} and {configuration} for a plugin and what it reads.
        level: what its source says of it.
        must_since: version of the CNI specification since which it is a MUST, if earlier ones
            only recommend it; else empty.
        source: the rule on which it is based, or a sentence on podpath's own judgement; only a
            vendor's own requirement may have none.
        needs: abilities of a kind of node without which it is not applicable.
        feature: the core, which is tested in any case, one of features.FEATURES, which is tested
            if a conflist configures it, or VENDOR.
        why: consequence of a violation.
        how: what podpath does, reads and compares to check it.
        usually_lost: the most frequent cause if a packet is missing on its path; empty if that is
            the same.
    """

    id: str
    title: str
    sentence: str
    usually: str
    look: tuple[str, ...]
    source: str = ""
    needs: Ability = Ability.NONE
    feature: str = CORE
    level: Level = field(default=Level.MUST, kw_only=True)
    must_since: str = field(default="", kw_only=True)
    why: str = field(kw_only=True)
    how: str = field(kw_only=True)
    usually_lost: str = field(default="", kw_only=True)

    def cause(self, *, lost: bool) -> str:
        """Return the most frequent cause of a failure.

        Args:
            lost: true if a packet is missing on its path.
        """
        return self.usually_lost if lost and self.usually_lost else self.usually

    def level_in(self, version: str) -> Level:
        """Return the level in a version of the CNI specification; empty for the newest one."""
        if version and self.must_since and _numbers(version) < _numbers(self.must_since):
            return Level.SHOULD
        return self.level

    @property
    def about_level(self) -> str:
        """Level as a sentence."""
        since = f" since CNI {self.must_since}, SHOULD before" if self.must_since else ""
        return f"{self.level}{since}: {_ABOUT[self.level]}."

    def commands(self, node: str, bridge: str) -> list[str]:
        """Fill in the commands for a check by hand, without those about a bridge if there is none.

        Args:
            node: the pid of a process in the node, or a word in its place.
            bridge: the bridge's name, or an empty text.
        """
        shown = [command for command in self.look if bridge or "{bridge}" not in command]
        words = {
            "{node}": node,
            "{bridge}": bridge,
            f"{{{PLUGIN.lower()}}}": PLUGIN,
            f"{{{CONFIGURATION.lower()}}}": CONFIGURATION,
        }
        for name, value in words.items():
            shown = [command.replace(name, value) for command in shown]
        return shown


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


#: Words for a plugin and its configuration where none is meant in particular.
PLUGIN, CONFIGURATION = "PLUGIN", "CONFIGURATION"

#: Source of several requirements.
K8S_MODEL = "Kubernetes documentation, The Kubernetes network model"

#: Commands for checks by hand that most requirements share.
NODE = "nsenter -t {node} -a"
LINKS = f"{NODE} bridge -d link show"
NETNS = f"{NODE} ip netns list"
PODS = f"{NODE} ip -all netns exec"
POD = f"{PODS} ip -d addr show"
DUMP = f"{NODE} tcpdump -nei any"
PLUGINS = "/opt/podpath/cni/bin"
STATE = f"{NODE} sh -c 'ls -R /var/lib/cni; nft list ruleset; ip link'"


def call(command: str) -> str:
    """Return the command to call a plugin by hand, for a namespace that it makes."""
    variables = f"CNI_COMMAND={command} CNI_CONTAINERID=look CNI_NETNS=/run/netns/look"
    plugin = f"CNI_IFNAME=net1 CNI_PATH={PLUGINS} {PLUGINS}/{{plugin}}"
    return f"{NODE} sh -c 'ip netns add look; {variables} {plugin} <{{configuration}}'"
