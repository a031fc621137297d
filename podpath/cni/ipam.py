"""The IPAM section of a conflist: the addresses and routes that it gives pods. Pure.

Format: documentation of host-local, a reference plugin. Each other IPAM plugin has keys of its own,
so podpath takes the addresses that it gives from the pods.
"""

import ipaddress
import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_interface
from typing import Any

from podpath.cni import routes
from podpath.cni.fields import Malformed, plugin_type, text, typed
from podpath.cni.routes import ConfiguredRoute
from podpath.errors import CouldNotTest
from podpath.model import Address, AddressWithPrefix, Family, Subnet

#: IPAM plugin whose section podpath reads.
HOST_LOCAL = "host-local"
#: IPAM plugin that gives its routes a metric.
DHCP = "dhcp"
#: IPAM plugin that gives every pod the same addresses.
STATIC = "static"

#: Addresses of the smallest network whose first and last address are no host's.
_SMALLEST = 4

_LEASES = "/var/lib/cni/networks"
_WORD = re.compile(r"[A-Za-z]\w*")


@dataclass(frozen=True, slots=True)
class Range:
    """One range of addresses that IPAM hands out.

    Attributes:
        subnet: network of the addresses.
        first: first address, included.
        last: last address, included.
        gateway: gateway of the range, which is never handed out; it may be outside of the subnet.
            None without one.
    """

    subnet: Subnet
    first: Address
    last: Address
    gateway: Address | None

    @classmethod
    def around(cls, address: AddressWithPrefix, gateway: Address | None) -> "Range":
        """Return the range of all hosts of an address's network."""
        subnet = address.network
        if subnet.num_addresses < _SMALLEST:
            return cls(subnet, subnet[0], subnet[-1], gateway)
        return cls(subnet, subnet[1], subnet[-2], gateway)

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    def __contains__(self, address: Address) -> bool:
        same = address.version == self.first.version
        return same and int(self.first) <= int(address) <= int(self.last)

    @property
    def usable(self) -> int:
        """Number of pods that the range has addresses for."""
        gateways = 1 if self.gateway is not None and self.gateway in self else 0
        return int(self.last) - int(self.first) + 1 - gateways


@dataclass(frozen=True, slots=True)
class Ipam:
    """The IPAM section of a conflist.

    Attributes:
        plugin: type of the IPAM plugin; empty if the main plugin has an IPAM of its own.
        sets: sets of ranges, in the document's order; a pod gets one address of each set. Empty if
            the conflist states none.
        routes: routes that pods get.
        lease_directory: directory of host-local's leases on the node.
        metric: metric of the routes that state none, the key "priority" of the plugin dhcp; 0 for
            the kernel's choice.
        is_stated: True if the conflist states the ranges; False if pods have shown them, or will.
    """

    plugin: str
    sets: tuple[tuple[Range, ...], ...]
    routes: tuple[ConfiguredRoute, ...]
    lease_directory: str
    is_stated: bool = True
    metric: int = 0

    @classmethod
    def parse(cls, section: Mapping[str, Any], network: str) -> "Ipam":
        """Read the IPAM section of a conflist.

        Args:
            section: value of the key "ipam".
            network: name of the conflist, after which host-local names its directory.

        Raises:
            Malformed: the section breaks the format; the text gives the reason.
        """
        unstated = cls.unstated(section, network)
        if unstated.plugin != HOST_LOCAL:
            return unstated
        return replace(unstated, sets=_sets(section), routes=routes.of(section), is_stated=True)

    @classmethod
    def unstated(cls, section: Mapping[str, Any], network: str) -> "Ipam":
        """Read an IPAM section that does not state the ranges; for the arguments see parse.

        Raises:
            Malformed: the section breaks the format; the text gives the reason.
        """
        directory = text(section, "dataDir") or _LEASES
        plugin = plugin_type(section)
        if plugin == HOST_LOCAL and not directory.startswith("/"):
            raise Malformed(f'"dataDir" must be an absolute path: {directory!r}')
        metric = typed(section, "priority", int, 0) if plugin == DHCP else 0
        leases = f"{directory}/{network}"
        return cls(plugin, (), (), leases, is_stated=False, metric=metric)

    @property
    def ranges(self) -> tuple[Range, ...]:
        """Ranges of addresses of all sets, in the document's order."""
        return tuple(r for alternatives in self.sets for r in alternatives)

    @property
    def families(self) -> tuple[Family, ...]:
        """IP versions of the addresses that pods get, IPv4 first; all without any range."""
        if not self.ranges:
            return tuple(Family)
        versions = {r.subnet.version for r in self.ranges}
        return tuple(f for f in Family if f.value in versions)

    def ranges_of(self, family: Family) -> tuple[Range, ...]:
        """Return the ranges of one IP version."""
        return tuple(r for r in self.ranges if r.subnet.version == family.value)

    def sets_of(self, family: Family) -> tuple[tuple[Range, ...], ...]:
        """Return the sets of ranges of one IP version."""
        return tuple(s for s in self.sets if s[0].subnet.version == family.value)

    def gateways_of(self, family: Family) -> tuple[AddressWithPrefix, ...]:
        """Return the different gateways of one IP version, with their ranges' prefix lengths."""
        ranges = (r for r in self.ranges_of(family) if r.gateway is not None)
        held = (ip_interface(f"{r.gateway}/{r.subnet.prefixlen}") for r in ranges)
        return tuple(dict.fromkeys(held))

    @property
    def mixed(self) -> tuple[Subnet, ...]:
        """Subnets of the first set of ranges with several: pods get an address of any of them."""
        of_sets = (tuple(dict.fromkeys(r.subnet for r in some)) for some in self.sets)
        return next((subnets for subnets in of_sets if len(subnets) > 1), ())

    @property
    def excess_gateways(self) -> tuple[AddressWithPrefix, ...]:
        """IPv4 gateways that one bridge cannot hold together; empty if it can.

        It has one IPv4 address: ADD with another gateway fails, and with "forceAddress" takes the
        one before from the bridge (plugins/main/bridge/bridge.go, ensureAddr).
        """
        gateways = self.gateways_of(Family.IPV4)
        return gateways if len(gateways) > 1 else ()

    @property
    def several(self) -> tuple[Family, ...]:
        """IP versions of which a pod gets several addresses."""
        return tuple(f for f in Family if len(self.sets_of(f)) > 1)

    def range_of(self, address: Address) -> Range | None:
        """Return the first range that holds an address.

        Where pods have shown the ranges, another pod may be on another network. Its prefix length
        and its gateway are then those of the first range of the IP version.
        """
        stated = next((r for r in self.ranges if address in r), None)
        if stated is not None or self.is_stated:
            return stated
        alike = next((r for r in self.ranges if r.subnet.version == address.version), None)
        if alike is None:
            return None
        return Range.around(ip_interface(f"{address}/{alike.subnet.prefixlen}"), alike.gateway)

    def subnets(self, addresses: Iterable[Address]) -> frozenset[Subnet]:
        """Return the networks of all ranges, and of the ranges that hold the addresses."""
        held = map(self.range_of, addresses)
        return frozenset(r.subnet for r in (*self.ranges, *held) if r is not None)

    def with_gateways(self, gateway: Callable[[Family], Address | None]) -> "Ipam":
        """Return the section with other gateways.

        Args:
            gateway: function from an IP version to its gateway; None leaves the ranges' own.
        """
        sets = tuple(
            tuple(replace(r, gateway=gateway(Family(r.subnet.version)) or r.gateway) for r in some)
            for some in self.sets
        )
        return replace(self, sets=sets)

    def gateway(self, family: Family) -> Address:
        """Return the gateway of a family's first range.

        Raises:
            LookupError: the family has no range.
            CouldNotTest: its range has no gateway.
        """
        for candidate in self.ranges_of(family):
            if candidate.gateway is not None:
                return candidate.gateway
            raise CouldNotTest(
                f"no result and no route of a pod names an IPv{family.value} gateway"
            )
        raise LookupError(f"the conflist has no IPv{family.value} range")


def names_networks(section: Mapping[str, Any]) -> bool:
    """Return whether an "ipam" section has networks, each of them written as one.

    A plugin may add them, or put the node's own in the place of a word such as usePodCidr, before
    it calls host-local.
    """
    return bool(section.get("ranges") or section.get("subnet")) and not placeholder(section)


def placeholder(section: Mapping[str, Any]) -> str:
    """Return the word in place of a network, such as usePodCidr; empty if there is none."""
    ranges = section.get("ranges")
    sets = [some for some in ranges if isinstance(some, list)] if isinstance(ranges, list) else []
    given = [section, *(entry for some in sets for entry in some if isinstance(entry, dict))]
    subnets = (str(entry.get("subnet", "")) for entry in given)
    return next((s for s in subnets if _WORD.fullmatch(s)), "")


def _sets(section: Mapping[str, Any]) -> tuple[tuple[Range, ...], ...]:
    """Read the sets of ranges; a "subnet" of the section itself is the first set."""
    sets: list[tuple[Range, ...]] = [(_range(section),)] if "subnet" in section else []
    for alternatives in typed(section, "ranges", list, []):
        if not isinstance(alternatives, list):
            raise Malformed('"ranges" must be a list of lists of ranges')
        sets.append(_set(alternatives))
    if not sets:
        raise Malformed(
            'the "ipam" section has no "ranges" and no "subnet"; if a program on the node writes'
            " them, test the file that it has written"
        )
    _check_overlaps([r for alternatives in sets for r in alternatives])
    return tuple(sets)


def _set(sections: Sequence[object]) -> tuple[Range, ...]:
    """Read the ranges of one set, which have one IP version."""
    ranges = []
    for section in sections:
        if not isinstance(section, dict) or "subnet" not in section:
            raise Malformed('each range must be an object with a "subnet"')
        ranges.append(_range(section))
    if not ranges:
        raise Malformed("each set of ranges must have a range")
    if len({r.subnet.version for r in ranges}) > 1:
        raise Malformed("the ranges of one set must have the same IP version")
    return tuple(ranges)


def _check_overlaps(ranges: Sequence[Range]) -> None:
    """Check that no two ranges share addresses, as host-local does."""
    for one, other in itertools.combinations(ranges, 2):
        if one.first in other or other.first in one:
            raise Malformed(f"the ranges {one} and {other} overlap")


def _range(section: Mapping[str, Any]) -> Range:
    try:
        subnet = ipaddress.ip_network(text(section, "subnet"))
        last = int(subnet.broadcast_address) - (1 if subnet.version == 4 else 0)
        gateway = ipaddress.ip_address(text(section, "gateway") or subnet[1])
        addresses = Range(
            subnet,
            ipaddress.ip_address(text(section, "rangeStart") or subnet[1]),
            ipaddress.ip_address(text(section, "rangeEnd") or type(subnet[0])(last)),
            gateway,
        )
        if any(a not in subnet for a in (addresses.first, addresses.last)):
            raise ValueError("its first and last address must be in its subnet")
        if gateway.version != subnet.version:
            raise ValueError("its gateway has another IP version")
        if int(addresses.first) > int(addresses.last):
            raise ValueError("it ends before it begins")
        return addresses
    except (ValueError, IndexError) as error:
        raise Malformed(f"range {json.dumps(section)[:120]}: {error}") from None
