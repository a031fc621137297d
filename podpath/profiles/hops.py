"""Read the paths of a profile: the hops of each kind of path. Pure."""

from podpath.profiles.rules import CONDITIONS, GATEWAY, GATEWAY_PORT, PLURAL, HopRule
from podpath.profiles.table import Table

#: Names in a hop for the host end of a pod's eth0.
HOST_ENDS = ("source", "destination", *sorted(PLURAL))

_AT = (*HOST_ENDS, "node")
_OF_NODE = ("master", "lower", "uplink", GATEWAY, GATEWAY_PORT)
_INTERFACES = ("pod", "lo", *HOST_ENDS, *_OF_NODE)
_DIRECTIONS = ("in", "out")


def read(table: Table) -> dict[str, tuple[HopRule, ...]]:
    """Return kind of path -> its hops, from the table [path]."""
    return {kind: _hops(table, kind) for kind in table.data}


def _hops(table: Table, kind: str) -> tuple[HopRule, ...]:
    """Return the hops of a path; the first is its origin, one interface that is always there."""
    table.value(kind, list)
    tables = table.tables(kind, "id")
    hops = tuple(_hop(hop_table) for hop_table in tables)
    if not hops or hops[0].when or PLURAL.intersection((hops[0].at, hops[0].interface)):
        raise table.wrong(f"path {kind!r} must begin with one hop that is always there", kind)
    for hop_table, hop in zip(tables, hops, strict=True):
        if hop.routed and "destination" not in (hop.at, hop.interface):
            raise hop_table.wrong(
                "only a hop at the destination, or on its host end, is routed", "routed"
            )
    known = {hop.id for hop in hops}
    for hop_table, hop in zip(tables, hops, strict=True):
        if unknown := sorted(set(hop.after) - known):
            raise hop_table.wrong(
                f"path {kind!r} has no hop {', '.join(map(repr, unknown))}", "after"
            )
    return hops


def _hop(hop: Table) -> HopRule:
    hop.only(*HopRule.__dataclass_fields__)
    return HopRule(
        id=hop.value("id", str),
        at=hop.one_of("at", _AT),
        interface=hop.one_of("interface", _INTERFACES),
        direction=hop.one_of("direction", _DIRECTIONS),
        after=hop.texts("after"),
        ttl=hop.value("ttl", int, 0),
        rewritten=hop.value("rewritten", bool, False),
        routed=hop.value("routed", bool, False),
        translated=hop.value("translated", bool, False),
        early=hop.value("early", bool, False),
        optional=hop.value("optional", bool, False),
        tagged=hop.value("tagged", bool, False),
        when=hop.one_of("when", ("", *CONDITIONS), ""),
    )
