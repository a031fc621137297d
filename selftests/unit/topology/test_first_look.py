"""What the first pods show of a network whose conflist does not state their addresses."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from podpath.cni.network import Network
from podpath.cni.routes import ConfiguredRoute
from podpath.model import Family, Topology
from podpath.topology import first_look
from podpath.topology.wiring import Wiring

from .. import samples

OTHER = samples.network({"type": "acme-ipam"})
DEFAULT = ip_network("0.0.0.0/0")
GATEWAY = ip_address("10.88.0.1")


def with_results(**changes: Any) -> Topology:
    """Return the sample topology, whose pods' results have some keys replaced."""
    topology = samples.topology()
    pods = {
        name: replace(pod, result={**pod.result, **changes}) for name, pod in topology.pods.items()
    }
    return replace(topology, pods=pods)


def completed(topology: Topology, network: Network = OTHER) -> Network:
    return first_look.completed(network, topology)


def test_stated_network_stays_as_it_is() -> None:
    network = samples.network()

    assert first_look.completed(network, samples.topology()) is network


def test_first_pods_show_range_gateway_and_routes() -> None:
    """One range for all three; the gateway is the result's."""
    (shown,) = completed(samples.topology()).ipam.ranges

    assert (shown.subnet, shown.gateway) == (ip_network("10.88.0.0/24"), GATEWAY)
    assert completed(samples.topology()).families == (Family.IPV4,)
    routes = completed(samples.topology()).ipam.routes
    assert {(r.destination, r.gateway or GATEWAY) for r in routes} == {(DEFAULT, GATEWAY)}


@pytest.mark.parametrize(
    "rule", ["addr", "route", "result", "node_addr", "bridge_gateway", "node_route"]
)
def test_sample_has_no_difference_to_itself(rule: str) -> None:
    topology = samples.topology()
    wiring = Wiring(topology, completed(topology))
    pods = () if rule in ("bridge_gateway", "node_route") else ("client",)

    assert getattr(wiring, rule)(*pods) == []


def test_result_that_names_no_gateway() -> None:
    """The default route does; a default route that the result leaves out counts as configured."""
    addresses = {
        name: [{"address": f"{samples.address(name)}/24", "interface": 2}] for name in samples.PODS
    }
    topology = samples.topology()
    pods = {
        name: replace(pod, result={"ips": addresses[name]}) for name, pod in topology.pods.items()
    }
    ipam = completed(replace(topology, pods=pods)).ipam

    assert [r.gateway for r in ipam.ranges] == [GATEWAY]
    assert ipam.routes == (ConfiguredRoute(DEFAULT, GATEWAY),)


@pytest.mark.parametrize(
    "ips",
    [
        pytest.param(None, id="none"),
        pytest.param(["10.88.0.2"], id="texts"),
        pytest.param([{"address": 7}, {"gateway": "x"}], id="malformed"),
    ],
)
def test_result_without_addresses(ips: object) -> None:
    """The network is then the kernel's, and the gateway that of the default route."""
    (shown,) = completed(with_results(ips=ips, routes="none")).ipam.ranges

    assert (shown.subnet, shown.gateway) == (ip_network("10.88.0.0/24"), GATEWAY)


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        pytest.param({"dst": "192.0.2.0/24"}, {ip_network("192.0.2.0/24")}, id="by-the-gateway"),
        pytest.param({"dst": "10.88.0.0/24"}, set(), id="connected"),
        pytest.param({"dst": "10.88.0.1/32"}, set(), id="to-the-gateway"),
        pytest.param({"dst": "no network"}, set(), id="malformed"),
    ],
)
def test_routes_on_the_link_are_the_profiles(
    route: Mapping[str, str], expected: set[object]
) -> None:
    routes = completed(with_results(routes=[route])).ipam.routes

    assert {r.destination for r in routes} - {DEFAULT} == expected


def test_node_may_be_the_gateway_of_a_plugin_that_the_profile_does_not_name() -> None:
    """Such a plugin need not know isGateway: the address on the bridge decides."""
    named = samples.network({"type": "acme-ipam"}, isGateway=False)
    unnamed = replace(named, profile=replace(named.profile, plugins=()))
    elsewhere = with_results(ips=[{"address": "10.88.0.2/24", "gateway": "10.88.0.254"}])

    assert completed(samples.topology(), named).conflist.is_gateway is False
    assert completed(samples.topology(), unnamed).conflist.is_gateway is True
    pods = {"client": elsewhere.pods["client"]}
    assert completed(replace(elsewhere, pods=pods), unnamed).conflist.is_gateway is False


def unknown_plugin(**keys: Any) -> Network:
    """A plugin that no profile names, with the profile "bridge", and a default bridge elsewhere."""
    network = samples.network({"routes": []}, type="acme", isGateway=False, **keys)
    section = {k: v for k, v in network.conflist.section.items() if k != "bridge" or k in keys}
    profile = replace(network.profile, is_lent=True)
    return replace(network, profile=profile, conflist=replace(network.conflist, section=section))


def renamed(name: str) -> Topology:
    """The sample topology, whose bridge has another name."""
    topology = samples.topology()
    return samples.with_node_link(topology, "cni0", name=name)


def test_unknown_plugin_chooses_its_bridge_and_default_route() -> None:
    """The first pods show them; a route that is configured stays."""
    network = completed(renamed("acme0"), unknown_plugin())

    assert network.bridge == "acme0"
    assert network.conflist.is_gateway
    assert {(r.destination, r.gateway or GATEWAY) for r in network.ipam.routes} == {
        (DEFAULT, GATEWAY)
    }
    assert network.ipam.ranges == unknown_plugin().ipam.ranges


def test_bridge_that_the_conflist_names() -> None:
    """It is the configured one, for any plugin."""
    assert completed(renamed("acme0"), unknown_plugin(bridge="cni0")).bridge == "cni0"
    known = samples.network()
    assert completed(renamed("acme0"), known) is known


def test_pods_on_several_bridges_show_none() -> None:
    topology = samples.with_node_link(renamed("acme0"), samples.host_end("client"), master=None)

    assert completed(topology, unknown_plugin()).bridge == "cni0"
