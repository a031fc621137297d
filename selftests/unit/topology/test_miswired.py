"""Violations of TOPO that decide where packets go, and tests that they are no reason for."""

from dataclasses import replace
from typing import Any

import pytest

from podpath import profiles
from podpath.cni.network import Network
from podpath.model import Family, Settings, Topology
from podpath.topology import miswired

from .. import samples

END = samples.host_end("client")
PROXY = Settings(proxies=frozenset({"proxy_arp"}))
PTP = samples.network(profile=profiles.for_plugin("ptp"), isGateway=False)
MACVLAN = samples.network(profile=profiles.for_plugin("macvlan"), isGateway=False)


def hairpin() -> Topology:
    """The sample, with a port of the client that sends frames back."""
    return with_port(hairpin=True)


def with_port(**changes: Any) -> Topology:
    """The sample, with a port of the client that is set otherwise."""
    base = samples.topology()
    own = base.node.interface(END)
    assert own is not None
    assert own.port is not None
    return samples.with_node_link(base, END, port=replace(own.port, **changes))


def told(
    requirement: str,
    topology: Topology,
    network: Network,
    pod: str = "client",
    family: Family | None = None,
) -> list[str]:
    """The violations under which a test of one pod's packets is told."""
    found = miswired.causes([requirement], [pod], family, topology, network)
    return [cause.requirement for cause in found]


@pytest.mark.parametrize(
    ("requirement", "topology", "network", "violated"),
    [
        pytest.param("PATH-ARP", hairpin(), samples.network(), "PORT", id="hairpin"),
        pytest.param(
            "PATH-ISOLATION",
            samples.topology(),
            samples.network(portIsolation=True),
            "PORT",
            id="isolation",
        ),
        pytest.param(
            "PATH-ICMP", with_port(isolated=True), samples.network(), "PORT", id="isolated"
        ),
        pytest.param(
            "PATH-ARP",
            samples.with_node_link(samples.topology(), samples.BRIDGE, settings=PROXY),
            samples.network(),
            "SETTINGS",
            id="proxy",
        ),
        pytest.param(
            "PATH-MTU",
            samples.with_pod_link(samples.topology(), "client", mtu=1400),
            samples.network(),
            "MTU",
            id="MTU",
        ),
        pytest.param(
            "PATH-HTTP",
            samples.with_node_link(samples.routed(), END, settings=Settings()),
            PTP,
            "HOST-END",
            id="forwarding",
        ),
        pytest.param(
            "PATH-UDP",
            samples.with_pod_link(samples.stacked(), "client", mode="private"),
            MACVLAN,
            "LOWER-LINK",
            id="mode",
        ),
    ],
)
def test_wiring_that_decides_where_packets_go_is_told_in_their_place(
    requirement: str, topology: Topology, network: Network, violated: str
) -> None:
    of_requirement = f"TOPO-{violated}", f"TOPO-BRIDGE-{violated}"

    (cause,) = told(requirement, topology, network)

    assert cause in of_requirement


def test_wiring_is_no_reason_for_packets_that_it_does_not_move() -> None:
    """A ping does not need hairpin mode off, nor IPv6 what answers ARP."""
    proxy = samples.with_node_link(samples.topology(), samples.BRIDGE, settings=PROXY)

    assert told("PATH-ICMP", hairpin(), samples.network()) == []
    assert told("PATH-ARP", proxy, samples.network(), family=Family.IPV6) == []
    assert told("PATH-ARP", samples.topology(), samples.network()) == []


def test_pods_that_a_test_does_not_name_count_only_where_all_hear_packets() -> None:
    forwarding = samples.with_node_link(samples.routed(), END, settings=Settings())

    assert told("PATH-HTTP", forwarding, PTP, "server") == []
    assert told("PATH-HTTP", forwarding, PTP, family=Family.IPV6) == []
    assert told("PATH-ARP", hairpin(), samples.network(), "server") == ["TOPO-BRIDGE-PORT"]
