"""Make traffic to node ports that are mapped to a pod."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import BEYOND, NODE, Address, CommandResult, Family, Topology, Translation
from podpath.nodes import image
from podpath.nodes.base import Node
from podpath.nodes.deployment import HTTP_MAPPED, MAPPED, UDP_MAPPED, Deployment
from podpath.nodes.pod import PortMapping
from podpath.paths import mapping, outside, probes
from podpath.paths.observable import Traffic, both_ways
from podpath.paths.traffic.exchanges import HttpExchange, UdpExchange
from podpath.paths.traffic.programs import Datagram, Fetch, url
from podpath.paths.traffic.senders import Sender, container_sender
from podpath.system import limits
from podpath.system.randomness import Draws
from podpath.topology import reading

_HTTP_BYTES = 1460
_UDP_BYTES = 82


@dataclass(frozen=True)
class MappedPorts:
    """Maker of traffic to the mapped ports of the pod MAPPED: from pods, the node, and beyond it.

    Attributes:
        node: The node that has the ports.
        pods: Its pods.
        draws: The source of ports and payloads.
        network: The pods' network.
        topology: The node and its pods before the pod MAPPED exists.
    """

    node: Node
    pods: Deployment
    draws: Draws
    network: Network
    topology: Topology

    def traffic(self, source: str, family: Family) -> list[Traffic]:
        """Make an HTTP exchange and a UDP datagram from a pod's name, NODE or BEYOND."""
        return [self._http(source, family), self._udp(source, family)]

    def target(self, family: Family) -> Address:
        """Return the node's address, the destination of the traffic."""
        return mapping.node_address(self.topology, self.network, self.node.uplink, family)

    def is_reachable_from_beyond(self, family: Family) -> bool:
        """Return whether hosts beyond the node can use the destination of the traffic."""
        known = outside.address(self.topology, self.node.uplink, family)
        far = outside.gateway(self.topology, family)
        return far is not None and self.target(family) == known

    def _http(self, source: str, family: Family) -> Traffic:
        nonce, target = self.draws.token(), self.target(family)
        where = url(target, f"{_HTTP_BYTES}?{nonce}", HTTP_MAPPED.node)
        program = Fetch(where, image.body(_HTTP_BYTES), limits.current().http)
        ends, port = (self._client(source, family), target), HTTP_MAPPED.node
        if source == NODE:  # its packets are translated before they leave its stack
            ends, port = (target, self._address(MAPPED, family)), HTTP_MAPPED.pod
        probe = probes.Http(nonce, port, ends, mapped=HTTP_MAPPED.pod)
        return self._traffic(
            HttpExchange(self._sender(source), program), probe, source, family, HTTP_MAPPED
        )

    def _udp(self, source: str, family: Family) -> Traffic:
        program = Datagram(
            self.draws.payload(_UDP_BYTES).hex()[: _UDP_BYTES - 2],
            self.draws.port(),
            self.target(family),
            UDP_MAPPED.node,
        )
        receiver = partial(self.pods.__getitem__, MAPPED)
        send = UdpExchange(self._sender(source), program, receiver, self.node)
        probe = probes.Datagram(program.source_port, UDP_MAPPED.node, mapped=UDP_MAPPED.pod)
        return self._traffic(send, probe, source, family, UDP_MAPPED, size=_UDP_BYTES)

    def _traffic(
        self,
        send: Callable[[], CommandResult],
        probe: probes.Probe,
        source: str,
        family: Family,
        port: PortMapping,
        size: int | None = None,
    ) -> Traffic:
        """Describe the traffic and the paths of its packets."""
        legs = (probes.REQUEST, probes.REPLY) if port.protocol == "tcp" else (probes.REQUEST,)
        filtered = reading.filters_bridged(self.node.network_namespace(), family)
        kinds = mapping.kinds(self.network, source, filtered=filtered)
        translations = self._translations(source, family, port)
        return Traffic(
            send,
            probe,
            {leg: kinds[leg] for leg in legs},
            MAPPED if source in (NODE, BEYOND) else source,
            MAPPED,
            size=size,
            translations={leg: translations[leg] for leg in legs if leg in translations},
            sender=source,
        )

    def _translations(
        self, source: str, family: Family, port: PortMapping
    ) -> Mapping[str, Translation]:
        if source == NODE:  # its packets are translated before they leave its stack
            return {}
        client = None if source == BEYOND else self._address(source, family)
        pod = self.pods[MAPPED].network
        return both_ways(mapping.translation(self.network, self.target(family), pod, client, port))

    def _client(self, source: str, family: Family) -> Address:
        """Return the source address of requests."""
        if source != BEYOND:
            return self.target(family) if source == NODE else self._address(source, family)
        if (far := outside.gateway(self.topology, family)) is None:
            raise CouldNotTest(f"nobody is beyond the node in {family.text}")
        return far

    def _address(self, pod: str, family: Family) -> Address:
        return self.pods[pod].network.address(family)

    def _sender(self, name: str) -> Sender:
        return container_sender(name, self.node, self.pods)
