"""Requests of a runtime for a container, by the capabilities of the conflist."""

from podpath.cni.network import Network
from podpath.contract import capabilities
from podpath.contract.answers import require_success
from podpath.contract.runtime import Runtime
from podpath.model import Family
from podpath.testing import each_family, requirement


@requirement("CNI-STATIC-IP")
@each_family
def test_container_has_the_requested_address(
    runtime: Runtime, network: Network, family: Family
) -> None:
    """The container has exactly the requested address, and another gets it only afterwards."""
    requested = capabilities.unassigned_address(network, family)
    capability_args = {"ips": [str(requested)]}
    with capabilities.container(runtime, network, capability_args) as first:
        first.attach()
        differences = capabilities.held_address(first, requested)
        with capabilities.container(runtime, network, capability_args) as second:
            differences += capabilities.exclusive(second.add(), requested)
        require_success(first.delete())
    with capabilities.container(runtime, network, capability_args) as third:
        third.attach()
        differences += capabilities.held_address(third, requested)

    assert differences == []


@requirement("CNI-STATIC-MAC")
def test_container_has_the_requested_mac_address(runtime: Runtime, network: Network) -> None:
    """The container has the requested MAC address in the kernel and in the result."""
    with capabilities.container(runtime, network, {"mac": capabilities.MAC}) as container:
        container.attach()

        assert capabilities.held_mac(container) == []
