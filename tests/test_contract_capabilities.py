"""What a runtime asks for a container where the conflist has the capability."""

import pytest

from podpath.cni.conflist import Conflist
from podpath.contract import capabilities
from podpath.contract.answers import require_success
from podpath.contract.runtime import Runtime
from podpath.model import Family

requirement = pytest.mark.requirement


@requirement("CNI-STATIC-IP")
def test_container_has_the_address_that_was_asked_for(
    runtime: Runtime, conflist: Conflist, family: Family
) -> None:
    """Exactly that; while it has it, nobody else gets it, and afterwards somebody does."""
    wanted = capabilities.unused(conflist, family)
    runtime_config = {"ips": [str(wanted)]}
    with capabilities.container(runtime, conflist, runtime_config) as first:
        first.attach()
        found = capabilities.held(first, wanted)
        with capabilities.container(runtime, conflist, runtime_config) as second:
            found += capabilities.given_twice(second.add(), wanted)
        require_success(first.delete())
    with capabilities.container(runtime, conflist, runtime_config) as third:
        third.attach()
        found += capabilities.held(third, wanted)

    assert found == []


@requirement("CNI-STATIC-MAC")
def test_container_has_the_mac_address_that_was_asked_for(
    runtime: Runtime, conflist: Conflist
) -> None:
    """In the kernel, and in the result."""
    with capabilities.container(runtime, conflist, {"mac": capabilities.MAC}) as container:
        container.attach()

        assert capabilities.mac(container) == []
