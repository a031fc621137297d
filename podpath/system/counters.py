"""Parsers of the kernel's counters in /proc/net, by the names that nstat(8) gives them. Pure."""

import re
from collections.abc import Collection, Iterator

from podpath.system import proc

#: Counters of one IP version alone; those of TCP, links and connection tracking are of both.
_OF_VERSIONS = {
    4: re.compile(r"(Ip|IpExt|Icmp|IcmpMsg|Udp|UdpLite)(?=[A-Z])"),
    6: re.compile(r"(Ip|Icmp|Udp|UdpLite)6"),
}

#: Columns of /proc/net/dev that count frames that a link lost.
_LINK_LOSSES = {
    "rx_errors": 2,
    "rx_dropped": 3,
    "rx_overrun": 4,
    "tx_errors": 10,
    "tx_dropped": 11,
    "tx_carrier": 14,
}
_LINK_COLUMNS = 16


def of_protocols(table: str) -> dict[str, int]:
    """Read /proc/net/snmp or netstat: "UdpInCsumErrors" -> number."""
    names = dict.fromkeys(line.partition(":")[0] for line in table.splitlines())
    return {f"{p}{name}": n for p in names for name, n in proc.counters(table, p).items()}


def of_ipv6(table: str) -> dict[str, int]:
    """Read /proc/net/snmp6: "Udp6InCsumErrors" -> number."""
    return proc.counters6(table, "")


def of_links(table: str) -> dict[str, int]:
    """Read the frames that links lost, of /proc/net/dev: "eth0 rx_dropped" -> number."""
    return dict(_of_links(table))


def concerns(name: str, versions: Collection[int]) -> bool:
    """Return whether a counter may count packets of one of the IP versions."""
    own = [version for version, names in _OF_VERSIONS.items() if names.match(name)]
    return not own or not versions or own[0] in versions


def _of_links(table: str) -> Iterator[tuple[str, int]]:
    for line in table.split("\n")[2:]:
        name, _, text = line.rpartition(":")
        numbers = text.split()
        if len(numbers) == _LINK_COLUMNS and all(map(str.isdecimal, numbers)):
            for loss, column in _LINK_LOSSES.items():
                yield f"{name.lstrip(' ')} {loss}", int(numbers[column])


def of_conntrack(table: str) -> dict[str, int]:
    """Read /proc/net/stat/nf_conntrack, summed over the CPUs: "conntrack drop" -> number."""
    lines = [line.split() for line in table.splitlines()]
    sums: dict[str, int] = {}
    for row in lines[1:]:
        for name, number in zip(lines[0], row, strict=False):
            key = f"conntrack {name}"
            sums[key] = sums.get(key, 0) + int(number, 16)
    return sums
