"""Compare a plugin's result with the links that the kernel has."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podpath.contract.answers import entries
from podpath.errors import CouldNotTest
from podpath.model import Difference, listed
from podpath.nodes.base import Node

Differences = list[Difference]


@dataclass(frozen=True, slots=True)
class Link:
    """One interface of the kernel.

    Attributes:
        mac: its MAC address.
        addresses: its addresses with their prefix lengths.
        unusable: those that wait for duplicate address detection, or failed it (RFC 4862).
    """

    mac: str
    addresses: tuple[str, ...]
    unusable: tuple[str, ...] = ()


def links(node: Node, netns: str = "") -> dict[str, Link]:
    """List the interfaces of a named namespace of the node, or of the node itself: name -> link.

    Raises:
        CouldNotTest: they cannot be listed.
    """
    inside = ["-n", netns] if netns else []
    done = node.run(["ip", "-json", *inside, "address", "show"])
    if done.returncode != 0:
        raise CouldNotTest(f"the links of {netns or 'the node'}: {done.stderr.strip()}")
    found = {}
    for one in json.loads(done.stdout or "[]"):
        held = [a for a in one.get("addr_info", []) if "local" in a]
        # a link gets its own link-local address later, by itself
        late = [a for a in held if a["scope"] == "global" and _undecided(a)]
        texts = (tuple(f"{a['local']}/{a['prefixlen']}" for a in some) for some in (held, late))
        found[one["ifname"]] = Link(one.get("address", ""), *texts)
    return found


@dataclass(frozen=True, slots=True)
class Sight:
    """State of an attachment after ADD: the result, and the links of the kernel.

    Attributes:
        result: result of the last plugin.
        interface: CNI_IFNAME of the calls.
        netns: CNI_NETNS of the calls.
        inside: links of the container's namespace, by name.
        outside: links of the node, by name.
    """

    result: Mapping[str, Any]
    interface: str
    netns: str
    inside: Mapping[str, Link]
    outside: Mapping[str, Link]


def differences(sight: Sight) -> Differences:
    """Check that the result names CNI_IFNAME in CNI_NETNS, and that the kernel has all it names."""
    interfaces = entries(sight.result, "interfaces", "name")
    named = [i["name"] for i in interfaces if i.get("sandbox")]
    found = []
    if sight.interface not in named:
        where = "interfaces of the result that have a sandbox"
        found.append(Difference("result", where, sight.interface, listed(named)))
    for one in interfaces:
        found += _interface(sight, one)
    for number, one in enumerate(entries(sight.result, "ips", "address")):
        found += _address(sight, interfaces, number, one)
    return found


def unusable(sight: Sight, bridge: str) -> Differences:
    """List the IPv6 addresses of the result's interfaces that are tentative, or duplicates.

    The bridge is left out: it belongs to no container, and its address comes from the first ADD.
    """
    seen = "tentative, or a duplicate: its detection was not waited for"
    found = []
    of_container = (i for i in entries(sight.result, "interfaces", "name") if i["name"] != bridge)
    for one in of_container:
        present = (sight.inside if one.get("sandbox") else sight.outside).get(one["name"])
        where = f"interface {one['name']} of the {'container' if one.get('sandbox') else 'node'}"
        found += [
            Difference("address", where, f"{address} can be used", seen)
            for address in (present.unusable if present else ())
        ]
    return found


def changes(before: Mapping[str, Link], after: Mapping[str, Link]) -> Differences:
    """List the differences between the links of a namespace before and after."""
    return [
        Difference("changed", f"link {name}", str(before.get(name)), str(after.get(name)))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _interface(sight: Sight, one: Mapping[str, Any]) -> Differences:
    name, sandbox = one["name"], one.get("sandbox")
    where = f"interface {name} of the result"
    if sandbox and sandbox != sight.netns:
        return [Difference("sandbox", where, sight.netns, sandbox)]
    present = sight.inside if sandbox else sight.outside
    if name not in present:
        place = "the container" if sandbox else "the node"
        return [Difference("result", where, f"a link in {place}", f"only {listed(present)}")]
    mac = str(one.get("mac") or "").lower()
    if mac and mac != present[name].mac:
        return [Difference("MAC address", where, present[name].mac, mac)]
    return []


def _address(
    sight: Sight, interfaces: list[Mapping[str, Any]], number: int, one: Mapping[str, Any]
) -> Differences:
    where = f"ips[{number}] of the result"
    index = one.get("interface")
    if not isinstance(index, int) or not 0 <= index < len(interfaces):
        wanted = f"an index into {len(interfaces)} interfaces"
        return [Difference("interface", where, wanted, str(index))]
    of = interfaces[index]
    present = (sight.inside if of.get("sandbox") else sight.outside).get(of["name"])
    if present and one["address"] not in present.addresses:
        seen = listed(present.addresses)
        return [Difference("address", where, f"{one['address']} on {of['name']}", seen)]
    return []


def _undecided(address: Mapping[str, Any]) -> bool:
    """Return whether duplicate address detection is not done, or has failed (RFC 4862, 5.4)."""
    return bool(address.get("tentative") or address.get("dadfailed"))
