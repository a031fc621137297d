"""Ports of the node that lead to a pod: who asks for them, and what becomes of the packets."""

import hashlib
import shlex
import socket
import subprocess
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_interface
from typing import Any

from podpath.cni.features import has_capability
from podpath.cni.network import Network
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import (
    ANYWHERE,
    BEYOND,
    NODE,
    Address,
    CommandResult,
    Difference,
    Family,
    Route,
    Topology,
    Translation,
)
from podpath.nodes import image
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT, HTTP_MAPPED, MAIN, MAPPED, UDP_MAPPED, Deployment
from podpath.nodes.pod import PortMapping
from podpath.paths import probes, self_report
from podpath.paths.traffic import Traffic, both, has_received, url
from podpath.system import netns, programs, waiting
from podpath.system.randomness import Draws
from podpath.topology import reading

_BYTES = 1460
_HTTP_SECONDS = 10
_RUN_SECONDS = 20.0
_RECEIVED_SECONDS = 2.0
#: For a node to refuse, or leave unanswered, what it has no port for any more.
_REFUSED_SECONDS = 2.0
_TERMINATED = 143

_BRIDGED, _ROUTED = "host-port", "host-port-routed"
#: Kinds of path of those who are not in a pod.
_FROM = {
    NODE: {probes.REQUEST: "from-node", probes.REPLY: "to-node"},
    BEYOND: {probes.REQUEST: "inward", probes.REPLY: "outward"},
}


def outside_address(now: Topology, uplink: str, family: Family) -> Address | None:
    """The node's address on its uplink, by which others know it; None if it has none."""
    link = now.node.interface(uplink)
    held = [a.ip for a in (link.addresses if link else ()) if a.version == family.value]
    return next((a for a in held if not a.is_link_local), None)


def beyond(now: Topology, family: Family) -> Address | None:
    """Somebody beyond the node: the gateway of its own default route; None if it has none."""
    return next((r.gateway for r in now.node.routes if _is_default(r, family)), None)


def has_way_out(now: Topology, pod: str, family: Family) -> bool:
    """Whether a pod has a default route."""
    return any(_is_default(route, family) for route in now.of_pod(pod).routes)


def _is_default(route: Route, family: Family) -> bool:
    to = route.destination
    return to.prefixlen == 0 and to.network_address == ANYWHERE[family] and not route.particulars


def node_address(now: Topology, network: Network, uplink: str, family: Family) -> Address:
    """Where the node's ports are asked for: on its uplink, else at the pods' gateway."""
    outside = outside_address(now, uplink, family)
    ways = all(has_way_out(now, pod, family) for pod in now.pods)
    return outside if outside and ways else network.ipam.gateway(family)


def masquerades(network: Network) -> bool:
    """Whether a client on the pods' network is masqueraded (portmap's key "snat", true if absent).

    The pod's answer then passes the node, where it is translated back.
    """
    sections = (s for s in network.conflist.sections if has_capability(s, "portMappings"))
    return all(s.get("snat", True) is not False for s in sections)


def on_network(client: Address, result: Mapping[str, Any], address: Address) -> bool:
    """Whether a client is on the network of a pod's address, as the pod's result has that.

    portmap masquerades no others (portmap.go, fillDnatRules): where pods have an address and no
    network, each is routed to the other anyway. Raises DoesNotConform
    if the result does not have the address. Pure.
    """
    ips = result.get("ips")
    entries = [one for one in ips if isinstance(one, dict)] if isinstance(ips, list) else []
    for text in (str(one.get("address")) for one in entries):
        with suppress(ValueError):
            if (held := ip_interface(text)).ip == address:
                return client in held.network
    raise DoesNotConform(f"the result of pod {MAPPED} does not have its address {address}")


@dataclass(frozen=True)
class Clients:
    """Ask for the mapped ports of the pod MAPPED: other pods, the node, and somebody beyond it."""

    node: Node
    pods: Deployment
    draws: Draws
    network: Network
    now: Topology

    def traffic(self, source: str, family: Family) -> list[Traffic]:
        """An HTTP exchange and a UDP datagram; source: a pod's name, NODE or BEYOND."""
        return [self._http(source, family), self._udp(source, family)]

    def reachable_from_beyond(self, family: Family) -> bool:
        """Whether the node's port is asked for at an address that others beyond it know."""
        known = outside_address(self.now, self.node.uplink, family)
        return beyond(self.now, family) is not None and self.target(family) == known

    def ask(self, family: Family) -> list[Difference]:
        """Make use of each mapped port, so that there is something to forget."""
        results = [(t.probe, t.send()) for t in self.traffic(CLIENT, family)]
        return [
            Difference(
                "mapped port",
                "tcp" if isinstance(probe, probes.Http) else "udp",
                "answered",
                result.errors.strip(),
            )
            for probe, result in results
            if result.status != 0
        ]

    def target(self, family: Family) -> Address:
        """The node's address at which they are asked for."""
        return node_address(self.now, self.network, self.node.uplink, family)

    def _http(self, source: str, family: Family) -> Traffic:
        nonce, target = self.draws.token(), self.target(family)
        asked = url(target, f"{_BYTES}?{nonce}", HTTP_MAPPED.node)
        busybox = programs.locate("busybox") if source in _FROM else "/bin/busybox"
        script = (
            f"set -o pipefail; {busybox} timeout {_HTTP_SECONDS}"
            f" {busybox} wget -q -O - {shlex.quote(asked)} | {busybox} sha256sum"
        )
        expected = hashlib.sha256(image.body(_BYTES)).hexdigest()

        def send() -> CommandResult:
            result = self._run(source, script)
            if result.status == _TERMINATED:
                return CommandResult(
                    self_report.GAVE_UP, b"", f"wget was not done after {_HTTP_SECONDS} s"
                )
            if result.status == 0 and result.text.split()[:1] != [expected]:
                return CommandResult(
                    self_report.ENDED_WELL, b"", "the body that arrived is not the one sent"
                )
            return result

        ends = (self._client(source, family), target)
        if source == NODE:
            ends = target, self._address(MAPPED, family)
        port = HTTP_MAPPED.pod if source == NODE else HTTP_MAPPED.node
        probe = probes.Http(nonce, port, ends, mapped=HTTP_MAPPED.pod)
        return self._described(send, probe, source, family, HTTP_MAPPED)

    def _udp(self, source: str, family: Family) -> Traffic:
        line, port = self.draws.payload(40).hex(), self.draws.port()
        target = self.target(family)
        netcat = programs.locate("nc") if source in _FROM else "/bin/nc"
        script = (
            f"printf '\\n%s\\n' {line} | {netcat} -n -u -q 0 -p {port} {target} {UDP_MAPPED.node}"
        )

        def send() -> CommandResult:
            result = self._run(source, script)
            if result.status == 0 and not waiting.until(received, bool, _RECEIVED_SECONDS):
                why = f"the datagram did not reach the program in {MAPPED} as it was sent"
                return CommandResult(self_report.GAVE_UP, b"", why)
            return result

        def received() -> bool:
            return has_received(self.node, self.pods[MAPPED], line)

        probe = probes.Datagram(port, UDP_MAPPED.node, mapped=UDP_MAPPED.pod)
        return self._described(send, probe, source, family, UDP_MAPPED)

    def _described(
        self,
        send: Callable[[], CommandResult],
        probe: probes.Probe,
        source: str,
        family: Family,
        mapping: PortMapping,
    ) -> Traffic:
        """What it is, with the path that its packets take."""
        legs = (probes.REQUEST, probes.REPLY) if mapping.protocol == "tcp" else (probes.REQUEST,)
        kinds = _FROM.get(source) or dict.fromkeys(legs, self._kind(family))
        # the node's own are translated before they leave its stack
        translation = None if source == NODE else both(self._translation(source, family, mapping))
        return Traffic(
            send,
            probe,
            {leg: kinds[leg] for leg in legs},
            MAPPED if source in _FROM else source,
            MAPPED,
            translations={leg: translation[leg] for leg in legs} if translation else {},
            sender=source,
        )

    def _kind(self, family: Family) -> str:
        filtered = reading.filters_bridged(self.node.network_namespace(), family)
        return _BRIDGED if filtered and _BRIDGED in self.network.profile.paths else _ROUTED

    def _translation(self, source: str, family: Family, mapping: PortMapping) -> Translation:
        addresses = [(self.target(family), self._address(MAPPED, family))]
        client = None if source in _FROM else self._address(source, family)
        result = self.pods[MAPPED].network.result
        near = client and on_network(client, result, self._address(MAPPED, family))
        if client and near and masquerades(self.network):
            addresses.insert(0, (client, self.network.ipam.gateway(family)))
        return Translation(tuple(addresses), (mapping.node, mapping.pod))

    def _client(self, source: str, family: Family) -> Address:
        if source != BEYOND:
            return self.target(family) if source == NODE else self._address(source, family)
        if (far := beyond(self.now, family)) is None:
            raise CouldNotTest(f"nobody is beyond the node in {family.text}")
        return far

    def _address(self, pod: str, family: Family) -> Address:
        return self.pods[pod].network.address(family)

    def _run(self, source: str, script: str) -> CommandResult:
        if source not in _FROM:
            return self.node.execute(
                self.pods[source], MAIN, ["/bin/sh", "-c", script], _RUN_SECONDS
            )
        shell = [programs.locate("busybox"), "sh", "-c", script]
        if source == BEYOND:
            shell = ["nsenter", f"--net={self.node.beyond}", "--", *shell]
            done = _beyond(shell)
        else:
            done = self.node.run(shell, _RUN_SECONDS)
        return CommandResult(done.returncode, done.stdout.encode(), done.stderr)


def _beyond(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run a program beyond the node. Raises CouldNotTest if it does not end."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_RUN_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise CouldNotTest(f"a program beyond the node did not end in {_RUN_SECONDS} s") from None


def still_mapped(node: Node, address: Address, mappings: Iterable[PortMapping]) -> list[Difference]:
    """Ports that the node does not refuse, as it must when nothing is mapped there."""
    return [
        Difference("mapped port", f"{one.protocol} port {one.node} of {address}", "refused", said)
        for one in mappings
        if (said := netns.run_in(node.network_namespace(), partial(_asked, address, one)))
    ]


def _asked(address: Address, mapping: PortMapping) -> str:
    """What becomes of a question; empty if it is refused."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    kind = socket.SOCK_STREAM if mapping.protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family, kind) as asking:
        asking.settimeout(_REFUSED_SECONDS)
        try:
            asking.connect((str(address), mapping.node))
            asking.send(b"\n")
            asking.recv(1)
        except ConnectionRefusedError:
            return ""
        except TimeoutError:
            return f"no answer for {_REFUSED_SECONDS:.0f} s"
        except OSError as error:
            return f"{error.strerror}"
        return "an answer"
