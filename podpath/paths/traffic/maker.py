"""Make traffic between the pods of a node."""

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from ipaddress import ip_address

from podpath.cni.network import Network
from podpath.model import NODE, Address, CommandResult, Family, Translation
from podpath.nodes import image
from podpath.nodes.base import Node
from podpath.nodes.deployment import ASKED_FOR, HTTP_PORT, MAIN, UDP_PORT, Deployment
from podpath.paths import probes, self_report
from podpath.paths.masquerade import Masquerade
from podpath.paths.observable import Traffic, both_ways
from podpath.paths.traffic.exchanges import HttpExchange, QueryExchange, UdpExchange
from podpath.paths.traffic.programs import Datagram, Fetch, Ping, Query, url
from podpath.paths.traffic.senders import Sender, container_sender, sender
from podpath.system import limits, netns, waiting
from podpath.system.randomness import Draws

_SERVICE_BYTES = 1460
_QUERY_BYTES = 64

#: Returns the sender for the name of a pod, or NODE.
Senders = Callable[[str, Node, Deployment], Sender]

_UNICAST = {probes.REQUEST: "unicast", probes.REPLY: "unicast"}
_SELF = {probes.REQUEST: "self", probes.REPLY: "self"}
_SERVICE = {probes.REQUEST: "service", probes.REPLY: "service-reply"}
_TO_NODE = {probes.REQUEST: "to-node", probes.REPLY: "from-node"}
_FROM_NODE = {probes.REQUEST: "from-node", probes.REPLY: "to-node"}
_OUT_AND_BACK = {probes.REQUEST: "outward", probes.REPLY: "inward"}


class Traffics:
    """Maker of traffic between pods of a node, which are named by their role.

    All random values are drawn when the traffic is described, in one thread, and not when it is
    sent. A pod's traffic is sent by a program of the host in the pod's network namespace, or by the
    pod's container: see from_containers.
    """

    def __init__(
        self, node: Node, pods: Deployment, draws: Draws, sender: Senders = sender
    ) -> None:
        """Make traffic on a node.

        Args:
            node: The node.
            pods: Its pods.
            draws: The source of identifiers, ports and payloads.
            sender: Returns the sender for the name of a pod, or NODE.
        """
        self._node = node
        self._pods = pods
        self._draws = draws
        self._senders = sender

    @property
    def from_containers(self) -> "Traffics":
        """The maker of the same traffic, which the container runtime starts in pods' containers.

        It takes ten times as long. Use it where a rule on the container's cgroup, or anything else
        but its network namespace, may change the path.
        """
        return Traffics(self._node, self._pods, self._draws, container_sender)

    def address(self, pod: str, family: Family = Family.IPV4) -> Address:
        """Return a pod's address.

        Raises:
            DoesNotConform: The pod has no address of the family.
        """
        return self._pods[pod].network.address(family)

    def ping(
        self,
        source: str,
        destination: str,
        family: Family = Family.IPV4,
        *,
        size: int = 56,
        count: int = 1,
        fragment: str = "want",
    ) -> Traffic:
        """Ping from pod to pod, or from a pod to itself; see programs.Ping for the options."""
        program = replace(
            self._ping(self.address(destination, family)),
            size=size,
            count=count,
            fragment=fragment,
        )
        return Traffic(
            partial(self._sender(source).run, program),
            probes.Echo(program.identifier, count),
            _SELF if source == destination else _UNICAST,
            source,
            destination,
            doubt=program.doubt,
            size=size,
        )

    def oversized_ping(
        self, source: str, destination: str, family: Family = Family.IPV4, *, size: int
    ) -> Traffic:
        """Ping with DF set and a payload that does not fit: the sender's kernel must refuse it."""
        ordinary = self.ping(source, destination, family, size=size, fragment="do")
        return replace(
            ordinary,
            probe=probes.Silence(ordinary.probe.filter),
            kinds={},
            refused="message too long",
            doubt=lambda result: self_report.killed(result.status),
            size=None,
        )

    def ping_gateway(self, source: str, gateway: Address) -> Traffic:
        """Ping from a pod to the node's address on the pod's network."""
        program = self._ping(gateway)
        return Traffic(
            partial(self._sender(source).run, program),
            probes.Echo(program.identifier),
            _TO_NODE,
            source,
            source,
            doubt=program.doubt,
        )

    def ping_beyond(
        self, source: str, target: Address, node: Address, *, size: int = 56
    ) -> Traffic:
        """Ping from a pod to a host beyond the node, masqueraded with an address of the node.

        Args:
            source: Name of the pod.
            target: Address of the host.
            node: Address of the node, which replaces the pod's.
            size: The payload in bytes.
        """
        program = replace(self._ping(target), size=size)
        send = partial(self._sender(source).run, program)
        traffic = self._beyond(send, probes.Echo(program.identifier), source, target, node)
        return replace(traffic, doubt=program.doubt)

    def http_beyond(
        self, source: str, target: Address, node: Address, *, asking: int = 0
    ) -> Traffic:
        """Get a body over HTTP from a host beyond the node; see ping_beyond and hosts.serving.

        Args:
            source: Name of the pod.
            target: Address of the host.
            node: Address of the node, which replaces the pod's.
            asking: The least size of the request in bytes.
        """
        send, probe = self._http(source, target, _SERVICE_BYTES, padding="0" * asking)
        return self._beyond(send, probe, source, target, node)

    def udp_beyond(
        self, source: str, target: Address, node: Address, *, size: int = _QUERY_BYTES
    ) -> Traffic:
        """Send a datagram to a host beyond the node, which answers it; see http_beyond.

        Args:
            source: Name of the pod.
            target: Address of the host.
            node: Address of the node, which replaces the pod's.
            size: The payload in bytes, at least 34.
        """
        line = self._draws.payload(size).hex()[: size - 2]
        port, wait = self._draws.port(), limits.current().reply
        program = Query(line, port, target, UDP_PORT, wait)
        send = QueryExchange(self._sender(source), program)
        return self._beyond(send, probes.Answered(port, UDP_PORT), source, target, node)

    def _beyond(
        self,
        send: Callable[[], CommandResult],
        probe: probes.Probe,
        source: str,
        target: Address,
        node: Address,
    ) -> Traffic:
        own = self._source(source, target)
        return Traffic(
            send,
            probe,
            _OUT_AND_BACK,
            source,
            source,
            translations=both_ways(Translation(((own, node),))),
            masquerade=Masquerade(own, node, target),
        )

    def _source(self, pod: str, target: Address) -> Address:
        """Return a pod's address, of several the one that its kernel sends from (RFC 6724)."""
        own = self.address(pod, Family(target.version))
        alike = [a for a in self._pods[pod].network.addresses if a.version == target.version]
        if len(alike) < 2:
            return own
        namespace = self._node.namespace_of(self._pods[pod], MAIN)
        return netns.run_in(namespace, partial(_chosen_for, target)) or own

    def ping_from_node(self, destination: str, family: Family = Family.IPV4) -> Traffic:
        """Ping from the node to a pod."""
        program = self._ping(self.address(destination, family))
        return Traffic(
            partial(self._sender(NODE).run, program),
            probes.Echo(program.identifier),
            _FROM_NODE,
            destination,
            destination,
            doubt=program.doubt,
            sender=NODE,
        )

    def http_from_node(self, destination: str, family: Family = Family.IPV4) -> Traffic:
        """Get a body over HTTP from a pod, as the kubelet does."""
        nonce, target = self._draws.token(), self.address(destination, family)
        where = url(target, f"{_SERVICE_BYTES}?{nonce}", HTTP_PORT)
        program = Fetch(where, image.body(_SERVICE_BYTES), limits.current().http)
        own = netns.run_in(self._node.network_namespace(), partial(_chosen_for, target))
        return Traffic(
            HttpExchange(self._sender(NODE), program),
            probes.Http(nonce, HTTP_PORT, (own, target) if own else None),
            _FROM_NODE,
            destination,
            destination,
            sender=NODE,
            conclusive=True,
        )

    def http(
        self, source: str, destination: str, family: Family = Family.IPV4, *, size: int = 1460
    ) -> Traffic:
        """Get a body over HTTP, and compare it with the one on the server.

        Args:
            source: Name of the client pod.
            destination: Name of the server pod.
            family: The IP version.
            size: The size of the body in bytes, one of image.BODY_SIZES.
        """
        target = self.address(destination, family)
        send, probe = self._http(source, target, size)
        return Traffic(send, probe, _UNICAST, source, destination)

    def http_of_service(self, source: str, destination: str, service: Address) -> Traffic:
        """Get a body over HTTP from the pod's Service.

        The client is the container's: where a plugin translates Services when a program connects,
        it does so for the cgroups of pods.
        """
        send, probe = self.from_containers._http(source, service, _SERVICE_BYTES)
        there = self.address(destination, Family(service.version))
        translations = both_ways(Translation(((service, there),)))
        return Traffic(send, probe, _SERVICE, source, destination, translations=translations)

    def kubelet_request(self, pod: str, seconds: float) -> Traffic:
        """Wait some seconds for the next HTTP request of the kubelet to a pod."""
        receiver = self._sender(pod)

        def wait() -> CommandResult:
            before = receiver.accepted()
            if waiting.until(lambda: receiver.accepted() > before, bool, seconds):
                return CommandResult(0, b"", "")
            why = f"the kubelet did not ask in {seconds:.0f} s"
            return CommandResult(self_report.GAVE_UP, b"", why)

        return Traffic(wait, probes.RepeatedHttp(ASKED_FOR, HTTP_PORT), _FROM_NODE, pod, pod)

    def udp(
        self, source: str, destination: str, family: Family = Family.IPV4, *, size: int = 64
    ) -> Traffic:
        """Send one UDP datagram, a line of random text, which must arrive whole.

        Args:
            source: Name of the sending pod.
            destination: Name of the receiving pod.
            family: The IP version.
            size: The payload in bytes, at least 34.
        """
        return self._udp(source, destination, family, size, "unicast", source)

    def udp_from_node(
        self, destination: str, family: Family = Family.IPV4, *, size: int = 64
    ) -> Traffic:
        """Send one UDP datagram from the node to a pod, which must arrive whole; see udp()."""
        return self._udp(NODE, destination, family, size, "from-node", destination)

    def _udp(
        self, sender: str, destination: str, family: Family, size: int, kind: str, source: str
    ) -> Traffic:
        program = Datagram(
            # two bytes are the newlines before and after the line
            self._draws.payload(size).hex()[: size - 2],
            self._draws.port(),
            self.address(destination, family),
            UDP_PORT,
            limits.current().reply,
        )
        receiver = partial(self._pods.__getitem__, destination)
        return Traffic(
            UdpExchange(self._sender(sender), program, receiver, self._node),
            probes.Datagram(program.source_port, UDP_PORT),
            {probes.REQUEST: kind},
            source,
            destination,
            sender=sender if sender == NODE else "",
            size=size,
        )

    def resolve(self, source: str, destination: str, network: Network, family: Family) -> Traffic:
        """Ping, and observe the ARP or neighbour discovery that precedes it.

        The profile defines the address that a pod asks for: the destination or the gateway.
        """
        own, peer = self.address(source, family), self.address(destination, family)
        probe, way = probes.Resolution(own, peer), network.profile.resolution
        if way.target == "gateway":
            probe = probes.Resolution(own, network.ipam.gateway(family), instead=peer)
        return replace(
            self.ping(source, destination, family),
            probe=probe,
            kinds={probes.REQUEST: way.question(family), probes.REPLY: way.reply},
            size=None,
            precedes=True,
            linger=limits.current().measures.neighbour_proxy,
        )

    def unresolved(self, source: str, destination: str, family: Family) -> Traffic:
        """Ping an isolated pod, and observe the request for its MAC address."""
        ping = self.unanswered(source, destination, family)
        ends = self.address(source, family), self.address(destination, family)
        return replace(ping, probe=probes.Unheard(*ends))

    def unanswered(self, source: str, destination: str, family: Family) -> Traffic:
        """Ping an isolated pod: the request must end at the bridge."""
        program = self._ping(self.address(destination, family))
        return Traffic(
            partial(self._sender(source).run, program),
            probes.Unanswered(program.identifier),
            {probes.REQUEST: "isolated"},
            source,
            destination,
            doubt=program.doubt,
            unanswered=True,
        )

    def _ping(self, target: Address) -> Ping:
        identifier, pattern = self._draws.identifier(), self._draws.token()
        return Ping(target, identifier, pattern, limits.current().reply)

    def _http(
        self, source: str, target: Address, size: int, padding: str = ""
    ) -> tuple[HttpExchange, probes.Http]:
        nonce = self._draws.token()
        where = url(target, f"{size}?{nonce}{padding}", HTTP_PORT)
        program = Fetch(where, image.body(size), limits.current().http)
        ends = self.address(source, Family(target.version)), target
        return HttpExchange(self._sender(source), program), probes.Http(nonce, HTTP_PORT, ends)

    def _sender(self, name: str) -> Sender:
        return self._senders(name, self._node, self._pods)


def _chosen_for(target: Address) -> Address | None:
    """Return the address from which this namespace sends to a target; None without a route."""
    family = socket.AF_INET if target.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as unconnected, suppress(OSError):
        unconnected.connect((str(target), UDP_PORT))  # sends nothing
        return ip_address(unconnected.getsockname()[0])
    return None
