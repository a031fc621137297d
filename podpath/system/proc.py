"""Parsers of the tables of /proc/net and /proc/PID (proc(5)). Pure.

Each takes the text of a table, and skips lines that it cannot read. The kernel writes no such
lines, but a node's /proc is not always the kernel's own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Self

#: A local end of a socket: address and port. The unspecified address stands for all addresses.
Endpoint = tuple[IPv4Address | IPv6Address, int]

#: States of a TCP socket (net/tcp_states.h).
ESTABLISHED, LISTEN = 0x01, 0x0A

_WORD = 4
_ADDRESS_DIGITS = (8, 32)
_ESCAPE = re.compile(r"\\([0-7]{3})")
_TENTATIVE, _FAILED = 0x40, 0x08  # linux/if_addr.h, IFA_F_TENTATIVE, IFA_F_DADFAILED
_EVERYWHERE = 0  # linux/rtnetlink.h, RT_SCOPE_UNIVERSE
_ENDED = "ZX"


@dataclass(frozen=True, slots=True)
class Socket:
    """A row of /proc/net/tcp, udp, raw, icmp, or of their IPv6 tables.

    Attributes:
        local: The socket's own end.
        remote: The other end, unspecified for a socket without one.
        state: The state, as TCP numbers states; other protocols use the same numbers.
    """

    local: Endpoint
    remote: Endpoint
    state: int


@dataclass(frozen=True, slots=True)
class Inet6Address:
    """A row of /proc/net/if_inet6.

    Attributes:
        interface: The name of the interface that has the address.
        address: The address.
        scope: The scope, as rtnetlink(7) numbers scopes; 0 is global.
        flags: IFA_F_* of linux/if_addr.h, those that fit in a byte.
    """

    interface: str
    address: IPv6Address
    scope: int
    flags: int

    @property
    def is_global(self) -> bool:
        """True if the address is neither link-local nor the loopback address."""
        return self.scope == _EVERYWHERE

    @property
    def is_tentative(self) -> bool:
        """True while the kernel looks for a duplicate of the address."""
        return self.flags & (_TENTATIVE | _FAILED) == _TENTATIVE


@dataclass(frozen=True, slots=True)
class Mount:
    """A row of /proc/PID/mountinfo.

    Attributes:
        device: Major and minor number, the same for all mounts of one file system.
        point: The path of the mount.
        kind: The type of the file system.
        options: The options of the file system, not of this mount.
    """

    device: str
    point: str
    kind: str
    options: tuple[str, ...]

    @classmethod
    def read(cls, line: str) -> Self:
        """Read one line.

        Raises:
            ValueError: The line has too few fields after the separator.
            IndexError: The line has too few fields before the separator.
        """
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        kind, _, options = after.split(" ", 2)
        return cls(fields[2], _unescaped(fields[4]), kind, tuple(options.split(",")))


def sockets(table: str) -> list[Socket]:
    """Read the sockets of /proc/net/tcp, udp, raw, icmp, or of their IPv6 tables."""
    rows = []
    for fields in _rows(table):
        try:
            rows.append(Socket(_endpoint(fields[1]), _endpoint(fields[2]), int(fields[3], 16)))
        except (ValueError, IndexError):
            continue
    return rows


def endpoints(tables: Iterable[str]) -> frozenset[Endpoint]:
    """Read the local ends of the sockets in several tables."""
    return frozenset(socket.local for table in tables for socket in sockets(table))


def _endpoint(text: str) -> Endpoint:
    """Read an address and a port in hex.

    Each 32-bit word of the address is in the byte order of the machine, which is little-endian on
    every machine that Kubernetes supports, except s390x.
    """
    host, _, port = text.partition(":")
    if len(host) not in _ADDRESS_DIGITS:
        raise ValueError(f"no address: {host}")
    raw = bytes.fromhex(host)
    network = b"".join(raw[i : i + _WORD][::-1] for i in range(0, len(raw), _WORD))
    if len(network) == _WORD:
        return IPv4Address(network), int(port, 16)
    address = IPv6Address(network)
    # a socket for both IP versions has IPv4 addresses as mapped ones
    return address.ipv4_mapped or address, int(port, 16)


def inet6_addresses(table: str) -> list[Inet6Address]:
    """Read the IPv6 addresses of /proc/net/if_inet6."""
    rows = []
    for line in _lines(table):
        try:
            fields = line.split(maxsplit=5)  # a name may have white space that is not ASCII
            address = IPv6Address(bytes.fromhex(fields[0]))
            scope, flags = int(fields[3], 16), int(fields[4], 16)
            rows.append(Inet6Address(fields[5], address, scope, flags))
        except (ValueError, IndexError):
            continue
    return rows


def interfaces(table: str) -> list[str]:
    """Read the names of the interfaces of /proc/net/dev."""
    return [line.partition(":")[0].lstrip(" ") for line in _lines(table)[2:]]


def default_route(table: str) -> str | None:
    """Read the interface of the IPv4 default route of /proc/net/route; None without such a route.

    The first of several default routes counts: it has the lowest metric.
    """
    defaults = (f for f in _rows(table) if len(f) > 7 and f[1] == f[7] == "00000000")
    return next((fields[0] for fields in defaults), None)


def counters(table: str, protocol: str) -> dict[str, int]:
    """Read the counters of a protocol of /proc/net/snmp: a line of names, a line of numbers.

    Args:
        table: The table.
        protocol: The protocol, as the lines begin: "Tcp".

    Returns:
        Name -> number; empty if the table does not count the protocol.
    """
    rows = [line.split()[1:] for line in _lines(table) if line.startswith(f"{protocol}:")]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        return {}
    return dict(_numbers(zip(*rows, strict=True)))


def counters6(table: str, protocol: str) -> dict[str, int]:
    """Read the counters of a protocol of /proc/net/snmp6: a name and a number a line.

    Args:
        table: The table.
        protocol: The protocol, as the names begin: "Udp6".

    Returns:
        Name without the protocol -> number.
    """
    rows = (line.split() for line in _lines(table) if line.startswith(protocol))
    named = ((fields[0].removeprefix(protocol), fields[1]) for fields in rows if len(fields) == 2)
    return dict(_numbers(named))


_CHECKSUM = "InCsumErrors"
#: Tables with counters of checksum errors, their protocols, and the reader of each table.
_CHECKSUMS = (
    ("snmp", ("Icmp", "Tcp", "Udp", "UdpLite"), counters),
    ("snmp6", ("Icmp6", "Udp6", "UdpLite6"), counters6),
    ("netstat", ("IpExt",), counters),
)


def checksum_errors(tables: Mapping[str, str]) -> dict[str, int]:
    """Read the counts of packets with a wrong checksum, which the kernel drops.

    TCP counts both IP versions in its IPv4 table.

    Args:
        tables: Name below /proc/net -> text: "snmp", "snmp6" and "netstat", as far as there are.

    Returns:
        Name of a counter, as nstat(8) prints it -> number: "UdpInCsumErrors".
    """
    counts: dict[str, int] = {}
    for table, protocols, read in _CHECKSUMS:
        lines = tables.get(table, "").split("\n")
        # of a hundred lines a few matter: those with the name, and in two tables each next one
        named = (n for n, line in enumerate(lines) if _CHECKSUM in line)
        text = "\n".join(line for n in named for line in lines[n : n + 2])
        for protocol in protocols:
            number = read(text, protocol).get(_CHECKSUM)
            counts |= {} if number is None else {f"{protocol}{_CHECKSUM}": number}
    return counts


def _numbers(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, int]]:
    """Yield the counters with a number; some are negative (snmp, Tcp: MaxConn)."""
    return ((name, int(number)) for name, number in rows if number.lstrip("-").isdecimal())


def dropped(table: str) -> int:
    """Sum the frames that the CPUs had no room for: second column of /proc/net/softnet_stat.

    Raises:
        ValueError: A line has no such column.
    """
    try:
        return sum(int(line.split()[1], 16) for line in _lines(table))
    except IndexError:
        raise ValueError("a line of softnet_stat has no second column") from None


def column(table: str, name: str) -> int:
    """Sum a column of hexadecimal numbers, one line for each CPU: /proc/net/stat/arp_cache.

    Args:
        table: The table, whose first line has the names.
        name: The name of the column.

    Raises:
        ValueError: The table has no such column, or a line has no number there.
    """
    names, *rows = [line.split() for line in _lines(table)] or [[]]
    place = names.index(name)
    try:
        return sum(int(row[place], 16) for row in rows)
    except IndexError:
        raise ValueError(f"a line has no column {name}") from None


def started(stat: str) -> str | None:
    """Read the start of a process, in clock ticks after the boot: /proc/PID/stat, field 22.

    Returns:
        The ticks; None for a process that ended, and whose parent has not waited for it yet.
    """
    # the second field, the program's name in parentheses, may contain any character
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in _ENDED else fields[19]


def parent(stat: str) -> int:
    """Return the parent's process id from /proc/PID/stat; 0 without one, or if it is not sound."""
    _, _, after_name = stat.rpartition(")")
    fields = after_name.split()
    return int(fields[1]) if len(fields) > 1 and fields[1].isdecimal() else 0


def mounts(table: str) -> list[Mount]:
    """Read the mounts of /proc/PID/mountinfo."""
    rows = []
    for line in _lines(table):
        try:
            rows.append(Mount.read(line))
        except (ValueError, IndexError):
            continue
    return rows


def strings(raw: bytes) -> list[bytes]:
    """Read the strings of /proc/PID/cmdline or environ, which each end with a zero byte."""
    return raw.removesuffix(b"\0").split(b"\0")


def _unescaped(text: str) -> str:
    """Read a field in which the kernel writes white space and backslashes in octal."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)


def _rows(table: str) -> Iterator[list[str]]:
    """Yield the fields of each line after the heading."""
    return map(str.split, _lines(table)[1:])


def _lines(table: str) -> list[str]:
    """List the lines; str.splitlines would end them at characters that names may have, too."""
    return [line for line in table.split("\n") if line]
