"""Read routes from the kernel's messages. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network

from podpath.errors import CouldNotTest
from podpath.model import ANYWHERE, Family, Route
from podpath.system.netlink.messages import RouteMessage

_MAIN = 254  # RT_TABLE_MAIN
_BY_KERNEL = 2  # RTPROT_KERNEL
# RTN_* of linux/rtnetlink.h
_KINDS = (
    *("unspecified", "unicast", "local", "broadcast", "anycast", "multicast"),
    *("blackhole", "unreachable", "prohibit", "throw", "nat", "xresolve"),
)
# Kinds of routes to the namespace itself.
_ITSELF = frozenset({"local", "broadcast", "anycast", "multicast"})


def routes(messages: Iterable[RouteMessage], names: Mapping[int, str]) -> Iterator[Route]:
    """Read the IP routes, without the kernel's routes to the namespace itself.

    Nor with what it learned of single destinations, such as the MTU on the way to one.

    Args:
        messages: The routes of all tables.
        names: Index of an interface -> its name.

    Raises:
        CouldNotTest: A message is not sound.
    """
    for message in messages:
        number = message.kind
        kind = _KINDS[number] if 0 <= number < len(_KINDS) else str(number)
        own = message.protocol == _BY_KERNEL and kind in _ITSELF
        if message.family is not None and not own and not message.is_learned:
            yield _route(message, message.family, kind, names)


def _route(message: RouteMessage, family: Family, kind: str, names: Mapping[int, str]) -> Route:
    target, length = message.destination or ANYWHERE[family], message.length
    try:
        destination = ip_network((target, length))
    except ValueError as error:
        raise CouldNotTest(f"the kernel's route to {target}, prefix {length}: {error}") from None
    device = message.device
    return Route(
        destination=destination,
        gateway=message.gateway,
        device="?" if device is None else names.get(device, "?"),
        particulars=tuple(_particulars(message, kind)),
        metric=message.metric,
        scope=message.scope,
    )


def _particulars(message: RouteMessage, kind: str) -> Iterator[str]:
    if kind != "unicast":
        yield kind
    if message.table != _MAIN:
        yield f"table {message.table}"
    if message.has_several_hops:
        yield "several next hops"
    yield from (f"{name} {value}" for name, value in message.limits.items())
    if message.expires and message.protocol != _BY_KERNEL:  # not those that end with an address
        yield "expires"  # without the time, which is another at each look
