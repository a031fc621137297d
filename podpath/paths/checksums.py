"""Packets that a kernel dropped because their checksum is wrong.

A sniffer cannot decide it: with checksum offload, a packet on a veth has no checksum yet. The
kernel that receives the packet verifies it, after every interface has seen it, and counts failures.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from podpath.model import Difference
from podpath.paths.kinds import CHECKSUM
from podpath.system import netns, proc
from podpath.system.netlink.losses import Reading

#: Name of a namespace -> counter of checksum errors -> its value.
Counters = Mapping[str, Mapping[str, int]]

_TABLES = ("snmp", "snmp6", "netstat")
#: Protocol of packets -> beginning of the names of its counters.
_COUNTED_ALONE = {"tcp": "Tcp", "udp": "Udp", "icmp": "IcmpIn"}


def read(namespaces: Mapping[str, str]) -> Counters:
    """Read the counters of checksum errors of network namespaces.

    Args:
        namespaces: Name and path of each namespace.

    Raises:
        CouldNotTest: A namespace cannot be entered.
    """
    return dict(zip(namespaces, netns.run_in_each(namespaces.values(), _read), strict=True))


def of(readings: Mapping[str, Reading]) -> Counters:
    """Choose the counters of checksum errors among all that were read. Pure."""
    return {name: proc.checksum_errors(reading.tables) for name, reading in readings.items()}


def _read() -> dict[str, int]:
    return proc.checksum_errors({name: _text(name) for name in _TABLES})


def _text(name: str) -> str:
    """Return a table of this thread's namespace; empty if the kernel has none, as without IPv6."""
    try:
        return Path(f"/proc/thread-self/net/{name}").read_text()
    except OSError:
        return ""


def of_protocols(counters: Counters, protocols: Collection[str]) -> Counters:
    """Leave out counters of TCP, of UDP and of ICMP, if no packet of these was seen. Pure.

    A connection of an earlier test that was not ended sends its data again and again, and where ARP
    alone is watched, what follows it is another test's.

    Args:
        counters: The counters.
        protocols: The protocols of the packets that were seen, such as "tcp".
    """
    others = tuple(name for p, name in _COUNTED_ALONE.items() if p not in protocols)
    return {
        namespace: {name: value for name, value in own.items() if not name.startswith(others)}
        for namespace, own in counters.items()
    }


def differences(before: Counters, after: Counters) -> list[Difference]:
    """List the counters that grew, one difference each. Pure."""
    return [
        Difference(
            CHECKSUM,
            f"the kernel of {namespace}",
            "none",
            f"{grown} {'packet' if grown == 1 else 'packets'} dropped, by its {counter}",
        )
        for namespace, counters in after.items()
        for counter, value in counters.items()
        if (grown := value - before.get(namespace, {}).get(counter, value)) > 0
    ]
