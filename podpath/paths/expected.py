"""Derive the path that a packet must take: a profile's rules, applied to a topology. Pure."""

from collections.abc import Mapping

from podpath.cni import rates
from podpath.cni.network import Network
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import BEYOND, NODE, POD_INTERFACE, Direction, Hop, Path, Topology, Translation
from podpath.profiles import GATEWAY, GATEWAY_PORT, LIMITER, PLURAL, HopRule


def path(
    topology: Topology,
    network: Network,
    kind: str,
    *,
    source: str = "",
    destination: str = "",
    translation: Translation | None = None,
    uplink: str = "",
) -> Path:
    """Return the expected path of one packet.

    Args:
        topology: The node and its pods.
        network: The pods' network, whose profile has the rules.
        kind: A key of the profile's paths.
        source: The name of a pod, where the kind has a source.
        destination: The name of a pod, where the kind has a destination.
        translation: The addresses and ports that a packet has at translated hops.
        uplink: The node's interface to the outside.

    Raises:
        DoesNotConform: A pod is wired so that it has no such path.
        CouldNotTest: The profile has no such path, or the interface of a hop is unknown.
    """
    rules = network.hops(kind)
    named = {
        "master": network.bridge,
        "lower": network.lower(topology),
        "uplink": uplink,
        "lo": "lo",
        GATEWAY: network.vlan_gateway,
        GATEWAY_PORT: network.gateway_port(topology),
    }
    if source in topology.everybody:
        sandbox = topology.everybody[source].sandbox
        named[LIMITER] = rates.limiter(network.conflist.name, sandbox)
    resolve = _Resolver(topology, source, destination, named)
    expanded = [(rule, pod) for rule in rules for pod in resolve.pods_of(rule)]
    position = {(rule.id, pod): index for index, (rule, pod) in enumerate(expanded)}
    hops = []
    for rule, pod in expanded:
        after = [
            position[key]
            for name in rule.after
            for key in dict.fromkeys(((name, pod), (name, "")))
            if key in position
        ]
        hops.append(
            Hop(
                namespace=resolve.namespace(rule, pod),
                interface=resolve.interface(rule, pod),
                direction=Direction(rule.direction),
                after=tuple(after),
                ttl=rule.ttl,
                rewritten=rule.rewritten or rule.routed,
                macs=resolve.macs() if rule.routed else None,
                translated=rule.translated,
                early=rule.early,
                optional=rule.optional,
                vlan=network.vlan_on_bridge if rule.tagged else None,
            )
        )
    return Path(_title(kind, source, destination), tuple(hops), translation)


def _title(kind: str, source: str, destination: str) -> str:
    ends = {
        "broadcast": (source, "every pod"),
        "to-node": (source, NODE),
        "outward": (source, BEYOND),
        "inward": (BEYOND, destination),
        "from-node": (NODE, destination),
        "self": (source, source),
    }
    return " -> ".join(ends.get(kind, (source, destination)))


class NoHostEnd(DoesNotConform):
    """A pod whose eth0 has no peer on the node, and so no path: TOPO-VETH-PEER."""


class _Resolver:
    """Resolves the names in a rule to names of this topology."""

    def __init__(
        self, topology: Topology, source: str, destination: str, named: Mapping[str, str]
    ) -> None:
        """Resolve names for one path.

        Args:
            topology: The node and its pods.
            source: Name of the source pod.
            destination: Name of the destination pod.
            named: A rule's word for each interface that is not a pod's, and its name.
        """
        self._topology = topology
        self._roles = {"source": source, "destination": destination}
        self._named = {**named, "pod": POD_INTERFACE}

    def pods_of(self, rule: HopRule) -> list[str]:
        """List the pods that a plural rule makes hops for; [""] for any other rule."""
        if plural := PLURAL.intersection((rule.at, rule.interface)):
            ends = {self._roles["source"]}
            ends |= {self._roles["destination"]} if "bystanders" in plural else set()
            return sorted(p for p in self._topology.everybody if p not in ends)
        return [""]

    def namespace(self, rule: HopRule, pod: str) -> str:
        return NODE if rule.at == "node" else self._roles.get(rule.at, pod)

    def _name(self, called: str) -> str:
        if name := self._named[called]:
            return name
        if called == GATEWAY_PORT:
            raise DoesNotConform("the gateway of the pods' VLAN has no port of the bridge")
        raise CouldNotTest(
            f'a hop is on the "{called}" of pods, and neither the conflist nor a default route of'
            " the node says which that is"
        )

    def macs(self) -> tuple[str, str] | None:
        """Return the MAC addresses of the destination's link: the node's end, then the pod's."""
        destination = self._roles["destination"]
        end = self._topology.host_end(destination, POD_INTERFACE)
        inside = self._topology.of_pod(destination).interface(POD_INTERFACE)
        return (end.mac, inside.mac) if end and inside else None

    def interface(self, rule: HopRule, pod: str) -> str:
        if rule.interface in self._named:
            return self._name(rule.interface)
        owner = self._roles.get(rule.interface, pod)
        end = self._topology.host_end(owner, POD_INTERFACE)
        if end is None:
            raise NoHostEnd(
                f"no path to pod {owner}: its {POD_INTERFACE} has no peer in the node's namespace"
            )
        return end.name
