"""What a runtime asks for a container: its addresses, its rate; asked by podpath itself."""

from contextlib import ExitStack

import pytest

from podpath.cni.conflist import Conflist
from podpath.contract import capabilities
from podpath.contract.answers import require_success
from podpath.contract.runtime import Runtime
from podpath.model import Family
from podpath.nodes import inventory
from podpath.run import preflight

requirement = pytest.mark.requirement

#: What the kernel must have for each direction.
LINKS = {"ingress": (), "egress": ("ifb",)}
QUEUES = {"ingress": ("root tbf rate 1mbit burst 10kb latency 1s",), "egress": ("ingress",)}
each_direction = pytest.mark.parametrize("direction", LINKS)


def _check_kernel(direction: str) -> None:
    for link in LINKS[direction]:
        preflight.check_link(link)
    for queue in (*QUEUES["ingress"], *QUEUES[direction]):
        preflight.check_queue(queue)


@requirement("PATH-BANDWIDTH")
@each_direction
def test_rate_is_what_was_asked_for(
    runtime: Runtime, conflist: Conflist, family: Family, direction: str
) -> None:
    """A transfer takes as long as the limit says, and one without a limit far less."""
    _check_kernel(direction)
    with ExitStack() as stack:
        slow, one, other = (
            stack.enter_context(capabilities.container(runtime, conflist, runtime_config))
            for runtime_config in (capabilities.limited(direction), {}, {})
        )
        for container in (slow, one, other):
            container.attach()
        ends = (one, slow) if direction == "ingress" else (slow, one)
        free = capabilities.transfer(one, other, family)
        # the fastest: a slow one may be the machine's
        limited = min(
            (capabilities.transfer(*ends, family) for _ in range(2)), key=lambda t: t.seconds
        )

    assert capabilities.bounds(direction, limited, free) == []


@requirement("LIFE-BANDWIDTH")
@each_direction
def test_nothing_is_left_of_a_limit(runtime: Runtime, conflist: Conflist, direction: str) -> None:
    """The node has no more than before the container came."""
    _check_kernel(direction)
    with capabilities.container(runtime, conflist, capabilities.limited(direction)) as container:
        before = inventory.read(runtime.node, conflist)
        container.attach()
        require_success(container.delete())

        assert container.left(conflist, before) == []


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
