"""Routes of a conflist or a result, with their attributes."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from podpath.cni import routes
from podpath.cni.fields import Malformed
from podpath.cni.routes import ConfiguredRoute

_LAB = ip_network("198.51.100.0/24")


def _route(**keys: Any) -> ConfiguredRoute:
    return ConfiguredRoute.parse({"dst": str(_LAB), **keys})


def test_attributes_are_as_the_kernel_shows_them() -> None:
    """Table, sizes, metric and scope; the main table is none of them."""
    route = _route(gw="10.0.0.1", mtu=1400, advmss=1300, priority=50, table=100, scope=253)

    gateway = ip_address("10.0.0.1")
    particulars = ("table 100", "mtu 1400", "advmss 1300")
    assert route == ConfiguredRoute(_LAB, gateway, False, particulars, 50, 253)
    assert _route(table=254, mtu=0, priority=0) == ConfiguredRoute(_LAB, None)


@pytest.mark.parametrize("gateway", ["0.0.0.0", "::"])
def test_unspecified_gateway_is_a_route_on_the_link(gateway: str) -> None:
    assert _route(gw=gateway) == ConfiguredRoute(_LAB, None, on_link=True)


@pytest.mark.parametrize("value", [-1, 2**32, "1400", True])
def test_attribute_that_is_no_number(value: object) -> None:
    with pytest.raises(Malformed, match="mtu"):
        _route(mtu=value)


def test_metric_of_ipam_is_for_routes_without_one() -> None:
    assert ConfiguredRoute.parse({"dst": str(_LAB)}, 7).metric == 7
    assert ConfiguredRoute.parse({"dst": str(_LAB), "priority": 9}, 7).metric == 9


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ({}, []),
        ({"routes": 7}, []),
        ({"routes": [7, {"dst": "0.0.0.0/0", "scope": 0}]}, []),
        ({"routes": [{"mtu": 1400}, {"mtu": 1300, "table": 7}]}, ["mtu", "table"]),
    ],
)
def test_attributes_in_use(section: dict[str, Any], names: list[str]) -> None:
    assert list(routes.attributes(section)) == names
