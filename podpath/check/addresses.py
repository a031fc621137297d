"""Mistakes in the addresses and routes of an "ipam" section. Pure.

Each was seen to fail ADD with the reference plugins 1.1.1 and 1.9.1.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from podpath.check.findings import Finding
from podpath.check.sections import Section
from podpath.cni import ipam, reference, versions
from podpath.cni.fields import Malformed
from podpath.cni.ipam import Ipam, Range
from podpath.cni.routes import ConfiguredRoute
from podpath.model import Address


def incomplete(section: Section) -> str:
    """Return why the ranges are not in the file; empty if they are, or if none are needed."""
    data = section.ipam
    if data.get("type") != ipam.HOST_LOCAL or section.is_delegate:
        return ""
    if not is_stated(section) or data.get("ranges") or data.get("subnet"):
        return ""
    capabilities = section.data.get("capabilities")
    if isinstance(capabilities, dict) and capabilities.get("ipRanges"):
        return ""
    return (
        '"host-local" has no "ranges" and no "subnet": ADD fails, unless a program on the node'
        " writes them into the file"
    )


def is_stated(section: Section) -> bool:
    """Return whether the plugin passes its "ipam" on as the file has it."""
    return section.plugin in reference.plugins()


def check(section: Section, version: str) -> Iterator[Finding]:
    """Yield the findings of the addresses that a plugin's section gives pods.

    Args:
        section: section of the plugin that makes the pods' interface.
        version: CNI version of the configuration.
    """
    data = section.ipam
    if data.get("type") == "static":
        yield from _static(section)
    if data.get("type") != ipam.HOST_LOCAL or not (data.get("ranges") or data.get("subnet")):
        return
    word = ipam.placeholder(data)
    if word and not is_stated(section):
        text = f'"{section.plugin}" has to replace "{word}" by a network of the node'
        yield section.note(text, "ipam", _key(data))
        return
    yield from _directory(section)
    try:
        read = parsed(data)
    except Malformed as error:
        yield section.wrong(str(error), "ipam", _key(data), remedy=_network(str(error)))
        return
    yield from _used_up(section, read)
    yield from _several(section, read, version)
    yield from _reachable(section, read)
    yield from _several_gateways(section, read)
    yield from _hidden_ranges(section, read)
    for number, route in enumerate(data.get("routes") or ()):
        yield from _host_bits(section, number, route["dst"])


def parsed(data: Mapping[str, Any]) -> Ipam:
    """Read an "ipam" section, whatever its directory of leases is.

    Raises:
        Malformed: it breaks the format.
    """
    return Ipam.parse({key: data[key] for key in data if key != "dataDir"}, "network")


def _network(error: str) -> str:
    """Return the remedy for a network whose text has bits beyond its prefix; empty for others."""
    match = re.search(r"(\S+) has host bits set", error)
    return f"Write {ipaddress.ip_network(match[1], strict=False)}" if match else ""


def _directory(section: Section) -> Iterator[Finding]:
    """Yield a note if the directory of leases depends on where the runtime runs."""
    directory = section.ipam.get("dataDir")
    if isinstance(directory, str) and directory and not directory.startswith("/"):
        text = f'"dataDir" is relative, {directory!r}: leases are where the runtime runs'
        yield section.note(text, "ipam", "dataDir", remedy="Write an absolute path")


def _key(data: Mapping[str, Any]) -> str:
    return "ranges" if "ranges" in data else "subnet"


def _static(section: Section) -> Iterator[Finding]:
    """Yield the mistakes of the IPAM plugin static: each address has its prefix length."""
    addresses = section.ipam.get("addresses") or ()
    for number, entry in enumerate(addresses if isinstance(addresses, list) else ()):
        text = entry.get("address") if isinstance(entry, dict) else None
        way = ("ipam", "addresses", number, "address")
        try:
            ipaddress.ip_interface(text or "")
        except ValueError as error:
            yield section.wrong(f'"static" refuses the address: {error}', *way)
        else:
            if "/" not in str(text):
                yield section.wrong(
                    f'"static" refuses the address {text} without a prefix length',
                    *way,
                    remedy=f'Write "{text}/24", or the length of your network',
                )


def _used_up(section: Section, read: Ipam) -> Iterator[Finding]:
    """Yield a mistake for each set of ranges that has no address for a pod."""
    for alternatives in read.sets:
        if not any(addresses.usable for addresses in alternatives):
            yield section.wrong(
                f"{', '.join(map(str, alternatives))} has no address but the gateway's, so ADD"
                " fails",
                "ipam",
                _key(section.ipam),
                remedy='Write another "gateway", or a larger range',
            )


def _several(section: Section, read: Ipam, version: str) -> Iterator[Finding]:
    """Yield a mistake if the CNI version allows fewer addresses than there are sets of ranges."""
    since = versions.since(versions.SEVERAL_SINCE)
    is_early = version in versions.VERSIONS and version not in since
    for family in read.several if is_early else ():
        yield section.wrong(
            f"CNI {version} knows one IPv{family.value} address a pod, and each set of ranges gives"
            " one, so ADD fails",
            "ipam",
            "ranges",
            remedy=f'Set "cniVersion" to {versions.SEVERAL_SINCE} or later',
        )


def _several_gateways(section: Section, read: Ipam) -> Iterator[Finding]:
    """Yield a mistake if a bridge is to hold more IPv4 gateways than the one that it can."""
    if section.plugin == "bridge" and _is_gateway(section) and (several := read.excess_gateways):
        yield section.wrong(
            f"a bridge holds one IPv4 gateway, and the ranges have {', '.join(map(str, several))},"
            " so that ADD fails with an address of another range",
            *("ipam", _key(section.ipam)),
            remedy="Write ranges of one subnet",
        )


def _is_gateway(section: Section) -> bool:
    return section.data.get("isGateway") is True or section.data.get("isDefaultGateway") is True


def _hidden_ranges(section: Section, read: Ipam) -> Iterator[Finding]:
    """Yield a mistake if "ipMasq" hides pods of a set of ranges from each other."""
    routes = section.plugin == "ptp" or (section.plugin == "bridge" and _is_gateway(section))
    is_refused = section.plugin == "bridge" and bool(read.excess_gateways)
    if routes and section.data.get("ipMasq") is True and read.mixed and not is_refused:
        subnets = ", ".join(map(str, read.mixed))
        yield section.wrong(
            f'"ipMasq" masquerades what pods of one of {subnets} send to'
            " pods of another, which see the node's address",
            *("ipam", _key(section.ipam)),
            remedy='Write ranges of one subnet, or leave "ipMasq" out',
        )


def _reachable(section: Section, read: Ipam) -> Iterator[Finding]:
    """Yield a mistake for each gateway that the kernel accepts in no route of a pod."""
    uses_gateway = section.data.get("isDefaultGateway") is True or any(
        route.gateway is None and not route.on_link for route in read.routes
    )
    for addresses in read.ranges if section.plugin in ("bridge", "ptp") else ():
        gateway = addresses.gateway
        if gateway is None or gateway.version != addresses.subnet.version:
            continue
        place = "ipam", _key(section.ipam)
        if gateway.version == 4 and gateway == addresses.subnet.broadcast_address:
            yield section.wrong(
                f"the gateway {gateway} is the broadcast address of {addresses.subnet}", *place
            )
        elif gateway not in addresses.subnet and uses_gateway and not _is_lent(section, gateway):
            yield section.wrong(
                f"the gateway {gateway} is outside of {addresses.subnet}, so the kernel refuses the"
                " pods' route by it, and ADD fails",
                *place,
            )
    yield from _double_default(section, read)


def _is_lent(section: Section, gateway: Address) -> bool:
    """Return whether a gateway outside of the subnet may still be on the pods' link."""
    return gateway.is_link_local and (gateway.version == 6 or section.plugin == "ptp")


def _double_default(section: Section, read: Ipam) -> Iterator[Finding]:
    """Yield a mistake if a pod gets its default route twice (bridge.go, calcGateways)."""
    if section.plugin != "bridge" or section.data.get("isDefaultGateway") is not True:
        return
    for number, route in enumerate(read.routes):
        has_range = any(r.subnet.version == route.destination.version for r in read.ranges)
        if route.destination.prefixlen == 0 and route.is_plain and has_range:
            yield section.wrong(
                f'"isDefaultGateway" adds the default route that "routes" has, too: the second one'
                f" to {route.destination} fails ADD",
                *("ipam", "routes", number),
                remedy='Leave the route out, or write "isGateway" in place of "isDefaultGateway"',
            )


def _host_bits(section: Section, number: int, destination: str) -> Iterator[Finding]:
    """Yield a mistake if an IPv4 route has bits beyond its prefix, which the kernel refuses."""
    network = ipaddress.ip_interface(destination).network
    written = destination.partition("/")[0]
    if network.version == 4 and ipaddress.ip_address(written) != network.network_address:
        yield section.wrong(
            f"the kernel refuses a route to {destination}, which has bits beyond its prefix",
            *("ipam", "routes", number),
            remedy=f"Write {network}",
        )


def default_routes(section: Section, read: Ipam) -> Iterator[Finding]:
    """Yield a note for pods whose packets to beyond their own network have no route."""
    destinations = {route.destination for route in read.routes}
    if section.plugin not in ("bridge", "macvlan") or not read.is_stated:
        return
    adds = section.data.get("isDefaultGateway") is True
    for family in read.families if not adds else ():
        if not any(d.version == family.value and d.prefixlen == 0 for d in destinations):
            yield section.note(
                f"pods have no IPv{family.value} default route: they reach their own network and"
                " the configured routes alone",
                "ipam",
            )
    if section.plugin == "bridge" and not _is_gateway(section) and _by_gateway(read.routes):
        gateways = ", ".join(str(r.gateway) for r in _with_gateway(read.ranges))
        yield section.note(
            f'without "isGateway" the node does not hold the gateway {gateways}: another machine on'
            " the bridge must",
            "ipam",
            "routes",
        )


def _by_gateway(routes: tuple[ConfiguredRoute, ...]) -> bool:
    return any(route.gateway is None and not route.on_link for route in routes)


def _with_gateway(ranges: tuple[Range, ...]) -> Iterator[Range]:
    return (r for r in ranges if r.gateway is not None)
