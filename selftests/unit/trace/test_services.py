"""Services as destinations: what their specification says."""

from collections.abc import Mapping
from typing import Any
from unittest.mock import Mock

import pytest

from podpath.errors import CouldNotTest
from podpath.model import Family
from podpath.trace import services
from podpath.trace.services import Service

_DNS: Mapping[str, Any] = {
    "clusterIP": "10.96.0.10",
    "clusterIPs": ["10.96.0.10", "fd00::a"],
    "ports": [
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
        {"name": "metrics", "port": 9153},
        {"name": "s", "port": 7, "protocol": "SCTP"},
    ],
}


@pytest.mark.parametrize(
    ("port", "family", "service"),
    [
        ("", None, Service("10.96.0.10", "udp", 53)),
        ("53", None, Service("10.96.0.10", "udp", 53)),
        ("dns-tcp", Family.IPV6, Service("fd00::a", "tcp", 53)),
        ("9153", Family.IPV4, Service("10.96.0.10", "tcp", 9153)),
    ],
)
def test_address_and_port(port: str, family: Family | None, service: Service) -> None:
    assert services.chosen(_DNS, "Service kube-system/kube-dns", port, family) == service


@pytest.mark.parametrize(
    ("change", "port", "sentence"),
    [
        ({"clusterIP": "None", "clusterIPs": ["None"]}, "", "it is headless"),
        ({"clusterIPs": None, "clusterIP": None}, "", "it is headless"),
        ({"clusterIPs": ["fd00::a"]}, "", "it has no IPv4 address"),
        ({}, "80", "it has no port 80"),
        ({"ports": None}, "", "it has no port"),
        ({}, "s", "it has a port of sctp, which podpath cannot send"),
    ],
)
def test_service_that_cannot_be_reached(
    change: Mapping[str, Any], port: str, sentence: str
) -> None:
    with pytest.raises(CouldNotTest) as raised:
        services.chosen({**_DNS, **change}, "it", port, Family.IPV4)
    assert sentence in str(raised.value)


def test_name_is_asked_for_and_the_connection_is_closed() -> None:
    api = Mock()
    api.service.return_value = {"spec": _DNS}

    service = services.find(lambda: api, "svc/kube-system/kube-dns:metrics", None)

    assert service == Service("10.96.0.10", "tcp", 9153)
    api.service.assert_called_once_with("kube-system", "kube-dns")
    api.close.assert_called_once_with()


@pytest.mark.parametrize("text", ["svc/a", "svc//b", "svc/a/b/c", "service/a/"])
def test_name_that_is_none(text: str) -> None:
    connect = Mock()
    with pytest.raises(CouldNotTest, match="names no Service"):
        services.find(connect, text, None)
    connect.assert_not_called()


def test_service_that_is_not_there() -> None:
    api = Mock()
    api.service.return_value = None
    with pytest.raises(CouldNotTest, match="namespace a has no Service b"):
        services.find(lambda: api, "svc/a/b", None)
    api.close.assert_called_once_with()
