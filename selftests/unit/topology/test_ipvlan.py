"""Pods with ipvlan links: the paths of each mode, and the wiring that shares one MAC address."""

import json

import pytest

from podpath import profiles
from podpath.cni.network import Network
from podpath.model import NODE, Direction, Hop, Topology
from podpath.paths import expected
from podpath.topology.wiring import Wiring
from selftests.suite import ROOT

from .. import samples

IN, OUT = Direction.IN, Direction.OUT
POD = "client"
MODES = ("l2", "l3", "l3s")


def _network(mode: str) -> Network:
    profile = profiles.for_plugin("ipvlan", section={"mode": mode})
    return samples.network(profile=profile, isGateway=False, mode=mode)


def _topology(mode: str) -> Topology:
    """Pods whose links have the uplink's MAC address, as their results say."""
    base = samples.stacked()
    uplink = base.node.interface(samples.UPLINK)
    assert uplink
    flags = frozenset() if mode == "l2" else frozenset({"no ARP"})
    for pod in samples.PODS:
        changes = {"kind": "ipvlan", "mode": mode, "mac": uplink.mac, "flags": flags}
        base = samples.with_pod_link(base, pod, **changes)
        (entry,) = base.pods[pod].result["interfaces"]
        base = samples.with_result(base, pod, "interfaces", [{**entry, "mac": uplink.mac}])
    return base


@pytest.mark.parametrize("mode", MODES)
def test_profile_is_that_of_the_mode(mode: str) -> None:
    """The plugin has one for each of its modes."""
    assert profiles.for_plugin("ipvlan", section={"mode": mode}).name == f"ipvlan-{mode}"


@pytest.mark.parametrize("section", [{}, {"mode": ""}, {"mode": "l4"}])
def test_mode_l2_is_the_default(section: dict[str, str]) -> None:
    """A mode that does not exist has no profile, and the preflight refuses it."""
    assert profiles.for_plugin("ipvlan", section=section).name == "ipvlan-l2"


@pytest.mark.parametrize("name", ["ipvlan-l2", "ipvlan-l3"])
def test_example_has_its_profile(name: str) -> None:
    path = ROOT / f"examples/{name}.conflist"
    section = json.loads(path.read_text())["plugins"][0]

    assert Network.read(path).profile.name == name == f"ipvlan-{section['mode']}"


@pytest.mark.parametrize("mode", MODES)
def test_lower_link_does_not_see_unicast(mode: str) -> None:
    """The kernel hands a packet from pod to pod over at once."""
    path = expected.path(
        _topology(mode), _network(mode), "unicast", source="client", destination="server"
    )

    assert path.hops == (Hop("client", "eth0", OUT), Hop("server", "eth0", IN, (0,)))


def test_request_in_mode_l2_leaves_by_the_lower_link() -> None:
    path = expected.path(_topology("l2"), _network("l2"), "broadcast", source="client")

    assert Hop(NODE, samples.UPLINK, OUT, (0,)) in path.hops


def test_pods_in_mode_l3_resolve_no_addresses() -> None:
    """PATH-ARP applies in mode l2 alone."""
    applies = {m: "PATH-ARP" not in _network(m).not_applicable for m in MODES}

    assert applies == {"l2": True, "l3": False, "l3s": False}


RULES = ("lower_link", "mac", "mtu", "settings", "result", "route")


def _found(rule: str, mode: str, topology: Topology) -> str:
    wiring = Wiring(topology, _network(mode))
    pods = () if rule == "mac" else (POD,)
    return " ".join(map(str, wiring.differences(f"TOPO-{rule}".upper().replace("_", "-"), *pods)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rule", RULES)
def test_topology_has_no_difference(rule: str, mode: str) -> None:
    """The sample is wired as ipvlan wires pods."""
    assert _found(rule, mode, _topology(mode)) == ""


@pytest.mark.parametrize(
    ("rule", "mode", "changes", "message"),
    [
        ("lower_link", "l2", {"mode": "l3"}, "mode at pod client eth0: expected l2, saw l3"),
        ("lower_link", "l2", {"kind": "macvlan"}, "kind of interface at pod client eth0"),
        ("mac", "l2", {"mac": "02:00:00:00:00:99"}, "saw 02:00:00:00:00:99"),
        ("mtu", "l3", {"mtu": 1400}, "MTU at pod client eth0: expected 1500, saw 1400"),
        ("settings", "l3", {"flags": frozenset()}, "flags at pod client eth0: expected no ARP"),
        ("settings", "l2", {"flags": frozenset({"no ARP"})}, "expected none unusual, saw no ARP"),
    ],
)
def test_change_is_found(rule: str, mode: str, changes: dict[str, object], message: str) -> None:
    """One change in the sample gives its difference."""
    assert message in _found(rule, mode, samples.with_pod_link(_topology(mode), POD, **changes))
