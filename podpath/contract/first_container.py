"""The first container of a node creates things that stay, such as the bridge: no leftovers.

It also shows whether the plugins can make an interface of any name.
"""

from contextlib import suppress

from podpath.cni.network import Network
from podpath.contract import links, subjects
from podpath.contract.attachments import attached
from podpath.contract.runtime import Runtime
from podpath.errors import DoesNotConform
from podpath.model import POD_INTERFACE


def made(runtime: Runtime, network: Network) -> None:
    """Attach and detach a container; let all others have eth0 if no other name succeeds.

    A plugin that is unable to use CNI_IFNAME must return an error (CNI specification 1.1.0,
    section 2, Parameters), so that pods get their eth0 all the same.

    Args:
        runtime: caller of the plugins; its interface and links that stay are set.
        network: the configuration, and how its plugin wires pods.

    Raises:
        DoesNotConform: ADD fails, or makes no interface, for eth0 as well.
    """
    try:
        _attach(runtime, network)
    except DoesNotConform:
        usual, runtime.interface = runtime.interface, POD_INTERFACE
        with suppress(DoesNotConform):
            _attach(runtime, network)
            return
        runtime.interface = usual
        raise


def _attach(runtime: Runtime, network: Network) -> None:
    chain, version = subjects.of(network.conflist)[0], network.conflist.contract_version
    with attached(runtime, chain, version) as first:
        first.require_added(first.add())
        if not links.links(runtime.node, first.name).keys() - {"lo"}:
            raise DoesNotConform("ADD succeeded, and made no interface in the container")
        first.detach()
        runtime.leaves_links = first.has_link()
    runtime.own_links = frozenset(links.links(runtime.node))
