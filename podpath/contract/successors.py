"""Check that a late DEL of a pod's old container leaves the pod's next container as it is.

An attachment is a container id and an interface name (CNI specification 1.1.0, section 3); the
pod's name, which both containers have, is no key. Runtimes repeat DEL, and a pod may have its next
container by then.
"""

from contextlib import suppress
from ipaddress import ip_interface

from podpath.cni.network import Network
from podpath.contract import answers, siblings
from podpath.contract.attachments import Attachment
from podpath.contract.siblings import Differences
from podpath.errors import CouldNotTest
from podpath.nodes import inventory, leases


def kept(
    old: Attachment, new: Attachment, network: Network, *, deleted: bool
) -> Differences | None:
    """Call DEL of the old container once the next one is attached; list what that one lost.

    Args:
        old: a container, ready for ADD.
        new: another one, which becomes the next container of the same pod.
        network: the configuration, and how its plugin wires pods.
        deleted: True if the old one had a DEL before, so that the next one may have its address.

    Returns:
        The differences; None if the network has no room for the next one.

    Raises:
        DoesNotConform: a call for the old container failed, or a plugin does not end in time.
    """
    node = old.runtime.node
    new.pod = old.pod
    old.attach()
    if deleted:
        answers.require_success(old.delete())
        _give_again(old, network)
    alone = inventory.read(node, network)
    if answers.succeeded(new.add()):
        return None
    is_sound = not siblings.checked(new, network)  # else CNI-CHECK reports it
    both = inventory.read(node, network)
    before = siblings.state_of(new, network)

    differences = answers.succeeded(old.delete())

    now = inventory.read(node, network)
    differences += siblings.lost(now, both, siblings.own(both, alone))
    kept = siblings.state_of(new, network)
    differences += siblings.changes(before, kept, "DEL of the pod's old container")
    return differences + (siblings.checked(new, network) if is_sound else [])


def _give_again(old: Attachment, network: Network) -> None:
    """Lead IPAM to give the addresses of the old container next, where podpath knows how."""
    for entry in old.addresses:
        with suppress(CouldNotTest, ValueError):
            address = ip_interface(str(entry["address"])).ip
            leases.store(network).rewind(old.runtime.node, address)
