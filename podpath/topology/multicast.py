"""Check the multicast groups of a bridge: neighbour solicitations must reach the pods' ports.

A bridge with snooping sends multicast to the ports that have asked for the group alone, once there
is a querier in the network (net/bridge/br_input.c, br_multicast_querier_exists). Without one it
floods. An IPv6 neighbour is asked for by its solicited-node group (RFC 4291, section 2.7.1). Pure.
"""

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from podpath.errors import CouldNotTest
from podpath.model import NODE, Difference, Topology
from podpath.topology.comparison import Differences, no_host_end

_SOLICITED = int(ipaddress.IPv6Address("ff02::1:ff00:0"))
_LAST_BITS = 0xFFFFFF


@dataclass(frozen=True, slots=True)
class Groups:
    """The multicast groups of a bridge.

    Attributes:
        in_force: True if the bridge sends multicast to the ports of the group alone.
        ports: group -> names of the ports that have asked for it.
        routers: names of the ports that get all multicast.
    """

    in_force: bool
    ports: Mapping[str, frozenset[str]]
    routers: frozenset[str] = frozenset()


def parse(link: str, groups: str) -> Groups:
    """Read the output of `ip -json -d link` and of `bridge -json mdb`.

    Raises:
        CouldNotTest: it has another format.
    """
    try:
        settings: Mapping[str, Any] = json.loads(link)[0]["linkinfo"]["info_data"]
        table: Mapping[str, Any] = (json.loads(groups or "[]") or [{}])[0]
        ports: dict[str, set[str]] = {}
        for entry in table.get("mdb", ()):
            ports.setdefault(str(entry["grp"]), set()).add(str(entry["port"]))
        routers = {str(r["port"]) for some in table.get("router", {}).values() for r in some}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise CouldNotTest(f"the bridge's multicast groups cannot be read: {error!r}") from None
    queried = settings.get("mcast_querier") or "mcast_querier_ipv6_addr" in settings
    return Groups(
        bool(settings.get("mcast_snooping")) and bool(queried),
        {group: frozenset(names) for group, names in ports.items()},
        frozenset(routers),
    )


def multicast(topology: Topology, groups: Groups, pod: str) -> Differences:
    """Check that the solicited-node groups of a pod's addresses are those of its port."""
    host = topology.host_end(pod)
    if host is None:
        return [no_host_end(pod)]
    if not groups.in_force or host.name in groups.routers:
        return []
    return [
        Difference(
            "multicast group",
            f"{NODE} {host.name} (pod {pod})",
            f"a port of {group}, in which {address} is solicited",
            f"the bridge sends it to {', '.join(sorted(ports)) or 'no port'} alone",
        )
        for address, group in solicited(topology.pods[pod].addresses)
        if host.name not in (ports := groups.ports.get(group, frozenset()))
    ]


def solicited(addresses: Iterable[object]) -> list[tuple[str, str]]:
    """Return each IPv6 address with its solicited-node group."""
    return [
        (str(address), str(ipaddress.IPv6Address(_SOLICITED | int(address) & _LAST_BITS)))
        for address in addresses
        if isinstance(address, ipaddress.IPv6Address)
    ]
