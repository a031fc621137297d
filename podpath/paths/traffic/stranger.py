"""A host on the pods' bridge in another VLAN: it hears nothing of pods, and they nothing of it."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

from podpath.cni import vlans
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import (
    NODE,
    POD_INTERFACE,
    Address,
    Direction,
    Family,
    Hop,
    Interface,
    Path,
    Topology,
)
from podpath.nodes.base import Node
from podpath.paths import probes
from podpath.paths.observable import Traffic
from podpath.paths.traffic.programs import Ping
from podpath.paths.traffic.senders import NamespaceSender
from podpath.system import limits, randomness, waiting
from podpath.topology import reading

#: Addresses of no pod and no node: RFC 5737 and RFC 3849 reserve them for documentation.
_ADDRESSES = {
    Family.IPV4: ip_address("198.51.100.77"),
    Family.IPV6: ip_address("2001:db8:ffff::77"),
}
_CONNECT = """
set -e
ip netns add {name}
ip link add {port} type veth peer name {inside} netns {name}
ip link set {port} master {bridge}
bridge vlan delete dev {port} vid {default}
bridge vlan add dev {port} vid {vlan} pvid untagged
ip link set {port} up
ip -n {name} link set lo up
ip -n {name} link set {inside} up
ip -n {name} address add {ipv4}/32 dev {inside}
ip -n {name} route add default dev {inside}
if [ -e /proc/sys/net/ipv6 ]; then
  ip -n {name} address add {ipv6}/128 dev {inside} nodad
  ip -n {name} -6 route add default dev {inside}
fi
"""
_REMOVE = "ip link delete {port}; ip netns delete {name}"


@dataclass(frozen=True, slots=True)
class Stranger:
    """A host that is connected to the bridge.

    Attributes:
        name: name of its network namespace.
        namespace: path of it.
        port: name of its port of the bridge.
        vlan: VLAN of the port.
    """

    name: str
    namespace: str
    port: str
    vlan: int

    def unresolved(self, pod: str, target: Address, network: Network, identifier: int) -> Traffic:
        """Ping a pod: the request for its MAC address must end at the bridge."""
        family = Family(target.version)
        program = Ping(target, identifier, randomness.unique(8).hex(), limits.current().reply)
        run = NamespaceSender(self.name, lambda: self.namespace).run
        return Traffic(
            partial(run, program),
            probes.Unheard(_ADDRESSES[family], target),
            {},
            pod,
            pod,
            paths={probes.REQUEST: self._path(pod, network)},
            doubt=program.doubt,
            unanswered=True,
            sender=f"the host in VLAN {self.vlan}",
        )

    def _path(self, pod: str, network: Network) -> Path:
        """Return the path of a request: the bridge receives it, as it is promiscuous."""
        tag = None if self.vlan == vlans.DEFAULT else self.vlan
        hops = (
            Hop(self.name, POD_INTERFACE, Direction.OUT),
            Hop(NODE, self.port, Direction.IN, (0,)),
            Hop(NODE, network.bridge, Direction.IN, (1,), vlan=tag),
        )
        return Path(f"VLAN {self.vlan} -> {pod}", hops)


@contextmanager
def connected(node: Node, topology: Topology, network: Network) -> Iterator[Stranger]:
    """Connect a host to the bridge for the length of the block, in a VLAN that nobody else is in.

    Args:
        node: the node of the bridge.
        topology: the node and its pods.
        network: the pods' network.

    Raises:
        CouldNotTest: the node cannot connect the host.
    """
    mark = randomness.unique(4).hex()
    name, port = f"stranger-{mark}", f"vlan{mark}"
    vlan = _unused(topology, network)
    words = {"name": name, "port": port, "inside": POD_INTERFACE, "bridge": network.bridge}
    addresses = {"ipv4": _ADDRESSES[Family.IPV4], "ipv6": _ADDRESSES[Family.IPV6]}
    script = _CONNECT.format(
        **{key: shlex.quote(word) for key, word in words.items()},
        **addresses,
        vlan=vlan,
        default=vlans.DEFAULT,
    )
    try:
        _run(node, script)
        path = node.named_namespaces()[name]
        _wait_for(node, port)
        yield Stranger(name, path, port, vlan)
    finally:
        node.run(["sh", "-c", _REMOVE.format(name=name, port=port)])


def _unused(topology: Topology, network: Network) -> int:
    """Return the lowest VLAN that neither pods nor other ports of the bridge are meant to be in.

    A pod's port that is in it by mistake hears the host, and a test is to show that.
    """
    bridge = topology.node.interface(network.bridge)
    meant = topology.host_ends() | {network.gateway_port(topology)}
    others = topology.node.ports_of(bridge) if bridge else ()
    taken = {v.number for p in others if p.name not in meant and p.port for v in p.port.vlans}
    return network.conflist.vlans.free(taken)


def _wait_for(node: Node, port: str) -> None:
    """Wait until a port forwards: the kernel sets it so a moment after it is up."""

    def read() -> Interface | None:
        return reading.read(node.network_namespace(), {}, []).node.interface(port)

    def forwards(link: Interface | None) -> bool:
        return bool(link and link.port and link.port.state == "forwarding")

    link = waiting.until(read, forwards, limits.current().address_detection)
    if not forwards(link):
        state = link.port.state if link and link.port else "no port"
        raise CouldNotTest(f"the port {port} of the bridge does not forward: its state is {state}")


def _run(node: Node, script: str) -> None:
    ended = node.run(["sh", "-c", script])
    if ended.returncode != 0:
        raise CouldNotTest(
            f"no host could be connected to the bridge on the node: {ended.stderr.strip()}"
        )
