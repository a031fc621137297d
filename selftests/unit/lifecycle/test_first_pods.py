"""Pods without an interface, of which the runtime knows nothing."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from podpath.errors import Unmet
from podpath.lifecycle import first_pods

if TYPE_CHECKING:
    from podpath.nodes.base import Node
    from podpath.nodes.deployment import Deployment

_MISSING = 'Device "eth0" does not exist.'


def _require(*said: str) -> None:
    answers = iter(said)
    node = SimpleNamespace(run=lambda _, netns: SimpleNamespace(stderr=next(answers), netns=netns))
    pods = [SimpleNamespace(network=SimpleNamespace(netns="cni-1")) for _ in said]
    first_pods._require_interfaces(cast("Node", node), cast("Deployment", pods))


def test_add_that_makes_no_interface_is_one_violation() -> None:
    """A runtime is content with a result that has an address."""
    with pytest.raises(Unmet, match="made no interface eth0") as caught:
        _require(_MISSING, _MISSING)

    assert caught.value.requirement == "LIFE-ADD"


@pytest.mark.parametrize(
    "said", [("", ""), ("", _MISSING), ("Cannot open network namespace", _MISSING), ()]
)
def test_pods_of_which_one_has_it_can_be_looked_at(said: tuple[str, ...]) -> None:
    _require(*said)
