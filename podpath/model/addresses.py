"""Addresses and IP versions."""

from collections.abc import Iterable
from enum import Enum
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
)

Address = IPv4Address | IPv6Address
AddressWithPrefix = IPv4Interface | IPv6Interface
Subnet = IPv4Network | IPv6Network


def is_within(inner: Subnet, outer: Subnet) -> bool:
    """Return whether all addresses of a network are of another one, too."""
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def ip_addresses(texts: Iterable[str]) -> tuple[Address, ...]:
    """Parse IP addresses.

    Raises:
        ValueError: a text is no IP address.
    """
    return tuple(ip_address(text) for text in texts)


def canonical(text: str) -> str:
    """Return an address with its prefix length in its usual spelling; any other text as it is."""
    try:
        return str(ip_interface(text)) if "/" in text else text
    except ValueError:
        return text


class Family(Enum):
    """IP version; the value is its number."""

    IPV4 = 4
    IPV6 = 6

    @property
    def text(self) -> str:
        """Name of the IP version in sysctl and in names of tests: ipv4 or ipv6."""
        return self.name.lower()


#: The destination of a default route, without its prefix length.
ANYWHERE: dict[Family, Address] = {Family.IPV4: IPv4Address(0), Family.IPV6: IPv6Address(0)}
