"""What others on a shared node say to each other is told from what concerns podpath's pods."""

from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest

from podpath.model import NODE, Direction, Packet, PodNetwork, Topology
from podpath.paths.background import BackgroundTraffic

from .. import samples

IN, OUT = Direction.IN, Direction.OUT
NODE_IP, OUTSIDE = ip_address("172.18.0.2"), ip_address("172.18.0.1")
DNS, CLIENT = "kube-system/coredns", samples.address("client")


def _topology() -> Topology:
    """The bystander is somebody else's pod."""
    found = samples.topology()
    found = samples.with_node_link(
        found, samples.UPLINK, addresses=(ip_interface(f"{NODE_IP}/16"),)
    )
    theirs = found.pods["bystander"]
    others = {DNS: PodNetwork(DNS, theirs.netns, theirs.addresses, theirs.sandbox)}
    ours = {name: pod for name, pod in found.pods.items() if name != "bystander"}
    return replace(found, pods=ours, foreign_pods=others)


BACKGROUND = BackgroundTraffic(
    _topology(),
    frozenset({"lo", samples.UPLINK}),
    samples.UPLINK,
    frozenset({(ip_address("0.0.0.0"), 6443), (NODE_IP, 50000)}),
    samples.BRIDGE,
)
THEIR_IP, THEIR_MAC = samples.address("bystander"), samples.mac("bystander")
THEIR_END = samples.host_end("bystander")
NODES_MAC = "02:00:00:00:00:02"


def packet(**fields: Any) -> Packet:
    return replace(Packet("tcp", ports=(50000, 80)), **fields)


ANSWER = packet(source=THEIR_IP, mac_source=THEIR_MAC, destination=NODE_IP)
FROM_NODE = packet(source=NODE_IP, mac_source=NODES_MAC, destination=OUTSIDE)
FROM_OUTSIDE = packet(source=OUTSIDE, mac_source="02:42:00:00:00:99", destination=NODE_IP)


@pytest.mark.parametrize(
    ("where", "said", "is_talk"),
    [
        pytest.param((DNS, "eth0", OUT), ANSWER, True, id="theirs-in-their-pod"),
        pytest.param((NODE, THEIR_END, IN), ANSWER, True, id="theirs-at-their-host-end"),
        pytest.param((NODE, samples.BRIDGE, IN), ANSWER, True, id="theirs-on-the-bridge"),
        pytest.param(
            (NODE, samples.host_end("client"), OUT), ANSWER, False, id="theirs-at-our-host-end"
        ),
        pytest.param(("client", "eth0", IN), ANSWER, False, id="theirs-in-our-pod"),
        pytest.param(
            (NODE, THEIR_END, IN),
            replace(ANSWER, mac_source="02:99:00:00:00:00"),
            False,
            id="forged",
        ),
        pytest.param(
            (NODE, THEIR_END, OUT), replace(ANSWER, destination=CLIENT), False, id="theirs-to-ours"
        ),
        pytest.param((NODE, samples.UPLINK, OUT), FROM_NODE, True, id="the-nodes-program"),
        pytest.param(
            (NODE, samples.UPLINK, OUT),
            replace(FROM_NODE, ports=(6443, 40000)),
            True,
            id="the-nodes-server",
        ),
        pytest.param(
            (NODE, samples.UPLINK, OUT),
            replace(FROM_NODE, ports=(50001, 80)),
            False,
            id="masqueraded-by-the-node",
        ),
        pytest.param((NODE, samples.UPLINK, IN), FROM_OUTSIDE, True, id="from-outside"),
        pytest.param(
            (NODE, samples.UPLINK, IN),
            replace(FROM_OUTSIDE, destination=CLIENT),
            False,
            id="from-outside-to-ours",
        ),
        pytest.param((NODE, samples.BRIDGE, IN), FROM_OUTSIDE, False, id="outside-on-the-bridge"),
        pytest.param(
            (NODE, "lo", IN), packet(source=NODE_IP, destination=NODE_IP), True, id="to-itself"
        ),
        pytest.param(
            (NODE, "lo", IN),
            packet(source=ip_address("10.96.0.1"), destination=NODE_IP, ports=(443, 50000)),
            True,
            id="a-service-answers-the-nodes-program",
        ),
        pytest.param(
            (NODE, "lo", IN), packet(source=CLIENT, destination=NODE_IP), False, id="ours-on-lo"
        ),
    ],
)
def test_talk(where: tuple[str, str, Direction], said: Packet, is_talk: bool) -> None:
    assert (samples.sighting(said, where) in BACKGROUND) is is_talk


TO_OUTSIDE = packet(
    source=THEIR_IP,
    mac_source=THEIR_MAC,
    destination=OUTSIDE,
    ttl=64,
    ip_id=7,
    digest="their words",
)
LEAVING = replace(TO_OUTSIDE, mac_source=NODES_MAC, ttl=63)


@pytest.mark.parametrize(
    ("leaving", "is_theirs"),
    [
        pytest.param(LEAVING, True, id="routed"),
        pytest.param(replace(LEAVING, source=NODE_IP, ports=(61000, 80)), True, id="masqueraded"),
        pytest.param(
            replace(
                LEAVING, source=NODE_IP, ports=(61000, 6443), destination=ip_address("9.9.9.9")
            ),
            True,
            id="of-a-service",
        ),
        pytest.param(replace(LEAVING, digest="other words"), False, id="of-another-content"),
        pytest.param(replace(LEAVING, destination=CLIENT), False, id="to-ours"),
        pytest.param(replace(LEAVING, source=CLIENT), False, id="from-ours"),
        pytest.param(replace(LEAVING, source=ip_address("9.9.9.9")), False, id="of-nobody"),
    ],
)
def test_packets_of_their_pods_leave_the_node(leaving: Packet, is_theirs: bool) -> None:
    """They are known by what the pod sent, whatever the node translates."""
    sent = samples.sighting(TO_OUTSIDE, (DNS, "eth0", OUT))
    background = BackgroundTraffic(
        _topology(),
        frozenset({samples.UPLINK}),
        samples.UPLINK,
        frozenset(),
        samples.BRIDGE,
        [sent],
    )
    place = (NODE, samples.UPLINK, OUT)

    assert (samples.sighting(leaving, place) in background) is is_theirs
    assert samples.sighting(leaving, place) not in BACKGROUND


EVERYBODY = "ff:ff:ff:ff:ff:ff"
ASKED_BY_OUTSIDE = Packet(
    "arp",
    mac_source="02:42:00:00:00:99",
    mac_destination=EVERYBODY,
    source=OUTSIDE,
    destination=NODE_IP,
    kind=1,
)


@pytest.mark.parametrize(
    ("stacked", "heard", "is_talk"),
    [
        pytest.param(True, ASKED_BY_OUTSIDE, True, id="pods-on-the-uplink"),
        pytest.param(False, ASKED_BY_OUTSIDE, False, id="pods-behind-a-router"),
        pytest.param(
            True, replace(ASKED_BY_OUTSIDE, mac_destination=THEIR_MAC), False, id="to-one-host"
        ),
        pytest.param(
            True, replace(ASKED_BY_OUTSIDE, destination=CLIENT), False, id="about-a-pod-of-ours"
        ),
    ],
)
def test_pods_on_the_uplink_hear_what_is_for_all_hosts(
    stacked: bool, heard: Packet, is_talk: bool
) -> None:
    """A macvlan link gets each broadcast of its lower link, also from hosts beyond the node."""
    topology = samples.stacked() if stacked else samples.topology()
    background = BackgroundTraffic(
        topology, frozenset({samples.UPLINK}), samples.UPLINK, frozenset(), samples.BRIDGE
    )

    assert (samples.sighting(heard, ("client", "eth0", IN)) in background) is is_talk


@pytest.mark.parametrize(
    ("port", "inner", "is_talk"),
    [(8472, b"", True), (53, b"", False), (8472, CLIENT.packed, False)],
    ids=["tunnel", "another-port", "with-our-packet"],
)
def test_packet_of_the_nodes_tunnel_is_talk_unless_it_carries_ours(
    port: int, inner: bytes, *, is_talk: bool
) -> None:
    topology = _topology()
    uplink = topology.node.interface(samples.UPLINK)
    assert uplink
    tunnel = replace(uplink, name="flannel.1", index=90, kind="vxlan", addresses=())
    topology = samples.with_node(topology, interfaces=(*topology.node.interfaces, tunnel))
    links = frozenset({samples.UPLINK, "flannel.1"})
    background = BackgroundTraffic(topology, links, samples.UPLINK, frozenset(), samples.BRIDGE)
    outer = replace(FROM_NODE, protocol="udp", ports=(40000, port))
    sent = replace(samples.sighting(outer, (NODE, samples.UPLINK, OUT)), frame=bytes(50) + inner)

    assert (sent in background) is is_talk
    assert replace(sent, interface="flannel.1") in background


@pytest.mark.parametrize(
    ("where", "source", "is_talk"),
    [
        pytest.param((NODE, "docker0"), OUTSIDE, True, id="another-link"),
        pytest.param((NODE, "docker0"), CLIENT, False, id="ours-on-another-link"),
        pytest.param(("other", "eth0"), OUTSIDE, True, id="another-namespace"),
        pytest.param(("other", "eth0"), CLIENT, False, id="ours-in-another-namespace"),
        pytest.param(("client", "eth0"), OUTSIDE, False, id="in-a-pod-of-ours"),
        pytest.param((NODE, samples.BRIDGE), OUTSIDE, False, id="on-the-bridge"),
    ],
)
def test_links_that_are_no_pods_may_say_what_is_not_about_pods(
    where: tuple[str, str], source: Any, *, is_talk: bool
) -> None:
    """A script of the user may make links and namespaces, and programs that send there."""
    links = frozenset({samples.UPLINK, "docker0"})
    background = BackgroundTraffic(_topology(), links, samples.UPLINK, frozenset(), samples.BRIDGE)
    said = packet(source=source, mac_source="02:42:00:00:00:98", destination=OUTSIDE)

    assert (samples.sighting(said, (*where, OUT)) in background) is is_talk
