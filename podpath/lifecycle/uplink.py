"""The node's uplink before and after pods get their network."""

from podpath.errors import DoesNotConform
from podpath.model import Interface
from podpath.nodes.base import Node
from podpath.topology import reading

_TAKEN = "File exists"


def read(node: Node) -> Interface | None:
    """Return the interface of the node's default route; None if the node has none of its name."""
    return reading.read(node.network_namespace(), {}, []).node.interface(node.uplink)


def require_untouched(node: Node, before: Interface | None) -> None:
    """Require that the uplink is still the node's, and up.

    Raises:
        DoesNotConform: the plugin took it away, replaced it, or set it down.
    """
    if sentence := _fate(node, before):
        raise DoesNotConform(f"{sentence} after ADD", _advice(node.uplink))


def explain(node: Node, before: Interface | None, error: DoesNotConform) -> None:
    """Add to the error of a failed ADD what it did to the uplink, or how its name collided."""
    sentence = _fate(node, before)
    if sentence or (_TAKEN in error.output and node.uplink in error.output):
        reason = sentence or f"the node has an interface {node.uplink} already, its uplink"
        error.output = "\n".join(filter(None, [error.output, reason, _advice(node.uplink)]))


def _advice(uplink: str) -> str:
    return (
        f"A plugin that makes its link in the node's namespace must not name it {uplink} there,"
        " as real nodes have an interface of that name: give it another name, and rename it in"
        " the pod"
    )


def _fate(node: Node, before: Interface | None) -> str:
    """Describe what became of the uplink; empty if it is as before."""
    if before is None:
        return ""
    name = f"the node's uplink {before.name}"
    now = read(node)
    if now is not None and (now.index, now.mac) == (before.index, before.mac):
        return "" if now.up or not before.up else f"{name} is down"
    spaces = reading.read(node.network_namespace(), node.named_namespaces(), [])
    places = {"the node as": spaces.node} | {
        f"the pod's namespace {space} as": inside for space, inside in spaces.named.items()
    }
    for place, inside in places.items():
        for link in inside.interfaces:
            if link.mac == before.mac and link.kind == before.kind:
                return f"{name} is now in {place} {link.name}"
    return f"{name} is gone" if now is None else f"{name} is another interface"
