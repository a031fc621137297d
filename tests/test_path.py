"""The interfaces that the pods' packets cross, seen by sniffers on all interfaces."""

from collections.abc import Callable
from functools import partial
from itertools import permutations

import pytest

from podpath.cni.network import Network
from podpath.model import NODE, Address, Family, Topology
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT, Deployment
from podpath.paths import (
    checksums,
    icmp_errors,
    judgement,
    likeness,
    neighbour,
    outside,
    probes,
    programs_of_node,
    resets,
)
from podpath.paths.icmp_errors import End
from podpath.paths.observe import Observed
from podpath.paths.traffic import Traffics
from podpath.paths.traffic.losses import losses
from podpath.paths.traffic.payload import LOST_FRAGMENTS, largest_payload
from podpath.testing import both_directions, each_family, each_pod, requirement
from podpath.topology import groups
from podpath.topology import reading as topologies

from .parameters import Explained

Observe = Callable[..., Observed]


@pytest.fixture
def largest(topology: Topology, family: Family) -> int:
    """The largest ICMP or UDP payload that fits the pods' MTU, in bytes."""
    return largest_payload(topology, family)


@pytest.fixture
def fragments(node: Node, network: Network, largest: int) -> None:
    """Skip a test that needs fragments if the node's kernel loses them on every bridge."""
    filtered = topologies.filters_bridged(node.network_namespace())
    if network.bridge and filtered and largest >= LOST_FRAGMENTS:
        pytest.skip(
            "with net.bridge.bridge-nf-call-iptables the kernel joins fragments on"
            " a bridge, and drops what was in fragments of more than 1500 bytes"
        )


@pytest.fixture
def gateway(node: Node, network: Network, topology: Topology, family: Family) -> Address:
    """The pods' gateway; the node's address on its uplink if nothing holds the gateway's address.

    A bridge has a gateway only if configured.
    """
    if not network.has_gateway:
        pytest.skip("the conflist has no isGateway, so the bridge has no address")
    own = network.ipam.gateway(family)
    if network.is_held(own):
        return own
    held = outside.address(topology, node.uplink, family)
    if held is None:
        pytest.skip("nothing holds the gateway's address, and the uplink has none to ping instead")
    return held


@requirement("PATH-ICMP")
@each_family
@both_directions
def test_ping_crosses_exactly_the_expected_interfaces(
    observe: Observe, traffic: Traffics, source: str, destination: str, family: Family
) -> None:
    """Each echo request and reply appears once at every expected hop, in order, nowhere else."""
    observed = observe(traffic.ping(source, destination, family, count=3))

    assert observed.differences == []


@requirement("PATH-HTTP")
@each_family
@both_directions
def test_http_crosses_exactly_the_expected_interfaces(
    node: Node,
    pods: Deployment,
    observe: Observe,
    traffic: Traffics,
    source: str,
    destination: str,
    family: Family,
) -> None:
    """Each packet from the first SYN to the last ACK appears once at every expected hop."""
    neighbour.forget_sizes(node, pods)
    observed = observe(traffic.http(source, destination, family))

    assert observed.differences == []


@requirement("PATH-UDP")
@each_family
@both_directions
def test_udp_crosses_exactly_the_expected_interfaces(
    observe: Observe, traffic: Traffics, source: str, destination: str, family: Family
) -> None:
    """A datagram appears once at every expected hop, in order, and nowhere else."""
    observed = observe(traffic.udp(source, destination, family))

    assert observed.differences == []


@requirement("PATH-CONTAINER")
@each_family
@pytest.mark.parametrize("protocol", ["ping", "http", "udp"])
@both_directions
def test_container_sends_over_the_same_path(
    observe: Observe,
    traffic: Traffics,
    source: str,
    destination: str,
    family: Family,
    protocol: str,
) -> None:
    """Packets of the container and of another program in its namespace appear at the same hops."""
    program, container = (
        observe(getattr(maker, protocol)(source, destination, family)).differences
        for maker in (traffic, traffic.from_containers)
    )

    assert likeness.unlike(program, container) == []


@requirement("PATH-ARP")
@each_family
@both_directions
def test_arp_request_is_heard_where_it_must_and_its_reply_takes_the_path(
    observe: Observe,
    traffic: Traffics,
    topology: Topology,
    node: Node,
    network: Network,
    source: str,
    destination: str,
    family: Family,
) -> None:
    """A pod's ARP request reaches all pods, and only its neighbour replies, to that pod alone."""
    bridge = network.bridge if network.is_bridged and family is Family.IPV6 else ""
    if bridge and groups.read(node, bridge).in_force:
        pytest.skip("the bridge forwards by its multicast groups: see TOPO-MULTICAST")
    netns = node.named_namespaces()[topology.pods[source].netns]

    observed = observe(
        traffic.resolve(source, destination, network, family),
        before=partial(topologies.forget_neighbours, netns),
    )

    assert observed.differences == []


@requirement("PATH-BYSTANDER")
@each_family
@both_directions
def test_bystander_and_uplink_stay_silent(
    observe: Observe, traffic: Traffics, source: str, destination: str, family: Family
) -> None:
    """No frame but noise appears off the path of the two pods, on any interface."""
    traffic.ping(source, destination, family).send()  # so that addresses are learned

    observed = observe(
        traffic.ping(source, destination, family),
        traffic.http(source, destination, family),
        expression=probes.EVERYTHING,
    )

    assert observed.differences == []


@requirement("PATH-UNCHANGED")
@each_family
@pytest.mark.parametrize("protocol", ["ping", "http", "udp"])
@both_directions
def test_packets_arrive_as_they_were_sent(
    observe: Observe,
    traffic: Traffics,
    source: str,
    destination: str,
    family: Family,
    protocol: str,
) -> None:
    """TTL, MACs, IPs and payload arrive as sent, except for changes that routing requires."""
    observed = observe(getattr(traffic, protocol)(source, destination, family))

    assert judgement.unchanged(observed.judgement) == []


#: Payloads of one packet, from the largest that fits.
SIZES: list[object] = [
    pytest.param(lambda _: 0, id="empty"),
    pytest.param(lambda _: 1, id="one-byte"),
    pytest.param(lambda largest: min(512, largest // 2), id="medium"),
    pytest.param(lambda largest: largest, id="largest"),
]


@requirement("PATH-SIZE")
@each_family
@pytest.mark.parametrize("size", SIZES)
@both_directions
def test_unfragmented_pings_of_any_size_take_the_path(
    observe: Observe,
    traffic: Traffics,
    largest: int,
    source: str,
    destination: str,
    family: Family,
    size: Callable[[int], int],
) -> None:
    """A ping with DF set takes the path, from an empty payload to the largest that fits."""
    ping = traffic.ping(source, destination, family, size=size(largest), fragment="do")

    assert observe(ping).differences == []


@requirement("PATH-SIZE")
@each_family
@pytest.mark.usefixtures("fragments")
@both_directions
def test_fragmented_pings_take_the_path(
    observe: Observe,
    traffic: Traffics,
    largest: int,
    source: str,
    destination: str,
    family: Family,
) -> None:
    """A ping of more than two MTUs takes the path in fragments, and arrives whole."""
    ping = traffic.ping(source, destination, family, size=2 * largest + 500, fragment="dont")

    assert observe(ping).differences == []


@requirement("PATH-SIZE")
@each_family
@pytest.mark.parametrize("size", [pytest.param(0, id="empty"), pytest.param(4 << 20, id="4MiB")])
@both_directions
def test_http_bodies_of_any_size_take_the_path(
    observe: Observe,
    traffic: Traffics,
    source: str,
    destination: str,
    family: Family,
    size: int,
) -> None:
    """Each packet of an HTTP exchange takes the path, whether its body is empty or large."""
    assert observe(traffic.http(source, destination, family, size=size)).differences == []


@requirement("PATH-SIZE")
@each_family
@both_directions
def test_largest_udp_datagrams_take_the_path(
    observe: Observe,
    traffic: Traffics,
    largest: int,
    source: str,
    destination: str,
    family: Family,
) -> None:
    """A datagram that just fits takes the path."""
    datagram = traffic.udp(source, destination, family, size=largest)

    assert observe(datagram).differences == []


@requirement("PATH-SIZE")
@each_family
@pytest.mark.usefixtures("fragments")
@both_directions
def test_fragmented_udp_datagrams_take_the_path(
    observe: Observe,
    traffic: Traffics,
    largest: int,
    source: str,
    destination: str,
    family: Family,
) -> None:
    """A datagram in fragments takes the path, and arrives whole."""
    datagram = traffic.udp(source, destination, family, size=largest + 2000)

    assert observe(datagram).differences == []


@requirement("PATH-MTU")
@each_family
@both_directions
def test_largest_packet_passes_and_one_byte_more_is_refused(
    observe: Observe,
    traffic: Traffics,
    largest: int,
    source: str,
    destination: str,
    family: Family,
) -> None:
    """The largest packet of the MTU passes with DF set, and one byte more never leaves the pod."""
    fits = observe(traffic.ping(source, destination, family, size=largest, fragment="do"))
    assert fits.differences == []

    too_long = observe(traffic.oversized_ping(source, destination, family, size=largest + 1))
    assert too_long.differences == []


@requirement("PATH-SELF")
@each_family
@each_pod
def test_ping_to_oneself_stays_on_lo(
    observe: Observe, traffic: Traffics, family: Family, pod: str
) -> None:
    """A pod's packets to its own IP appear on its lo and nowhere else."""
    assert observe(traffic.ping(pod, pod, family)).differences == []


@requirement("PATH-GATEWAY")
@each_family
@each_pod
def test_ping_from_pod_to_gateway_ends_at_the_node(
    observe: Observe, traffic: Traffics, gateway: Address, pod: str
) -> None:
    """Request and reply appear between the pod and the bridge or host end, nowhere else."""
    assert observe(traffic.ping_gateway(pod, gateway)).differences == []


@requirement("PATH-GATEWAY")
@each_family
@pytest.mark.usefixtures("gateway")
@each_pod
def test_ping_from_node_to_pod_starts_at_the_node(
    observe: Observe, traffic: Traffics, family: Family, pod: str
) -> None:
    """Request and reply appear between the bridge or host end and the pod, nowhere else."""
    assert observe(traffic.ping_from_node(pod, family)).differences == []


@requirement("PATH-GATEWAY")
@each_family
@pytest.mark.usefixtures("gateway")
def test_http_from_node_to_pod_starts_at_the_node(
    observe: Observe, traffic: Traffics, node: Node, family: Family
) -> None:
    """Each packet of an HTTP exchange appears between the node and the pod, nowhere else."""
    if node.shared:
        pytest.skip("on a cluster's node, the kubelet's probe shows it: K8S-PROBE")
    assert observe(traffic.http_from_node("server", family)).differences == []


@requirement("PATH-GATEWAY")
@each_family
@pytest.mark.usefixtures("gateway")
def test_datagram_from_node_to_pod_starts_at_the_node(
    observe: Observe, traffic: Traffics, node: Node, family: Family, largest: int
) -> None:
    """Datagrams of the node, small and large, appear between it and the pod, nowhere else."""
    if node.shared:
        pytest.skip("programs of other nodes may send to the same port of the pod")
    exchanges = [traffic.udp_from_node("server", family, size=size) for size in (64, largest)]
    assert observe(*exchanges).differences == []


@requirement("PATH-GATEWAY")
@each_family
def test_ping_from_pod_to_the_nodes_own_address_ends_at_the_node(
    observe: Observe,
    traffic: Traffics,
    node: Node,
    topology: Topology,
    gateway: Address,
    family: Family,
) -> None:
    """A pod reaches the address by which other hosts know its node, as it reaches the gateway."""
    own = outside.address(topology, node.uplink, family)
    if own is None or own == gateway:
        pytest.skip("the uplink has no address of its own")
    if not outside.has_way_out(topology, CLIENT, family):
        pytest.skip("the conflist gives pods no default route")
    assert observe(traffic.ping_gateway(CLIENT, own)).differences == []


@requirement("PATH-GATEWAY")
@each_family
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@each_pod
def test_programs_of_the_node_see_the_pods_address(
    node: Node, pods: Deployment, gateway: Address, family: Family, protocol: str, pod: str
) -> None:
    """A program of the node sees a pod's own address as the source of what it sends."""
    network, where = pods[pod].network, node.network_namespace()
    namespace = node.named_namespaces()[network.netns]
    before = checksums.read({NODE: where})
    with programs_of_node.listening(where, gateway, [(protocol, 0)]) as listeners:
        sources = (programs_of_node.source_seen(namespace, gateway, one) for one in listeners)
        seen = [source for source in sources if source is not None]
    if not seen:
        assert checksums.differences(before, checksums.read({NODE: where})) == []
        pytest.skip("no pod reaches programs of the node at that port: a firewall, perhaps")

    own = network.address(family)
    assert programs_of_node.disguised(pod, own, protocol, seen) == []


@requirement("PATH-GATEWAY")
@each_family
@each_pod
def test_errors_pass_between_pod_and_node(
    node: Node,
    pods: Deployment,
    gateway: Address,
    family: Family,
    pod: str,
    explained: Explained,
) -> None:
    """Programs of the node and of a pod get ICMP errors, and the node resets of connections."""
    network = pods[pod].network
    namespace = node.named_namespaces()[network.netns]

    own = End(f"pod {pod}", namespace, network.address(family))
    of_node = End("the node", node.network_namespace(), gateway)
    errors = partial(icmp_errors.lost, of_node, own, silence_counts=False)
    assert explained(errors, gateway) == []
    assert explained(lambda: resets.lost(of_node, own), gateway) == []


@requirement("PATH-CONCURRENT")
@each_family
def test_flows_of_all_pairs_at_once_each_take_their_own_path(
    observe: Observe, traffic: Traffics, pods: Deployment, family: Family
) -> None:
    """Each packet takes its own path while all pairs exchange pings, HTTP and UDP."""
    pairs = list(permutations((pod.name for pod in pods), 2))
    flows = [traffic.ping(source, destination, family, count=10) for source, destination in pairs]
    flows += [
        traffic.http(source, destination, family, size=64 * 1024) for source, destination in pairs
    ]
    flows += [traffic.udp(source, destination, family) for source, destination in pairs]

    assert observe(*flows).differences == []


@requirement("PATH-CONCURRENT")
@each_family
@pytest.mark.usefixtures("observer")
def test_nothing_is_lost_or_doubled_when_all_talk(
    traffic: Traffics, pods: Deployment, family: Family, explained: Explained
) -> None:
    """Each request has exactly one reply while all pairs ping at once, without sniffers."""
    pairs = list(permutations((pod.name for pod in pods), 2))

    assert explained(lambda: losses(traffic, pairs, family, count=100)) == []
