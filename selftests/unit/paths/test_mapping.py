"""Mapped ports: where they are asked for, and what packets must have at each hop."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest

from podpath.cni.conflist import parse
from podpath.cni.network import Network
from podpath.errors import DoesNotConform
from podpath.model import (
    BEYOND,
    NODE,
    Family,
    Packet,
    Path,
    PodNetwork,
    Sighting,
    Translation,
)
from podpath.nodes.pod import PortMapping
from podpath.paths import expected, judgement, mapping, probes
from selftests.suite import ROOT

from .. import samples

NODE_IP, GATEWAY = ip_address("192.0.2.2"), ip_address("10.88.0.1")
CLIENT, SERVER = samples.address("client"), samples.address("server")
THERE = Translation(((CLIENT, GATEWAY), (NODE_IP, SERVER)), (28080, 80))
SENT = replace(
    samples.tcp("client", "server"), destination=NODE_IP, ports=(40000, 28080), flags="S"
)


def _path(kind: str) -> Path:
    return expected.path(
        samples.topology(),
        samples.network(),
        kind,
        source="client",
        destination="server",
        uplink="eth0",
        translation=THERE,
    )


def _walk(path: Path, arrived: Packet, early: Packet | None = None) -> list[Sighting]:
    """The packet that was sent, and what it is at hops that are translated."""
    return [
        samples.sighting(
            SENT if not hop.translated else early if hop.early and early else arrived,
            hop.place,
            number,
        )
        for number, hop in enumerate(path.hops)
        if not hop.early or early
    ]


class _Syn(probes.Silence):
    """A probe whose packets are all that there are: of a SYN alone nothing more is known."""

    def recognize(self, sightings: Sequence[Sighting]) -> list[str | None]:
        return [probes.REQUEST for _ in sightings]


def _differences(arrived: Packet, early: Packet | None = None) -> set[str]:
    path = _path("host-port")
    seen = samples.observation(_walk(path, arrived, early))
    judged = judgement.judge([(_Syn(), {probes.REQUEST: path})], seen, samples.noise())
    return {f"{d.kind}: {d.seen}" for d in judged.differences}


ARRIVED = replace(SENT, source=GATEWAY, destination=SERVER, ports=(40000, 80))
EARLY = replace(SENT, destination=SERVER, ports=(40000, 80))


def test_packet_that_is_translated_as_it_must_be_has_no_differences() -> None:
    """Another port does not make it another packet; on the bridge, its source is still the old."""
    assert _differences(ARRIVED) == set()
    assert _differences(ARRIVED, EARLY) == set()


@pytest.mark.parametrize(
    ("arrived", "seen"),
    [
        pytest.param(
            replace(ARRIVED, source=CLIENT),
            f"address changed: {CLIENT} port 40000 to {SERVER} port 80",
            id="not-masqueraded",
        ),
        pytest.param(
            replace(ARRIVED, ports=(40000, 28080)),
            f"address changed: {GATEWAY} port 40000 to {SERVER} port 28080",
            id="port-kept",
        ),
        pytest.param(
            replace(ARRIVED, destination=samples.address("bystander")),
            f"address changed: {GATEWAY} port 40000 to {samples.address('bystander')} port 80",
            id="another-pod",
        ),
    ],
)
def test_packet_that_is_translated_otherwise(arrived: Packet, seen: str) -> None:
    assert _differences(arrived) == {seen}


def test_packet_that_is_masqueraded_too_early() -> None:
    """On the bridge, it is not yet."""
    found = _differences(ARRIVED, ARRIVED)

    assert found == {f"address changed: {GATEWAY} port 40000 to {SERVER} port 80"}


def test_translation_there_and_back_is_none() -> None:
    assert THERE.back.back == THERE
    assert THERE.address(CLIENT) == GATEWAY
    assert THERE.back.address(GATEWAY) == CLIENT
    assert (THERE.port(28080), THERE.back.port(80), THERE.port(443)) == (80, 28080, 443)


def test_ports_are_asked_for_where_pods_have_a_way() -> None:
    """On the uplink, for pods with a default route; else at the gateway."""
    base, network = samples.topology(), samples.network()
    uplink = samples.extra_link("up", addresses=(ip_interface(f"{NODE_IP}/24"),))
    now = samples.with_node(base, interfaces=(*base.node.interfaces, uplink))
    shut_in = samples.with_namespace(now, "client", routes=())

    assert mapping.node_address(now, network, "up", Family.IPV4) == NODE_IP
    assert mapping.node_address(now, network, "none", Family.IPV4) == GATEWAY
    assert mapping.node_address(shut_in, network, "up", Family.IPV4) == GATEWAY


def test_masquerading_of_clients_is_as_configured() -> None:
    network = Network.read(ROOT / "examples" / "features.conflist")
    text = network.conflist.text.replace('"type": "portmap",', '"type": "portmap", "snat": false,')

    assert mapping.masquerades(network)
    assert not mapping.masquerades(replace(network, conflist=parse(text)))


def test_path_from_beyond_begins_at_the_uplink() -> None:
    path = _path("inward")

    assert path.name.startswith(BEYOND)
    assert path.hops[0].place[:2] == ("node", "eth0")


def _pod(result: Mapping[str, Any]) -> PodNetwork:
    return PodNetwork("mapped", "cni-mapped", (), "sandbox", result)


@pytest.mark.parametrize(("text", "near"), [("10.88.0.5/24", True), ("10.88.0.5/32", False)])
def test_only_clients_on_the_network_of_a_pod_are_masqueraded(text: str, near: bool) -> None:
    client, pod = ip_address("10.88.0.4"), ip_address("10.88.0.5")
    result = {"ips": [{"address": "fd00::5/64"}, {"address": text}]}

    assert mapping.is_on_network_of(client, _pod(result), pod) is near


@pytest.mark.parametrize(
    "ips", [None, [], 7, "10.88.0.5/24", [{"address": "10.88.0.6/24"}], [{}], ["10.88.0.5/24"]]
)
def test_result_without_the_address_of_a_pod_does_not_conform(ips: object) -> None:
    """It says nothing of the network that the pod is on."""
    client, pod = ip_address("10.88.0.4"), ip_address("10.88.0.5")

    with pytest.raises(DoesNotConform, match=r"does not have its address 10\.88\.0\.5"):
        mapping.is_on_network_of(client, _pod({"ips": ips}), pod)


@pytest.mark.parametrize(
    ("source", "filtered", "expected"),
    [
        ("client", True, "host-port"),
        ("client", False, "host-port-routed"),
        (NODE, True, "from-node"),
        (BEYOND, False, "inward"),
    ],
)
def test_kinds_of_path(source: str, filtered: bool, expected: str) -> None:
    """A bridge whose packets iptables does not see does not translate them."""
    found = mapping.kinds(samples.network(), source, filtered=filtered)

    assert found[probes.REQUEST] == expected


HTTP = PortMapping("tcp", 28080, 80)


def _mapped(prefix: int) -> PodNetwork:
    result = {"ips": [{"address": f"10.88.0.5/{prefix}"}]}
    return PodNetwork("mapped", "cni-mapped", (ip_address("10.88.0.5"),), "sandbox", result)


def _configured(keys: str) -> Network:
    network = Network.read(ROOT / "examples" / "features.conflist")
    text = network.conflist.text.replace('"type": "portmap",', f'"type": "portmap", {keys},')
    return replace(network, conflist=parse(text))


def test_translation_of_a_client_that_is_masqueraded() -> None:
    """Its address becomes the gateway's."""
    network, pod = Network.read(ROOT / "examples" / "features.conflist"), _mapped(24)
    gateway, there = network.ipam.gateway(Family.IPV4), (NODE_IP, pod.addresses[0])
    client = ip_address("10.88.0.4")

    masqueraded = mapping.translation(network, NODE_IP, pod, client, HTTP)
    assert masqueraded == Translation(((client, gateway), there), (28080, 80))
    kept = mapping.translation(network, NODE_IP, pod, None, HTTP)
    assert kept == Translation((there,), (28080, 80))


@pytest.mark.parametrize(
    ("keys", "prefix", "is_pod", "expected"),
    [
        pytest.param('"snat": true', 24, True, True, id="pod-on-the-network"),
        pytest.param('"snat": true', 32, True, False, id="pod-on-no-network"),
        pytest.param('"snat": true', 24, False, False, id="beyond"),
        pytest.param('"snat": false', 24, True, False, id="without-snat"),
        pytest.param('"backend": "nftables"', 24, True, False, id="nftables"),
        pytest.param('"backend": "iptables"', 24, True, True, id="iptables"),
        pytest.param('"masqAll": true', 32, False, True, id="masqAll"),
        pytest.param('"masqAll": true, "snat": false', 24, True, False, id="masqAll-without-snat"),
    ],
)
def test_who_is_masqueraded(keys: str, prefix: int, is_pod: bool, expected: bool) -> None:
    """By default, a pod on the mapped pod's network; with masqAll, everybody."""
    client = ip_address("10.88.0.4")

    found = mapping.is_masqueraded(_configured(keys), _mapped(prefix), client, is_pod=is_pod)

    assert found is expected


@pytest.mark.parametrize(
    ("source", "keys", "filtered", "expected"),
    [
        (mapping.LOCALHOST, '"snat": true', True, "to-node-masqueraded"),
        (mapping.LOCALHOST, '"snat": true', False, "to-node"),
        (NODE, '"snat": true', True, "to-node"),
        (NODE, '"masqAll": true', True, "to-node-masqueraded"),
        (BEYOND, '"masqAll": true', True, "outward-masqueraded"),
        (BEYOND, '"snat": true', True, "outward"),
    ],
)
def test_answers_to_a_masqueraded_node(
    source: str, keys: str, filtered: bool, expected: str
) -> None:
    """The bridge has translated their destination back, if iptables sees its packets."""
    found = mapping.kinds(_configured(keys), source, filtered=filtered)

    assert found[probes.REPLY] == expected


@pytest.mark.parametrize(("plugin", "is_reference"), [("portmap", True), ("acme", False)])
def test_document_that_names_all_senders(plugin: str, is_reference: bool) -> None:
    """Other plugins that map ports promise nothing to 127.0.0.1, nor to the pod itself."""
    network = Network.read(ROOT / "examples" / "features.conflist")
    text = network.conflist.text.replace('"type": "portmap"', f'"type": "{plugin}"')
    network = replace(network, conflist=parse(text))

    assert mapping.is_reference(network) is is_reference
