"""Capability args: which plugins get them, and the checks of their effect."""

from ipaddress import ip_interface

import pytest

from podpath.contract import subjects
from podpath.contract.answers import Answer
from podpath.contract.capabilities import (
    BURST,
    MAC,
    RATE,
    Transfer,
    bounds,
    exclusive,
    unassigned_address,
)
from podpath.contract.subjects import Step
from podpath.errors import CouldNotTest
from podpath.model import Family

from .. import samples

FREE = Transfer(2_000_000, 0.1)


def _took(ratio: float) -> Transfer:
    return Transfer(2_000_000, (2_000_000 * 8 - BURST) / (RATE * ratio))


@pytest.mark.parametrize("ratio", [0.55, 0.95, 1.1])
def test_rate_within_bounds(ratio: float) -> None:
    assert bounds("egress", _took(ratio), FREE) == []


@pytest.mark.parametrize("ratio", [0.1, 0.4, 1.3, 10])
def test_rate_that_was_not_asked_for(ratio: float) -> None:
    """The difference has the measured rate, and the rate without a limit."""
    (difference,) = bounds("egress", _took(ratio), FREE)

    assert (difference.kind, difference.where) == ("rate", "egress of the container")
    assert difference.seen.startswith(f"{ratio:.2f} of it; without a limit, 10 times")


def test_machine_that_is_too_slow_proves_nothing() -> None:
    """A slow machine shows neither a limit nor its absence."""
    with pytest.raises(CouldNotTest, match="does less besides"):
        bounds("ingress", _took(1.0), _took(2.0))


def test_plugins_get_what_they_say_that_they_are_capable_of() -> None:
    requested = {"ips": ["10.88.0.9/24"], "mac": MAC}

    assert subjects.runtime_config(Step("x", {"capabilities": {"mac": True}}), requested) == {
        "runtimeConfig": {"mac": MAC}
    }
    others: list[object] = [{"mac": False}, {"mac": 1}, [], None]
    for capabilities in others:
        assert subjects.runtime_config(Step("x", {"capabilities": capabilities}), requested) == {}


def test_address_that_is_asked_for_is_the_last_one() -> None:
    """The last address of the range, unless it is the gateway's."""
    last = samples.network({"ranges": [[{"subnet": "10.88.0.0/24", "gateway": "10.88.0.254"}]]})

    assert unassigned_address(samples.network(), Family.IPV4) == ip_interface("10.88.0.254/24")
    assert unassigned_address(last, Family.IPV4) == ip_interface("10.88.0.253/24")


def test_second_container_with_the_same_address() -> None:
    requested = ip_interface("10.88.0.254/24")
    refused, taken = (Answer("bridge", "ADD", status, "", "", 0.0) for status in (1, 0))

    assert exclusive([refused], requested) == []
    assert [d.seen for d in exclusive([taken], requested)] == ["10.88.0.254/24 again"]
