"""Results before 0.3.0, which have other keys and no interfaces."""

import json
from pathlib import Path
from typing import Any

import pytest

from podpath.cni import result
from podpath.model import Difference, Topology
from podpath.topology.wiring import Wiring

from .. import samples

POD = "client"
OLD: dict[str, Any] = {
    "cniVersion": "0.2.0",
    "ip4": {
        "ip": "10.88.0.2/24",
        "gateway": "10.88.0.1",
        "routes": [{"dst": "0.0.0.0/0"}],
    },
    "dns": {},
}


def _read(directory: Path, document: dict[str, Any]) -> dict[str, Any]:
    path = directory / "podpath-x-eth0"
    path.write_text(json.dumps({"kind": "cniCacheV1", "result": document}))
    return result.read(path)


@pytest.mark.parametrize(
    ("document", "names"),
    [
        (OLD, False),
        ({"cniVersion": "0.1.0"}, False),
        ({"ip4": {}}, False),
        ({"cniVersion": "0.3.0", "ip4": {}}, True),
        ({"cniVersion": "1.0.0"}, True),
        ({"cniVersion": ["0.2.0"]}, True),
        ({}, True),
    ],
)
def test_interfaces_are_named_since_0_3_0(document: dict[str, Any], *, names: bool) -> None:
    """By the result's version, or by its keys without one."""
    assert result.names_interfaces(document) is names


def test_old_result_has_its_addresses_where_new_ones_have_them(tmp_path: Path) -> None:
    """Both IP versions, and the routes of both."""
    old = {**OLD, "ip6": {"ip": "fd00::2/64", "routes": [{"dst": "::/0", "gw": "fd00::1"}]}}
    read = _read(tmp_path, old)

    assert read["ips"] == [
        {"address": "10.88.0.2/24", "gateway": "10.88.0.1"},
        {"address": "fd00::2/64", "gateway": None},
    ]
    assert read["routes"] == [{"dst": "0.0.0.0/0"}, {"dst": "::/0", "gw": "fd00::1"}]
    assert result.interfaces(read) == ()


@pytest.mark.parametrize("part", [None, "10.0.0.1/8", [], {"routes": 7}])
def test_malformed_old_result_is_read(tmp_path: Path, part: object) -> None:
    """The wiring's tests report what is missing in it."""
    assert _read(tmp_path, {"cniVersion": "0.2.0", "ip4": part})["routes"] == []


def _topology(tmp_path: Path, document: dict[str, Any]) -> Topology:
    topology = samples.topology()
    for pod, network in topology.pods.items():
        ip4 = {**document["ip4"], "ip": f"{network.addresses[0]}/24"}
        read = _read(tmp_path, {**document, "ip4": ip4})
        topology = samples.with_pod_network(topology, pod, result=read)
    return topology


def test_old_result_that_agrees_with_the_kernel_conforms(tmp_path: Path) -> None:
    """What it cannot say is not missing in it."""
    wiring = Wiring(_topology(tmp_path, OLD), samples.network())

    assert wiring.result(POD) == []
    assert wiring.mac() == []


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("gateway", "10.88.0.9", "10.88.0.1"),
        ("routes", [{"dst": "0.0.0.0/0"}, {"dst": "10.0.0.0/8"}], "in the pod"),
    ],
)
def test_old_result_that_differs_from_the_kernel_does_not_conform(
    tmp_path: Path, key: str, value: object, expected: str
) -> None:
    """Addresses, gateways and routes are compared as in any result."""
    old = {**OLD, "ip4": {**OLD["ip4"], key: value}}
    differences: list[Difference] = Wiring(_topology(tmp_path, old), samples.network()).result(POD)

    assert [d.expected for d in differences] == [expected]
