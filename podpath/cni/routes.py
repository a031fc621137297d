"""Routes that a conflist, or a plugin's result, gives to pods, with their attributes. Pure.

Format: CNI specification 1.1.0, section 5, ADD Success, routes; the reference plugins take the
same keys in the section "ipam" since their release 1.6.0.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from podpath.cni.fields import Malformed, text, typed
from podpath.model import Address, Subnet

#: Keys of a route beside its destination and its gateway.
ATTRIBUTES = ("mtu", "advmss", "priority", "table", "scope")

#: Tables of routes that need no rule (linux/rtnetlink.h, RT_TABLE_UNSPEC and RT_TABLE_MAIN).
MAIN_TABLE = (0, 254)
_LARGEST = 2**32 - 1


@dataclass(frozen=True, slots=True)
class ConfiguredRoute:
    """One route that pods must have.

    Attributes:
        destination: network that the route leads to.
        gateway: next hop; None for the gateway of the range.
        on_link: true if the route has no gateway; written as the gateway 0.0.0.0 or ::.
        particulars: attributes as model.Route has them, for example "table 100" or "mtu 1400".
        metric: metric of the route; 0 for the kernel's choice.
        scope: scope of the route (linux/rtnetlink.h, RT_SCOPE_*); None for the kernel's choice.
    """

    destination: Subnet
    gateway: Address | None
    on_link: bool = False
    particulars: tuple[str, ...] = ()
    metric: int = 0
    scope: int | None = None

    @property
    def is_plain(self) -> bool:
        """True if the route is one by the gateway of its range, in the main table."""
        apart = self.on_link or self.metric or any(p.startswith("table ") for p in self.particulars)
        return self.gateway is None and not apart

    @classmethod
    def parse(cls, route: Mapping[str, Any], metric: int = 0) -> "ConfiguredRoute":
        """Read a route.

        Args:
            route: an entry of "routes".
            metric: metric of a route that states none.

        Raises:
            Malformed: an attribute is no number that it can be.
            ValueError: the destination or the gateway is not valid.
        """
        gateway = text(route, "gw")
        via = ip_address(gateway) if gateway else None
        on_link = via is not None and via.is_unspecified
        numbers = {key: _number(route, key) for key in ATTRIBUTES}
        return cls(
            ip_network(text(route, "dst"), strict=False),
            None if on_link else via,
            on_link,
            tuple(_particulars(numbers)),
            numbers["priority"] or metric,
            numbers["scope"],
        )


def of(section: Mapping[str, Any]) -> tuple[ConfiguredRoute, ...]:
    """Read the routes of a section "ipam".

    Raises:
        Malformed: a route breaks the format; the text gives the reason.
    """
    routes = []
    for route in typed(section, "routes", list, []):
        if not isinstance(route, dict):
            raise Malformed('each route must be an object with a "dst"')
        try:
            routes.append(ConfiguredRoute.parse(route))
        except ValueError as error:
            raise Malformed(f"route {json.dumps(route)[:120]}: {error}") from None
    return tuple(routes)


def attributes(section: Mapping[str, Any]) -> Iterator[str]:
    """Yield the attributes that the routes of a section "ipam" have, each once."""
    routes = section.get("routes")
    entries = [r for r in (routes if isinstance(routes, list) else ()) if isinstance(r, dict)]
    yield from (key for key in ATTRIBUTES if any(route.get(key) for route in entries))


def _number(route: Mapping[str, Any], key: str) -> int | None:
    value: int | None = typed(route, key, int, None)
    if value is not None and not 0 <= value <= _LARGEST:
        raise Malformed(f'"{key}" of a route must be from 0 to {_LARGEST}: {value}')
    return value


def _particulars(numbers: Mapping[str, int | None]) -> Iterator[str]:
    """Yield the attributes that the kernel shows, in the order of model.Route."""
    if numbers["table"] is not None and numbers["table"] not in MAIN_TABLE:
        yield f"table {numbers['table']}"
    yield from (f"{key} {numbers[key]}" for key in ("mtu", "advmss") if numbers[key])
