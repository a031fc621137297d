"""Settings of the host that make tests fail independently of the plugin."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from podpath.cni.network import Network
from podpath.model import Difference, Family
from podpath.nodes.base import Node
from podpath.paths.kinds import DUPLICATE, MAC, MISSING, PAYLOAD, UNEXPECTED
from podpath.system import kernel_settings, sysctl
from podpath.topology import firewall

_HERE = "/proc/self/ns/net"
#: Kinds of difference of lost packets, and of packets that hosts send because of the loss.
_LOST = frozenset({MISSING, UNEXPECTED, "lost or doubled", "no answer", "FDB", "not bridged"})
#: Kinds of difference of an additional ARP reply.
_ANSWERED = frozenset({UNEXPECTED, DUPLICATE, PAYLOAD, MAC})


@dataclass(frozen=True, slots=True)
class Hindrance:
    """IPv4 settings of the host that make pods fail which start with them.

    Attributes:
        settings: name -> value; the hindrance applies if pods start with all of them.
        kinds: kinds of difference that they cause.
        effect: behaviour of such pods, independently of the plugin.
        remedy: setting to change.
        packet: beginning of the text of the packets that differ; empty for any packet.
        requirements: the only requirements that fail; empty for any requirement.
    """

    settings: Mapping[str, int]
    kinds: frozenset[str]
    effect: str
    remedy: str
    packet: str = ""
    requirements: frozenset[str] = frozenset()

    def explains(self, requirements: Iterable[str], differences: Collection[Difference]) -> bool:
        """Return whether the settings can cause all differences of a test."""
        about = not self.requirements or not self.requirements.isdisjoint(requirements)
        return about and all(
            difference.kind in self.kinds and difference.packet.startswith(self.packet)
            for difference in differences
        )


#: Each was seen to make the reference plugins fail.
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
    differences: Collection[Difference],
    families: Collection[Family],
    network: Network,
    node: Node | None,
) -> list[str]:
    """List the host's settings that explain all differences of a test, each with its remedy.

    Args:
        requirements: requirements that the test checks.
        differences: differences that the test found.
        families: IP versions of the test.
        network: network of the node's pods.
        node: node of the test; None if the test has none.

    Raises:
        CouldNotTest: the settings cannot be read.
    """
    if not differences:
        return []
    path = node.network_namespace() if node else _HERE
    sentences = [
        _sentence(hindrance, settings)
        for hindrance in HINDRANCES
        if (Family.IPV4 in families or hindrance.packet)  # tests of either family see such packets
        and hindrance.explains(requirements, differences)
        and (settings := sysctl.having(path, hindrance.settings))
    ]
    if all(d.kind in _LOST for d in differences):
        sentences += _of_node(node, families, network)
    return sentences


def _sentence(hindrance: Hindrance, settings: Iterable[str]) -> str:
    names = [s.partition(" = ")[0] for s in settings if f".{hindrance.remedy} " in s]
    kernels = kernel_settings.KERNELS[Family.IPV4.value][hindrance.remedy]
    mend = " ".join(f"{name}={kernels}" for name in names)
    return (
        f"pods start with {', '.join(settings)} on this host, with which {hindrance.effect}."
        f" Change that on the host itself for this test: sysctl -w {mend}"
    )


def _of_node(node: Node | None, families: Iterable[Family], network: Network) -> Iterator[str]:
    """Yield hindrances in the firewall of a user's node; podpath's node has its own."""
    if node is not None and node.shared:
        for family in families:
            yield from firewall.hindering(node, family, network)
