"""IPAM sections of any plugin: what the conflist states, and what only pods show."""

import json
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network

import pytest

from podpath.cni.conflist import parse
from podpath.cni.fields import Malformed
from podpath.cni.ipam import Ipam, Range
from podpath.errors import CouldNotTest
from podpath.model import Family


def section(**main: object) -> str:
    """Return a conflist with one plugin."""
    return json.dumps({"cniVersion": "1.0.0", "name": "podpath", "plugins": [main]})


@pytest.mark.parametrize(
    "ipam",
    [
        pytest.param({"type": "dhcp"}, id="dhcp"),
        pytest.param({"type": "whereabouts", "range": "10.0.0.0/24"}, id="whereabouts"),
        pytest.param({"type": "acme-ipam", "ranges": ["10.0.0.0/24"], "routes": 7}, id="own-keys"),
    ],
)
def test_section_of_another_plugin_states_nothing(ipam: dict[str, object]) -> None:
    """Its keys are its own, whatever they are called; pods may have addresses of both versions."""
    read = parse(section(type="bridge", ipam=ipam))

    assert (read.ipam.plugin, read.ipam.ranges, read.ipam.is_stated) == (ipam["type"], (), False)
    assert read.ipam.families == (Family.IPV4, Family.IPV6)
    assert read.delegates == ("bridge", ipam["type"])


@pytest.mark.parametrize("ipam", [None, {}, {"subnet": "10.0.0.0/24"}])
def test_plugin_may_have_an_ipam_of_its_own(ipam: object) -> None:
    """Then it needs no other plugin."""
    read = parse(section(type="acme", ipam=ipam))

    assert (read.ipam.plugin, read.ipam.is_stated) == ("", False)
    assert read.delegates == ("acme",)


@pytest.mark.parametrize("plugin", ["bridge", "ptp", "macvlan"])
def test_reference_plugin_has_none_of_its_own(plugin: str) -> None:
    with pytest.raises(Malformed, match='no "ipam" with a "type", so pods get no address'):
        parse(section(type=plugin))


def test_ranges_that_a_daemon_fills_in() -> None:
    """As kube-router does: the file that it has written can be tested."""
    with pytest.raises(Malformed, match="test the file that it has written"):
        parse(section(type="bridge", ipam={"type": "host-local"}))


def shown(*ranges: tuple[str, str | None]) -> Ipam:
    """Return an IPAM whose ranges pods have shown, each with a pod's address and its gateway."""
    return Ipam(
        "acme-ipam",
        (tuple(Range.around(ip_interface(a), ip_address(g) if g else None) for a, g in ranges),),
        (),
        "",
        is_stated=False,
    )


def test_shown_range_is_the_network_of_an_address() -> None:
    ipam = shown(("10.0.0.7/24", "10.0.0.1"))

    assert ipam.families == (Family.IPV4,)
    assert ipam.gateway(Family.IPV4) == ip_address("10.0.0.1")
    assert ipam.range_of(ip_address("10.0.0.9")) == ipam.ranges[0]
    assert ipam.range_of(ip_address("fd00::9")) is None


def test_other_pods_may_be_on_other_networks() -> None:
    """As where each address is a network of its own: prefix length and gateway are the same."""
    ipam = shown(("10.0.0.7/32", "169.254.1.1"))

    other = ipam.range_of(ip_address("10.9.0.7"))

    assert other == Range.around(ip_interface("10.9.0.7/32"), ip_address("169.254.1.1"))
    addresses = [ip_address("10.9.0.7")]
    assert ipam.subnets(addresses) == {ip_network("10.0.0.7/32"), ip_network("10.9.0.7/32")}
    assert replace(ipam, is_stated=True).range_of(ip_address("10.9.0.7")) is None


def test_pods_may_have_no_gateway() -> None:
    ipam = shown(("10.0.0.7/24", None))

    assert ipam.ranges[0].usable == 254
    with pytest.raises(CouldNotTest, match="names an IPv4 gateway"):
        ipam.gateway(Family.IPV4)
