"""Read routing rules from the kernel's messages. Pure."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network

from podpath.errors import CouldNotTest
from podpath.model import Address, Family, Rule, Subnet
from podpath.system.netlink.messages import RuleMessage

# The kernel's own rules, as priority and table: local, main and default, the last one only for
# IPv4 (fib_default_rules_init).
_KERNELS = frozenset({(0, 255), (32766, 254), (32767, 253)})


def rules(messages: Iterable[RuleMessage]) -> Iterator[Rule]:
    """Read the IP rules, without the kernel's own.

    Raises:
        CouldNotTest: A message is not sound.
    """
    for message in messages:
        rule = _rule(message, message.family) if message.family else None
        if rule is not None:
            yield rule


def _rule(message: RuleMessage, family: Family) -> Rule | None:
    """Read a routing rule; None for the kernel's own."""
    table, priority = message.table, message.priority
    source, destination = _subnet(message.source), _subnet(message.destination)
    links = message.interfaces
    if (priority, table) in _KERNELS and not (source or destination or links):
        return None
    ends = [f"from {source}"] * bool(source) + [f"to {destination}"] * bool(destination)
    text = " ".join([f"IPv{family.value} {priority}:", *ends, *links, f"table {table}"])
    return Rule(text, source, destination, links, table)


def _subnet(end: tuple[Address, int] | None) -> Subnet | None:
    try:
        return ip_network(end, strict=False) if end else None
    except ValueError as error:
        raise CouldNotTest(f"the kernel's rule about {end}: {error}") from None
