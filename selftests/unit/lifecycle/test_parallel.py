"""What a node has from the beginning is not left behind by its first pods."""

import pytest

from podpath.lifecycle import parallel
from podpath.nodes.inventory import Inventory

_OWN = {"lo", "eth0", "cni0", "other"}


@pytest.mark.parametrize(
    ("interfaces", "namespaces", "is_empty"),
    [
        pytest.param(("lo", "eth0", "cni0"), ("other",), True, id="own"),
        pytest.param(("lo", "eth0", "veth1"), (), False, id="host-end"),
        pytest.param(("lo",), ("cni-1", "other"), False, id="namespace-of-a-pod"),
    ],
)
def test_node_without_pods(
    interfaces: tuple[str, ...], namespaces: tuple[str, ...], *, is_empty: bool
) -> None:
    """A script of the user may have made links and namespaces."""
    things = {"interfaces": interfaces, "bridge ports": (), "namespaces": namespaces}

    assert parallel._empty(_OWN, Inventory(things)) is is_empty
