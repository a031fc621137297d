"""What the tests are repeated for."""

import pytest

from podpath.contract import versions
from podpath.contract.subjects import ALONE, ATTACHING, Role

each_direction = pytest.mark.parametrize("direction", ["ingress", "egress"])

#: Plugins by themselves, and those that answer ADD with a whole result.
alone = pytest.mark.roles(*ALONE)
attaching = pytest.mark.roles(*ATTACHING)
whole_chain = pytest.mark.roles(Role.CHAIN)
interface_plugin = pytest.mark.roles(Role.INTERFACE)
chained_plugins = pytest.mark.roles(Role.CHAINED)
of_the_chain = pytest.mark.roles(Role.INTERFACE, Role.CHAINED)


def since(version: str) -> pytest.MarkDecorator:
    """Each version of the CNI specification since that one."""
    return pytest.mark.parametrize("version", versions.since(version), scope="module")
