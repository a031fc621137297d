"""Count what a network namespace lost: the kernel's counters, and the rules that drop packets.

A reading before the traffic is kept as it came, and is parsed only if packets were lost.
"""

import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.system import counters, limits, netns, programs
from podpath.system.netlink import framing, nftables
from podpath.system.netlink.nftables import Dropper

_NET = Path("/proc/thread-self/net")
_TABLES = {
    "snmp": counters.of_protocols,
    "netstat": counters.of_protocols,
    "snmp6": counters.of_ipv6,
    "dev": counters.of_links,
    "stat/nf_conntrack": counters.of_conntrack,
}
#: Tables of the legacy iptables, each with the program that lists their rules. The kernel would
#: make tables that are not there if it were asked for them (net/netfilter/x_tables.c).
_LEGACY = {"ip_tables_names": "iptables-legacy-save", "ip6_tables_names": "ip6tables-legacy-save"}
#: Counters of packets that went no further; others count every packet.
_OF_LOSSES = re.compile(
    r"Discard|Drop|Err|Fails|NoRoutes|Csum|PathFilter|NoPorts|Unknown|Overflow|TooBig"
    r"| (rx|tx)_|^conntrack (drop|early_drop|insert_failed|invalid)$"
)
_CHUNK = 1 << 20
_SAVED_POLICY = re.compile(r":(\S+) DROP \[(\d+):")
_SAVED_RULE = re.compile(r"\[(\d+):\d+\] (-A (\S+) .*-j (DROP|REJECT)\b.*)")
_LISTED = re.compile(r"^\s*(.*?) # handle (\d+)$", re.MULTILINE)
_COUNTS = re.compile(r" packets \d+ bytes \d+")


@dataclass(frozen=True)
class Reading:
    """Counters of a namespace at one time, as the kernel wrote them.

    Attributes:
        tables: name of a table in /proc/net -> its text.
        dump: chains and rules of nftables.
        legacy: rules of the legacy iptables, as iptables-save -c writes them.
    """

    tables: Mapping[str, str] = field(default_factory=dict)
    dump: bytes = b""
    legacy: str = ""

    def counters(self) -> dict[str, int]:
        """Return the counters of packets that were lost."""
        read = (_TABLES[name](text) for name, text in self.tables.items())
        return {name: n for table in read for name, n in table.items() if _OF_LOSSES.search(name)}

    def droppers(self) -> dict[Dropper, int | None]:
        """Return the rules that may drop packets, each with its packets; None if uncounted."""
        return {**nftables.droppers(self.dump), **_legacy_droppers(self.legacy)}


def read(namespaces: Mapping[str, str]) -> dict[str, Reading]:
    """Read the counters of namespaces; what the kernel does not have is left out.

    Args:
        namespaces: name and path of each namespace.

    Raises:
        CouldNotTest: a namespace cannot be entered.
    """
    return dict(zip(namespaces, netns.run_in_each(namespaces.values(), _read), strict=True))


def _read() -> Reading:
    tables = {}
    for name in _TABLES:
        with suppress(OSError, ValueError):  # a kernel may lack IPv6 or connection tracking
            tables[name] = (_NET / name).read_text()
    return Reading(tables, _dump(), _legacy())


def _dump() -> bytes:
    """Dump the chains and rules of nftables; nothing if the kernel has none."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, nftables.PROTOCOL) as link:
            link.settimeout(limits.current().in_kernel)
            return b"".join(_answer(link, request) for request in nftables.requests())
    except OSError:
        return b""


def _answer(link: socket.socket, request: bytes) -> bytes:
    link.send(request)
    parts = []
    while True:
        parts.append(link.recv(_CHUNK))
        kinds = {message.kind for message in framing.envelopes(parts[-1])}
        if not kinds or kinds & {framing.DONE, framing.ERROR}:
            return b"".join(parts)


def _legacy() -> str:
    text = ""
    for names, program in _LEGACY.items():
        with suppress(OSError):
            has_tables = (_NET / names).read_text()
            file = has_tables and shutil.which(program, path=programs.search_path())
            if file:
                done = subprocess.run([file, "-c"], capture_output=True, text=True, check=False)
                text += f"!{'ip6' if '6' in names else 'ip'}\n{done.stdout}"
    return text


def _legacy_droppers(saved: str) -> dict[Dropper, int | None]:
    found: dict[Dropper, int | None] = {}
    family = table = ""
    for line in saved.splitlines():
        if line.startswith("!"):
            family = line[1:]
        elif line.startswith("*"):
            table = line[1:]
        elif match := _SAVED_POLICY.match(line):
            found[Dropper(family, table, match[1], 0, "drop")] = int(match[2])
        elif match := _SAVED_RULE.match(line):
            kind = match[4].lower()
            found[Dropper(family, table, match[3], 0, kind, match[2])] = int(match[1])
    return found


def worded(path: str, dropper: Dropper) -> str:
    """Return a rule as nft lists it, with its chain; without nft, its number.

    Args:
        path: path of the namespace.
        dropper: the rule, or a policy.
    """
    if not dropper.handle:
        return str(dropper)
    chain = (dropper.family, dropper.table, dropper.chain)
    file = shutil.which("nft", path=programs.search_path()) or "nft"
    command = [file, "-a", "list", "chain", *chain]
    try:
        done = netns.run_in(
            path, lambda: subprocess.run(command, capture_output=True, text=True, check=False)
        )
    except (CouldNotTest, OSError):
        return str(dropper)
    listed = {int(handle): text for text, handle in _LISTED.findall(done.stdout)}
    return str(dropper._replace(text=_COUNTS.sub("", listed.get(dropper.handle, ""))))
