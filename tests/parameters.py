"""Parameters that repeat the tests."""

from collections.abc import Callable

import pytest

from podpath.cni import versions
from podpath.contract.subjects import ALONE, ATTACHING, Role
from podpath.model import Address, Difference

#: Sends flows without sniffers, and returns how they differ; further arguments are their ends.
Explained = Callable[..., list[Difference]]
#: The node's address on its uplink, and one beyond.
Ends = tuple[Address, Address]

each_direction = pytest.mark.parametrize("direction", ["ingress", "egress"])

#: Repeats a test for plugins alone, or for subjects whose ADD prints a whole result.
alone = pytest.mark.roles(*ALONE)
attaching = pytest.mark.roles(*ATTACHING)
whole_chain = pytest.mark.roles(Role.CHAIN)
interface_plugin = pytest.mark.roles(Role.INTERFACE)
chained_plugins = pytest.mark.roles(Role.CHAINED)
of_the_chain = pytest.mark.roles(Role.INTERFACE, Role.CHAINED)


def since(version: str) -> pytest.MarkDecorator:
    """Repeat a test for each version of the CNI specification since a version."""
    return pytest.mark.parametrize("version", versions.since(version), scope="module")
