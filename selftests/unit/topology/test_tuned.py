"""Switches of a pod's interface that the plugin "tuning" turns on."""

import json
from typing import Any

import pytest

from podpath.cni import conflist
from podpath.cni.network import Network
from podpath.topology.wiring import Wiring

from .. import samples

POD = "client"


def _network(*tuning: dict[str, Any]) -> Network:
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"] += [{"type": "tuning", **section} for section in tuning]
    return Network(conflist.parse(json.dumps(document)), samples.PROFILE)


@pytest.mark.parametrize(
    ("tuning", "link", "seen"),
    [
        ([{"promisc": True}], {"promiscuous": True}, []),
        ([{"promisc": True}], {}, ["promiscuous: on, off"]),
        ([{"promisc": True}, {"promisc": False}], {"promiscuous": True}, ["promiscuous: off, on"]),
        ([{}], {"promiscuous": True}, ["promiscuous: off, on"]),
        ([{"allmulti": True}], {"flags": frozenset({"all multicast"})}, []),
        ([{"allmulti": True}], {}, ["flags: all multicast, none"]),
        ([{"allmulti": True}], {"flags": frozenset({"no ARP"})}, ["flags: all multicast, no ARP"]),
        ([{}], {"flags": frozenset({"no ARP"})}, ["flags: none unusual, no ARP"]),
    ],
)
def test_interface_has_the_configured_switches_only(
    tuning: list[dict[str, Any]], link: dict[str, Any], seen: list[str]
) -> None:
    """The last value wins; each difference is reported once."""
    topology = samples.with_pod_link(samples.topology(), POD, **link)
    differences = Wiring(topology, _network(*tuning)).settings(POD)

    assert [f"{d.kind}: {d.expected}, {d.seen}" for d in differences] == seen


@pytest.mark.parametrize(
    ("tuning", "mtu", "seen"),
    [
        ([{"mtu": 1400}], 1400, []),
        ([{"mtu": 1400}], 1500, ["1400, 1500"]),
        ([{"mtu": 1300}, {"mtu": 1400}], 1400, []),
        ([{"mtu": 1400}, {}], 1400, []),
        ([{}], 1400, ["1400, 1500", "1400, 1500"]),
    ],
)
def test_tuning_changes_the_mtu_of_the_pods_interface_alone(
    tuning: list[dict[str, Any]], mtu: int, seen: list[str]
) -> None:
    """Host end and bridge keep that of the main plugin."""
    topology = samples.with_pod_link(samples.topology(), POD, mtu=mtu)
    differences = Wiring(topology, _network(*tuning)).mtu(POD)

    assert [f"{d.expected}, {d.seen}" for d in differences] == seen
