"""Read the tables of /proc (proc(5)). Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from podpath.model import Address

#: A local end of a socket: address and port. The unspecified address stands for all of them.
Endpoint = tuple[Address, int]

_WORD = 4


def endpoints(table: str) -> frozenset[Endpoint]:
    """The local ends of the sockets in a table of the kernel's (proc(5), /proc/net/tcp and others).

    An address is in hex, each 32-bit word of it in the byte order of the machine, which is
    little-endian on all that Kubernetes runs on but s390x. Lines that are none are left out.
    """
    found = set()
    for line in table.splitlines()[1:]:
        try:
            host, _, port = line.split()[1].partition(":")
            found.add((_address(bytes.fromhex(host)), int(port, 16)))
        except (ValueError, IndexError):
            continue
    return frozenset(found)


def _address(raw: bytes) -> Address:
    network = b"".join(raw[i : i + _WORD][::-1] for i in range(0, len(raw), _WORD))
    if len(network) == _WORD:
        return IPv4Address(network)
    address = IPv6Address(network)
    # one socket for both IP versions has IPv4 addresses as mapped ones
    return address.ipv4_mapped or address


def joined(tables: Iterable[str]) -> frozenset[Endpoint]:
    """The local ends of several tables."""
    return frozenset().union(*map(endpoints, tables))
