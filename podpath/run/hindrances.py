"""Settings of the host that make a failed test say nothing about the plugin."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from podpath.cni.network import Network
from podpath.model import Difference, Family
from podpath.nodes.base import Node
from podpath.paths.kinds import DUPLICATE, MAC, MISSING, PAYLOAD, UNEXPECTED
from podpath.system import sysctl
from podpath.topology import firewall

_HERE = "/proc/self/ns/net"
#: The kinds of difference of packets that do not arrive, and of what is sent about that.
_LOST = frozenset({MISSING, UNEXPECTED, "lost or doubled", "no answer", "FDB", "not bridged"})
#: Those of one more ARP reply.
_ANSWERED = frozenset({UNEXPECTED, DUPLICATE, PAYLOAD, MAC})


@dataclass(frozen=True, slots=True)
class Hindrance:
    """IPv4 settings that make pods fail which start with them.

    settings: name -> value, all of which pods must have; kinds: the kinds of difference that they
    cause; packet: how the packets begin that these are about, any if empty; requirements: the only
    ones that fail, any if empty; effect: what pods then do, whatever the plugin does; remedy: the
    setting to change.
    """

    settings: Mapping[str, int]
    kinds: frozenset[str]
    effect: str
    remedy: str
    packet: str = ""
    requirements: frozenset[str] = frozenset()

    def explains(self, requirements: Iterable[str], found: Collection[Difference]) -> bool:
        """Whether all that was found can be its doing."""
        about = not self.requirements or not self.requirements.isdisjoint(requirements)
        return about and all(
            one.kind in self.kinds and one.packet.startswith(self.packet) for one in found
        )


#: Each was seen to turn the reference plugins red.
HINDRANCES = (
    Hindrance({"arp_ignore": 8}, _LOST, "pods answer no ARP request", "arp_ignore"),
    Hindrance(
        {"proxy_arp_pvlan": 1, "forwarding": 1},
        _ANSWERED,
        "pods answer ARP requests for one another",
        "proxy_arp_pvlan",
        packet="ARP",
    ),
    Hindrance(
        {"drop_gratuitous_arp": 1},
        _LOST,
        "pods ignore the announcement of a new MAC address",
        "drop_gratuitous_arp",
        requirements=frozenset({"LIFE-REUSE"}),
    ),
)


def of(
    requirements: Collection[str],
    found: Collection[Difference],
    families: Collection[Family],
    network: Network,
    node: Node | None,
) -> list[str]:
    """List the host's settings that explain all differences of a test, each with its remedy.

    requirements: those that the test is about; families: its IP versions; node: the one that it
    was run on, if there is one. Raises CouldNotTest.
    """
    if not found:
        return []
    path = node.network_namespace() if node else _HERE
    sentences = [
        _sentence(one, settings)
        for one in HINDRANCES
        if (Family.IPV4 in families or one.packet)  # those packets are seen in any test
        and one.explains(requirements, found)
        and (settings := sysctl.having(path, one.settings))
    ]
    if all(one.kind in _LOST for one in found):
        sentences += _of_node(node, families, network)
    return sentences


def _sentence(one: Hindrance, settings: Iterable[str]) -> str:
    names = [s.partition(" = ")[0] for s in settings if f".{one.remedy} " in s]
    kernels = sysctl.KERNELS[Family.IPV4][one.remedy]
    mend = " ".join(f"{name}={kernels}" for name in names)
    return (
        f"pods start with {', '.join(settings)} on this host, with which {one.effect}."
        f" Change that on the host itself for this test: sysctl -w {mend}"
    )


def _of_node(node: Node | None, families: Iterable[Family], network: Network) -> Iterator[str]:
    """Of a node that is the user's; podpath's own has a packet filter of its own."""
    if node is not None and node.shared:
        for family in families:
            yield from firewall.hindering(node, family, network)
