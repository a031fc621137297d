"""Pods without an interface, of which the runtime knows nothing."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from podpath.errors import CouldNotTest, Unmet
from podpath.lifecycle import first_pods
from podpath.system import netns

if TYPE_CHECKING:
    from podpath.nodes.base import Node
    from podpath.nodes.deployment import Deployment

#: Path of a namespace -> its links; None if it cannot be entered.
_PLACES = {"bare": ["lo"], "wired": ["lo", "eth0"], "gone": None}


@pytest.fixture
def require(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that looks at pods in namespaces of these kinds."""

    def links(place: str, _: object) -> list[tuple[int, str]]:
        if (names := _PLACES[place]) is None:
            raise CouldNotTest("the namespace is gone")
        return list(enumerate(names))

    monkeypatch.setattr(netns, "run_in", links)

    def look(*kinds: str) -> None:
        node = SimpleNamespace(named_namespaces=lambda: {kind: kind for kind in _PLACES})
        pods = [SimpleNamespace(network=SimpleNamespace(netns=kind)) for kind in kinds]
        first_pods._require_interfaces(cast("Node", node), cast("Deployment", pods))

    return look


def test_add_that_makes_no_interface_is_one_violation(require: Callable[..., None]) -> None:
    """A runtime is content with a result that has an address."""
    with pytest.raises(Unmet, match="made no interface eth0") as caught:
        require("bare", "bare")

    assert caught.value.requirement == "LIFE-ADD"


@pytest.mark.parametrize(
    "kinds", [("wired", "wired"), ("wired", "bare"), ("gone", "bare"), ("unnamed", "bare"), ()]
)
def test_pods_of_which_one_may_have_it_can_be_looked_at(
    require: Callable[..., None], kinds: tuple[str, ...]
) -> None:
    require(*kinds)
