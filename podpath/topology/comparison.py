"""Compare values of the wiring, and write down the differences. Pure."""

from collections.abc import Mapping

from podpath.model import (
    POD_INTERFACE,
    Address,
    AddressWithPrefix,
    Difference,
    Family,
    Interface,
    Topology,
)

Differences = list[Difference]


def unequal(where: str, settings: Mapping[str, tuple[str, str]]) -> Differences:
    """Return a difference for each setting whose expected and seen values differ.

    Args:
        where: The place of the settings.
        settings: Name of a setting -> expected value, seen value.
    """
    return [
        Difference(kind, where, expected, seen)
        for kind, (expected, seen) in settings.items()
        if expected != seen
    ]


def shared(kind: str, values: Mapping[str, object]) -> Differences:
    """Return a difference for each value that more than one owner has.

    Args:
        kind: The kind of difference.
        values: Owner -> value.
    """
    owners: dict[object, list[str]] = {}
    for owner, value in values.items():
        owners.setdefault(value, []).append(owner)
    return [
        Difference(kind, " and ".join(names), "one each", f"{value} for both")
        for value, names in owners.items()
        if len(names) > 1
    ]


def switch(value: bool) -> str:
    """Return a switch as ip(8) prints it: on or off."""
    return "on" if value else "off"


def of_family(link: Interface, family: Family) -> list[AddressWithPrefix]:
    """Return the addresses of one IP version, without IPv6's link-local ones."""
    return [
        a
        for a in link.addresses
        if a.version == family.value and not (family is Family.IPV6 and a.ip.is_link_local)
    ]


def no_host_end(pod: str) -> Difference:
    """Return the difference for a pod whose eth0 has no peer in the node."""
    return Difference("peer", f"pod {pod} {POD_INTERFACE}", "an interface of the node", "none")


def limited(topology: Topology, pod: str) -> list[str]:
    """List the addresses of a pod's eth0 that by their scope are not for packets to elsewhere."""
    link = topology.of_pod(pod).interface(POD_INTERFACE)
    return [limit for limit in (link.limited if link else ()) if " scope " in limit]


def unheld(topology: Topology, pod: str) -> list[Address]:
    """List the addresses that the runtime has of a pod, and that its eth0 has not."""
    link = topology.of_pod(pod).interface(POD_INTERFACE)
    held = {a.ip for a in link.addresses} if link else set()
    return [a for a in topology.pods[pod].addresses if link and a not in held]
