"""Compare routes, with the attributes that a conflist gives to some of them. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from podpath.cni.routes import ConfiguredRoute
from podpath.model import Difference, Family, Route, listed
from podpath.topology.comparison import Differences

#: Kinds of difference: a route is absent; nobody configured it; it has another attribute.
MISSING, UNEXPECTED, ATTRIBUTES = "missing route", "unexpected route", "attributes of route"
#: Metric of a route that states none (net/ipv6/route.c, IP6_RT_PRIO_USER).
_USUAL_METRIC = {Family.IPV4.value: 0, Family.IPV6.value: 1024}
#: Names of scopes (linux/rtnetlink.h).
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}


def exactly(where: str, expected: set[Route], present: set[Route]) -> Differences:
    """List the routes that are missing, those that nobody configured, and differing attributes."""
    missing, unexpected = expected - present, present - expected
    differences = []
    for route in sorted(missing, key=str):
        if (twin := next((r for r in unexpected if _leads_alike(r, route)), None)) is not None:
            missing, unexpected = missing - {route}, unexpected - {twin}
            bare = replace(route, particulars=route.elsewhere)
            values = listed(route.attributes), listed(twin.attributes)
            differences.append(Difference(ATTRIBUTES, f"{where} {bare}", *values))
    return differences + [
        Difference(kind, f"{where} {route}", *values)
        for kind, values, routes in (
            (MISSING, ("present", "absent"), missing),
            (UNEXPECTED, ("absent", "present"), unexpected),
        )
        for route in sorted(routes, key=str)
    ]


def with_attributes(
    routes: Iterable[Route], configured: Iterable[ConfiguredRoute]
) -> Iterator[Route]:
    """Yield the routes of pods with metric and scope as particulars where the conflist sets these.

    Elsewhere the plugin chooses both; without a second route to the same destination, no packet
    takes another way. IPv6 routes have no scope of their own.
    """
    asked = list(configured)
    weighed = {route.destination for route in asked if route.metric}
    scoped = {r.destination for r in asked if r.scope is not None and r.destination.version == 4}
    for route in routes:
        usual = _USUAL_METRIC[route.destination.version]
        metric = [f"metric {route.metric or usual}"] if route.destination in weighed else []
        scope = _SCOPES.get(route.scope, str(route.scope))
        scopes = [f"scope {scope}"] if route.destination in scoped else []
        yield replace(route, particulars=(*route.particulars, *metric, *scopes))


def _leads_alike(one: Route, other: Route) -> bool:
    """Return whether two routes send the same packets the same way."""
    ways = ((r.destination, r.gateway, r.device, r.elsewhere) for r in (one, other))
    return len(set(ways)) == 1
