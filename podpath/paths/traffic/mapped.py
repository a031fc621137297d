"""Make traffic to node ports that are mapped to a pod."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_address

from podpath.cni.conditions import KEYS
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import (
    BEYOND,
    NODE,
    Address,
    CommandResult,
    Difference,
    Family,
    Topology,
    Translation,
)
from podpath.nodes import image
from podpath.nodes.base import Node
from podpath.nodes.deployment import (
    BYSTANDER,
    CLIENT,
    HTTP_MAPPED,
    LOCALLY,
    LOCALLY_MAPPED,
    LOCALLY_UDP,
    MAPPED,
    UDP_MAPPED,
    Deployment,
)
from podpath.nodes.pod import Pod, PortMapping
from podpath.paths import many_flows, mapping, neighbour, outside, probes, refusals
from podpath.paths.icmp_errors import End
from podpath.paths.many_flows import Asker
from podpath.paths.mapping import LOCALHOST
from podpath.paths.observable import Traffic, both_ways
from podpath.paths.traffic.exchanges import HttpExchange, UdpExchange
from podpath.paths.traffic.programs import Datagram, Fetch, url
from podpath.paths.traffic.senders import Sender, container_sender
from podpath.paths.unwatched import Compared
from podpath.system import limits
from podpath.system.randomness import Draws
from podpath.topology import firewall, reading

_OF_NODE = frozenset({NODE, LOCALHOST})
_LOOPBACK = ip_address("127.0.0.1")
_HTTP_BYTES = 1460
#: A request over HTTP that fills most of a packet, in bytes.
_LONG_REQUEST = 1000
_UDP_BYTES = 82


@dataclass(frozen=True)
class MappedPorts:
    """Maker of traffic to mapped ports: from pods, the node, 127.0.0.1, and beyond the node.

    Attributes:
        node: The node that has the ports.
        pods: Its pods.
        draws: The source of ports and payloads.
        network: The pods' network.
        topology: The node and its pods before a pod with mapped ports exists.
    """

    node: Node
    pods: Deployment
    draws: Draws
    network: Network
    topology: Topology

    @contextmanager
    def mapped(self, name: str = MAPPED) -> Iterator[Pod]:
        """Have a pod with mapped ports, whose address nobody remembers from an earlier pod.

        Nor do pods, and hosts beyond the node, know how large packets may be.

        Args:
            name: MAPPED or LOCALLY_MAPPED.
        """
        with self.pods.temporary(name) as (pod,):
            neighbour.forget(self.node, self.pods, pod.network.addresses)
            neighbour.forget_sizes(self.node, self.pods)
            yield pod

    def traffic(self, source: str, family: Family, largest: int = 0) -> list[Traffic]:
        """Make an HTTP exchange and UDP datagrams to the pod MAPPED.

        Args:
            source: A pod's name, NODE, LOCALHOST or BEYOND.
            family: The IP version.
            largest: The payload in bytes of a second datagram; 0 for none. The HTTP request is
                then long, too.
        """
        asking = _LONG_REQUEST if largest else 0
        exchange = self._http(source, family, MAPPED, HTTP_MAPPED, asking)
        sizes = (_UDP_BYTES, largest) if largest else (_UDP_BYTES,)
        return [exchange, *(self.datagram(source, family, size=size) for size in sizes)]

    def flows(self, source: str, family: Family) -> Compared:
        """Connect and send datagrams to the pod MAPPED from many source ports.

        A pod uses its gateway's address, too. A host beyond the node also asks from another
        network.

        Args:
            source: NODE, BEYOND or CLIENT; nothing is sent from others.
            family: The IP version.
        """
        spaces = refusals.namespaces(self.node, self.pods)
        if source not in spaces:
            return Compared([])
        target, asker = self.target(family), Asker(source, spaces[source])
        addresses = [target]
        if source == CLIENT and mapping.is_at_every_address(self.network):
            gateways = (held.ip for held in self.network.ipam.gateways_of(family))
            addresses += [address for address in gateways if self.network.is_held(address)]
        found = [self._connections(asker, address) for address in dict.fromkeys(addresses)]
        found.append(self._datagrams(asker, target))
        if source == BEYOND:
            found += self._from_farther(asker, target)
        return Compared(
            [difference for one in found for difference in one.differences],
            frozenset().union(*(one.lost for one in found)),
            is_all=all(one.is_all for one in found),
        )

    def _connections(self, asker: Asker, address: Address) -> Compared:
        return many_flows.unaccepted(asker, address, HTTP_MAPPED.node, self.draws)

    def _datagrams(self, asker: Asker, target: Address) -> Compared:
        network = self.pods[MAPPED].network
        namespace = self.node.named_namespaces()[network.netns]
        pod = (namespace, network.address(Family(target.version)), UDP_MAPPED.pod)
        return many_flows.undelivered(asker, (target, UDP_MAPPED.node), pod, self.draws)

    def _from_farther(self, near: Asker, target: Address) -> list[Compared]:
        """Ask from another network than the uplink's, unless a condition excludes it."""
        host = many_flows.Host(near.namespace, target, target)
        with many_flows.farther(host) as farther:
            if mapping.is_excluded(self.network, farther.address, target):
                return []
            name = f"{near.name}, from {farther.address}"
            asker = Asker(name, near.namespace, str(farther.address))
            return [self._connections(asker, target), self._datagrams(asker, target)]

    def ends_beyond(self, pod: Pod, family: Family) -> tuple[End, End, tuple[Address, int]]:
        """Return a host beyond the node and the pod, and address and UDP port that it asks for."""
        network = pod.network
        namespace = self.node.named_namespaces()[network.netns]
        own = End(f"pod {pod.name}", namespace, network.address(family), UDP_MAPPED.pod)
        far = self._client(BEYOND, family)
        return End(str(far), self.node.beyond, far), own, (self.target(family), UDP_MAPPED.node)

    def local_datagrams(self, pod: Pod) -> list[Difference]:
        """List the datagrams to 127.0.0.1 that do not reach the pod LOCALLY_MAPPED, or no answer.

        Raises:
            CouldNotTest: No program can listen at the pod's port.
        """
        namespace = self.node.named_namespaces()[pod.network.netns]
        own = pod.network.address(Family.IPV4)
        asker = Asker(NODE, self.node.network_namespace())
        target = (ip_address(LOCALLY_UDP.host_ip), LOCALLY_UDP.node)
        found = many_flows.undelivered(asker, target, (namespace, own, LOCALLY_UDP.pod), self.draws)
        return list(found.differences)

    def local(self) -> Traffic:
        """Make an HTTP exchange at 127.0.0.1 with the pod LOCALLY_MAPPED."""
        return self._http(LOCALHOST, Family.IPV4, LOCALLY_MAPPED, LOCALLY)

    def datagram(
        self, source: str, family: Family, source_port: int = 0, *, size: int = _UDP_BYTES
    ) -> Traffic:
        """Make a UDP datagram to the pod MAPPED.

        Args:
            source: As for traffic().
            family: The IP version.
            source_port: The source port; 0 for any.
            size: The payload in bytes, at least 34.
        """
        program = self._program(source, family, source_port or self.draws.port(), size)
        receiver = partial(self.pods.__getitem__, MAPPED)
        send = UdpExchange(self._sender(source), program, receiver, self.node)
        probe = probes.Datagram(program.source_port, UDP_MAPPED.node, mapped=UDP_MAPPED.pod)
        return self._traffic(send, probe, source, family, MAPPED, UDP_MAPPED, size=size)

    def send_in_vain(self, source: str, family: Family, source_port: int) -> None:
        """Send a datagram to the mapped port while no pod has it; see datagram().

        Raises:
            CouldNotTest: The program cannot be run.
        """
        self._sender(source).run(self._program(source, family, source_port))

    def target(self, family: Family) -> Address:
        """Return the node's address, the destination of traffic to the pod MAPPED."""
        return mapping.node_address(self.topology, self.network, self.node.uplink, family)

    def unmapped(self, family: Family) -> list[tuple[Address, PortMapping]]:
        """List ports that the mapping of the pod MAPPED must not catch.

        These are the next ports of the node, and the same port of a pod and of a host beyond.
        """
        next_ports = (replace(HTTP_MAPPED, node=HTTP_MAPPED.node + step) for step in (-1, 1))
        far = outside.gateway(self.topology, family) if self.node.beyond else None
        elsewhere = (self._address(BYSTANDER, family), *([far] if far else []))
        return [
            *((self.target(family), port) for port in next_ports),
            *((address, HTTP_MAPPED) for address in elsewhere),
        ]

    def usual_source(self, family: Family) -> str:
        """Return BEYOND if hosts there can use the destination of the traffic, or else NODE.

        Raises:
            CouldNotTest: The conditions of portmap exclude both, and the client.
        """
        for source in (BEYOND, NODE, CLIENT):
            usable = not self.inapplicable(source, family)
            if usable and not self.is_excluded(source, family):
                return source
        raise CouldNotTest(
            f'nobody who asks for mapped ports in the suite meets "{KEYS[family]}"',
            f"Let them include {self.target(family)} or {self._client(CLIENT, family)}",
        )

    def near_source(self, family: Family) -> str:
        """Return CLIENT if it can use the destination of the traffic, or else usual_source().

        Raises:
            CouldNotTest: Nobody can.
        """
        hindered = self.inapplicable(CLIENT, family) or self.is_excluded(CLIENT, family)
        return self.usual_source(family) if hindered else CLIENT

    def is_excluded(self, source: str, family: Family) -> bool:
        """Return whether the conditions of portmap exclude a source, so that its port is refused.

        Raises:
            CouldNotTest: There is no such source.
        """
        asked = self._asked(source, family)
        own = source in _OF_NODE  # the kernel gives packets to an own address the same source
        client = asked if own else self._client(source, family)
        return mapping.is_excluded(self.network, client, asked)

    def refused(self, source: str, family: Family) -> list[Difference]:
        """List the answers that a source has, whose packets the node must not translate."""
        namespaces = {NODE: self.node.network_namespace(), BEYOND: self.node.beyond}
        if source in {pod.name for pod in self.pods}:
            names = self.node.named_namespaces()
            namespaces[source] = names[self.pods[source].network.netns]
        namespace = namespaces.get(NODE if source == LOCALHOST else source, "")
        asked = self._asked(source, family)
        return refusals.excluded(namespace, source, asked, HTTP_MAPPED)

    def inapplicable(self, source: str, family: Family) -> str:
        """Explain why a source cannot be required to reach a mapped port; empty if it can."""
        if source in (LOCALHOST, MAPPED) and not mapping.masquerades(self.network):
            return 'with "snat": false, nobody masquerades a pod that asks for itself, or 127.0.0.1'
        if source in (LOCALHOST, MAPPED) and not mapping.is_reference(self.network):
            return "only the documentation of the plugin portmap promises this sender an answer"
        if source == LOCALHOST and family is not Family.IPV4:
            return "the kernel routes no packet of ::1 to another interface"
        if source == BEYOND:
            known = outside.address(self.topology, self.node.uplink, family)
            reachable = outside.gateway(self.topology, family) and self.target(family) == known
            if not reachable:
                return f"the node's uplink leads nowhere in {family.text}"
            closed = firewall.closed_to_others(self.node, family, self.network)
            return "the node drops what it forwards, but for what pods begin" if closed else ""
        return "" if source in _OF_NODE else self._inapplicable_to_pod(source, family)

    def _inapplicable_to_pod(self, pod: str, family: Family) -> str:
        conflist = self.network.conflist
        if conflist.promiscuous:
            return "a promiscuous bridge also routes what it bridges translated"
        if conflist.is_walled or (conflist.isolated and pod != MAPPED):
            return "the conflist isolates pods from each other"
        bridged = self._kinds(pod, family)[probes.REQUEST] == mapping.BRIDGED
        if pod == MAPPED and bridged and not conflist.hairpin:
            return "without hairpinMode, a bridge port sends nothing back to its pod"
        return ""

    def _http(
        self, source: str, family: Family, pod: str, port: PortMapping, asking: int = 0
    ) -> Traffic:
        nonce, target = self.draws.token(), self._asked(source, family)
        where = url(target, f"{_HTTP_BYTES}?{nonce}{'0' * asking}", port.node)
        program = Fetch(where, image.body(_HTTP_BYTES), limits.current().http)
        probe = probes.Http(
            nonce, port.node, (self._client(source, family), target), mapped=port.pod
        )
        if source in _OF_NODE:  # its packets are translated before they leave its stack
            ends = self._client(source, family), self._address(pod, family)
            probe = replace(probe, port=port.pod, ends=ends, own=target)
        send = HttpExchange(self._sender(source), program)
        return self._traffic(send, probe, source, family, pod, port)

    def _program(
        self, source: str, family: Family, source_port: int, size: int = _UDP_BYTES
    ) -> Datagram:
        line = self.draws.payload(size).hex()[: size - 2]
        target, wait = self._asked(source, family), limits.current().reply
        return Datagram(line, source_port, target, UDP_MAPPED.node, wait)

    def _traffic(
        self,
        send: Callable[[], CommandResult],
        probe: probes.Probe,
        source: str,
        family: Family,
        pod: str,
        port: PortMapping,
        size: int | None = None,
    ) -> Traffic:
        """Describe the traffic and the paths of its packets."""
        legs = (probes.REQUEST, probes.REPLY) if port.protocol == "tcp" else (probes.REQUEST,)
        kinds = self._kinds(source, family)
        translations = self._translations(source, family, pod, port)
        return Traffic(
            send,
            probe,
            {leg: kinds[leg] for leg in legs},
            pod if source in (*_OF_NODE, BEYOND) else source,
            pod,
            size=size,
            translations={leg: translations[leg] for leg in legs if leg in translations},
            sender=source,
            conclusive=source in _OF_NODE,
        )

    def _kinds(self, source: str, family: Family) -> Mapping[str, str]:
        filtered = reading.filters_bridged(self.node.network_namespace(), family)
        return mapping.kinds(self.network, source, filtered=filtered)

    def _translations(
        self, source: str, family: Family, pod: str, port: PortMapping
    ) -> Mapping[str, Translation]:
        target, client = self.target(family), self._client(source, family)
        if source in _OF_NODE:  # its packets are translated before they leave its stack
            return {probes.REPLY: Translation(((client, self._asked(source, family)),))}
        network = self.pods[pod].network
        masqueraded = mapping.is_masqueraded(self.network, network, client, is_pod=source != BEYOND)
        return both_ways(
            mapping.translation(
                self.network, target, network, client if masqueraded else None, port
            )
        )

    def _asked(self, source: str, family: Family) -> Address:
        """Return the destination of requests."""
        return _LOOPBACK if source == LOCALHOST else self.target(family)

    def _client(self, source: str, family: Family) -> Address:
        """Return the source address of requests, for the node as it is once it is translated."""
        if source == LOCALHOST or (source == NODE and mapping.masquerades_all(self.network)):
            return self.network.ipam.gateway(family)
        if source == NODE:
            return self.target(family)
        if source != BEYOND:
            return self._address(source, family)
        if (far := outside.gateway(self.topology, family)) is None:
            raise CouldNotTest(f"nobody is beyond the node in {family.text}")
        return far

    def _address(self, pod: str, family: Family) -> Address:
        return self.pods[pod].network.address(family)

    def _sender(self, name: str) -> Sender:
        return container_sender(NODE if name == LOCALHOST else name, self.node, self.pods)
