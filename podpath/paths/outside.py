"""Find the node's and the pods' way to the outside in a topology. Pure."""

from podpath.model import ANYWHERE, Address, Family, Route, Topology


def address(topology: Topology, uplink: str, family: Family) -> Address | None:
    """Return the node's address on its uplink, which other hosts use; None if it has none."""
    link = topology.node.interface(uplink)
    held = [a.ip for a in (link.addresses if link else ()) if a.version == family.value]
    return next((a for a in held if not a.is_link_local), None)


def gateway(topology: Topology, family: Family) -> Address | None:
    """Return the gateway of the node's default route, a host beyond the node; None without one."""
    return next((r.gateway for r in topology.node.routes if _is_default(r, family)), None)


def has_way_out(topology: Topology, pod: str, family: Family) -> bool:
    """Return whether a pod has a default route."""
    return any(_is_default(route, family) for route in topology.of_pod(pod).routes)


def _is_default(route: Route, family: Family) -> bool:
    to = route.destination
    return to.prefixlen == 0 and to.network_address == ANYWHERE[family] and not route.elsewhere
