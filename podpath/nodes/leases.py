"""Lease stores: the records of IPAM plugins, of which container has which address."""

import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from podpath.cni.ipam import HOST_LOCAL, Ipam
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import Address
from podpath.nodes.base import Node
from podpath.system import files

OPTION = "--podpath-leases"

#: Files that host-local keeps for good (its README): the last address given, and its lock.
_KEPT = ("last_reserved_ip", "lock")
_FEWEST_FIELDS = 2  # address and container; the interface may follow


class LeaseStore(ABC):
    """Record of an IPAM plugin on a node."""

    @property
    def unreadable(self) -> str:
        """Reason why podpath cannot read the store; empty if it can."""
        return ""

    @abstractmethod
    def leases(self, node: Node) -> dict[str, str]:
        """Return address -> container id.

        Raises:
            CouldNotTest: the store cannot be read.
        """

    def rewind(self, node: Node, address: Address) -> bool:  # noqa: ARG002
        """Make the plugin give an address next, and return whether podpath knows how.

        Raises:
            CouldNotTest: the store does not have what it should.
        """
        return False

    def deletion(self, addresses: Iterable[str]) -> str:  # noqa: ARG002
        """Return the shell command that deletes leases; empty if podpath knows none."""
        return ""


@dataclass(frozen=True, slots=True)
class HostLocal(LeaseStore):
    """Store of host-local: one file for each address (plugins/ipam/host-local/README.md)."""

    ipam: Ipam

    def leases(self, node: Node) -> dict[str, str]:
        """See LeaseStore."""
        directory = self.ipam.lease_directory
        try:
            with node.directory(directory) as there:
                return leases_in(there, lambda path: node.read(f"{directory}/{path.name}"))
        except FileNotFoundError:
            return {}  # there has been no lease yet

    def rewind(self, node: Node, address: Address) -> bool:
        """See LeaseStore. It continues after last_reserved_ip.N, N the number of the set."""
        for number, ranges in enumerate(self.ipam.sets):
            if any(address in r for r in ranges):
                self._rewind(node, f"last_reserved_ip.{number}", address - 1)
        return True

    def _rewind(self, node: Node, name: str, last: Address) -> None:
        try:
            with node.directory(self.ipam.lease_directory) as there:
                if (path := there / name).exists():
                    path.write_text(str(last))
                    return
        except FileNotFoundError:
            pass
        raise CouldNotTest(f"IPAM does not say at {name} which address it gave last")

    def deletion(self, addresses: Iterable[str]) -> str:
        """See LeaseStore."""
        return shlex.join(["rm", *(f"{self.ipam.lease_directory}/{a}" for a in addresses)])


@dataclass(frozen=True, slots=True)
class Listed(LeaseStore):
    """Store that a command of the user's lists: on each line an address and its container."""

    command: str

    def __str__(self) -> str:
        return f"those that {self.command!r} lists"

    def leases(self, node: Node) -> dict[str, str]:
        """See LeaseStore."""
        ended = node.run(["sh", "-c", self.command])
        if ended.returncode != 0:
            why = ended.stderr.strip() or f"exit status {ended.returncode}"
            raise CouldNotTest(f"the command of {OPTION} failed on the node: {why}")
        return leases_of(ended.stdout)


@dataclass(frozen=True, slots=True)
class Unknown(LeaseStore):
    """Store that podpath cannot read."""

    plugin: str

    @property
    def unreadable(self) -> str:
        """See LeaseStore."""
        owner = f'the IPAM plugin "{self.plugin}"' if self.plugin else "the plugin's own IPAM"
        return f"podpath does not know where {owner} keeps its leases; {OPTION} gives a command"

    def leases(self, node: Node) -> dict[str, str]:  # noqa: ARG002
        """See LeaseStore. There are none to compare."""
        return {}


def store(network: Network) -> LeaseStore:
    """Return the lease store of a network."""
    if network.lease_command:
        return Listed(network.lease_command)
    ipam = network.ipam
    return HostLocal(ipam) if ipam.plugin == HOST_LOCAL else Unknown(ipam.plugin)


def leases_of(text: str) -> dict[str, str]:
    """Read the output of a command that lists leases. Pure.

    Args:
        text: lines of an address, a container id and, if any, the interface, with blanks between.

    Raises:
        CouldNotTest: a line is something else.
    """
    by_address = {}
    for line in filter(str.strip, text.splitlines()):
        fields = line.split()
        try:
            address = str(ip_address(fields[0].partition("/")[0]))
        except ValueError:
            address = ""
        if not address or len(fields) < _FEWEST_FIELDS:
            raise CouldNotTest(
                f"the command of {OPTION} printed {line[:80]!r}",
                "Let it print lines of an address, a container id and the interface",
            )
        by_address[address] = fields[1]
    return by_address


def leases_in(directory: Path, read: Callable[[Path], str] = files.read_text) -> dict[str, str]:
    """Read the leases in a directory of host-local; ignore a lease that is given back meanwhile.

    Args:
        directory: directory of the leases.
        read: function that returns the text of a file.

    Returns:
        Address -> container id.

    Raises:
        CouldNotTest: a file is not a lease.
    """
    by_address = {}
    for path in files.directly_in(directory):
        if path.name.startswith(_KEPT):
            continue
        try:
            by_address[path.name] = (read(path).splitlines() or [""])[0]
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise CouldNotTest(f"the lease {path.name} cannot be read: {error}") from None
    return by_address


def texts(leases: Mapping[str, str]) -> tuple[str, ...]:
    """Return a text for each lease."""
    return tuple(f"{address} {container}" for address, container in leases.items())
