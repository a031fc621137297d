"""Read a profile from its TOML file, and reject unknown keys and values with their line.

The format: docs/profiles.md. Pure, but for reading the files.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest
from podpath.model import Address, Family
from podpath.profiles import consistency, hops
from podpath.profiles.profile import Profile
from podpath.profiles.rules import (
    ADMINISTRATOR,
    CONDITIONS,
    GATEWAY,
    HOST_END,
    KINDS,
    MODES,
    NO_TARGET,
    PLUGIN,
    HostEnd,
    Lower,
    Master,
    NeighbourRule,
    PolicyRule,
    Resolution,
    RouteRule,
)
from podpath.profiles.table import Malformed, Table, line_of
from podpath.requirements import REQUIREMENTS
from podpath.system import files

_DEVICES = (HOST_END, "master", GATEWAY)
_RESOLVED = ("destination", "gateway", NO_TARGET)
_FAMILIES = {"ipv4": Family.IPV4, "ipv6": Family.IPV6}
_NAME = re.compile(r"[a-z0-9-]+")
_ADDING_UP = frozenset({"path", "not-applicable"})
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_TABLES = {"main": 254, "default": 253, "local": 255}  # ip-route(8)


@cache
def load(path: Path) -> Profile:
    """Read a profile file.

    Raises:
        CouldNotTest: the file is malformed; the message names the line.
    """
    text = ""
    try:
        text = files.read_text(path)
        return _profile(Table(_on_base(Table(tomllib.loads(text)))))
    except RecursionError:
        reason = "nested too deeply"
    except Malformed as error:
        line = line_of(text, error.at)
        reason = f"line {line}: {error}" if line else str(error)
    except (OSError, ValueError) as error:
        reason = str(error)
    raise CouldNotTest(f"the profile {path} is malformed: {reason}", "See docs/profiles.md")


def _on_base(top: Table) -> Mapping[str, Any]:
    """Return the tables of a file, on top of those of the shipped profile that is its base.

    A table of the file replaces that of the base. Only paths and requirements that are not
    applicable add up.
    """
    if "base" not in top.data:
        return top.data
    name = top.value("base", str)
    path = Path(__file__).parent / f"{name}.toml"
    if not _NAME.fullmatch(name) or not path.exists():
        raise top.wrong(f"there is no profile {name!r}", "base")
    data = {key: value for key, value in top.data.items() if key != "base"}
    base = _on_base(Table(tomllib.loads(files.read_text(path))))
    return {
        key: {**base[key], **value} if key in _ADDING_UP and isinstance(value, dict) else value
        for key, value in {**base, **data}.items()
    }


def _profile(top: Table) -> Profile:
    top.only(
        *("name", "plugins", "keys", "promiscuous", "master", "lower", "pod", "host-end", "node"),
        *("resolution", "not-applicable", "path"),
    )
    name, plugins = top.value("name", str), top.texts("plugins")
    pod, node = top.table("pod"), top.table("node")
    pod.only("kind", "address", "gateways", "routes", "neighbours")
    node.only("routes", "rules", "forwarding")
    kind = pod.one_of("kind", tuple(KINDS), "veth")
    lower, end = _lower(top, kind), _host_end(top, kind)
    resolution = _resolution(top.table("resolution"))
    profile = Profile(
        name=name,
        plugins=plugins,
        keys=_keys(top.table_if_any("keys")),
        kind=kind,
        lower=lower,
        master=_master(top.table("master")) if "master" in top.data else None,
        promiscuous=top.texts("promiscuous"),
        address=pod.filled("address", pod.value("address", str), ip_interface),
        gateways=_gateways(pod),
        pod_routes=tuple(_route(r, ("to", "via", "family")) for r in pod.tables("routes", "to")),
        neighbours=tuple(_neighbour(n, kind) for n in pod.tables("neighbours", "address")),
        host_end=end,
        node_routes=tuple(
            _route(r, ("to", "dev", "when", "family")) for r in node.tables("routes", "to")
        ),
        node_rules=tuple(_rule(r) for r in node.tables("rules", "to")),
        forwarding=node.one_of("forwarding", (PLUGIN, ADMINISTRATOR), PLUGIN),
        resolution=resolution,
        not_applicable=_not_applicable(top, kind, resolution),
        paths=hops.read(top.table("path")),
    )
    consistency.check_interfaces(top, profile)
    consistency.check_legs(top.table("resolution"), profile)
    return profile


def _keys(table: Table) -> dict[str, bool]:
    return {key: table.value(key, bool) for key in table.data}


def _host_end(top: Table, kind: str) -> HostEnd:
    """Return the settings in [host-end]; only pods with a veth have a host end on the node."""
    if kind == "veth":
        end = top.table("host-end")
        end.only("addresses", "mac", "proxy-arp")
        return HostEnd(
            tuple(end.filled("addresses", a, ip_interface) for a in end.texts("addresses")),
            _mac(end, end.value("mac", str)) if "mac" in end.data else "",
            end.value("proxy-arp", bool, False),
        )
    for key in ("host-end", "master"):
        if key in top.data:
            raise top.wrong(f"a pod with a {kind} has no host end, and so no [{key}]", key)
    return HostEnd()


def _mac(table: Table, text: str) -> str:
    if not _MAC.fullmatch(text):
        raise table.wrong(f'"mac" must be a MAC address in lower case, not {text!r}', "mac")
    return text


def _gateways(pod: Table) -> tuple[Address, ...]:
    try:
        gateways = tuple(ip_address(text) for text in pod.texts("gateways"))
    except ValueError as error:
        raise pod.wrong(str(error), "gateways") from None
    if len({gateway.version for gateway in gateways}) < len(gateways):
        raise pod.wrong("an IP version has one gateway at most", "gateways")
    return gateways


def _neighbour(table: Table, kind: str) -> NeighbourRule:
    table.only("address", "mac")
    address, mac = table.value("address", str), table.value("mac", str)
    if mac == HOST_END and kind != "veth":
        raise table.wrong(f"a pod with a {kind} has no host end", "mac")
    if mac != HOST_END:
        _mac(table, mac)
    return NeighbourRule(table.filled("address", address, ip_address), mac)


def _rule(table: Table) -> PolicyRule:
    """Return a rule of the node's routing policy, which names the pods by one of its ends."""
    table.only("from", "to", "table")
    source, destination = (
        table.filled(key, table.value(key, str), ip_network) if key in table.data else ""
        for key in ("from", "to")
    )
    if not source and not destination:
        raise table.wrong('a rule needs "from" or "to"')
    name = table.data.get("table")
    number = _TABLES.get(name) if isinstance(name, str) else table.value("table", int)
    if number is None:
        raise table.wrong(f'"table" must be a number, or one of {", ".join(_TABLES)}', "table")
    return PolicyRule(number, source, destination)


def _lower(top: Table, kind: str) -> Lower | None:
    if kind == "veth":
        if "lower" in top.data:
            kinds = " or ".join(MODES)
            raise top.wrong(f"a veth lies on nothing: [lower] is for a {kinds}", "lower")
        return None
    table = top.table("lower")
    table.only("key", "mode", "mode-key", "arp")
    return Lower(
        table.value("key", str),
        table.one_of("mode", MODES[kind]),
        table.value("mode-key", str, ""),
        table.value("arp", bool, True),
    )


def _master(table: Table) -> Master:
    table.only("kind", "key", "default", "ports")
    kind, key, default = (table.value(key, str) for key in ("kind", "key", "default"))
    return Master(kind, key, default, table.texts("ports"))


def _route(table: Table, keys: tuple[str, ...]) -> RouteRule:
    table.only(*keys)
    via = table.value("via", str, "")
    return RouteRule(
        to=table.filled("to", table.value("to", str), ip_network),
        via=table.filled("via", via, ip_address) if via else "",
        dev=table.one_of("dev", _DEVICES) if "dev" in keys else "",
        when=table.one_of("when", ("", *CONDITIONS), ""),
        family=_FAMILIES.get(table.one_of("family", ("", *_FAMILIES), "")),
    )


def _resolution(table: Table) -> Resolution:
    if table.value("target", str) == NO_TARGET:
        table.only("target")
        return Resolution(NO_TARGET)
    table.only("target", "request", "solicitation", "reply")
    request = table.value("request", str)
    return Resolution(
        target=table.one_of("target", _RESOLVED),
        request=request,
        solicitation=table.value("solicitation", str, request),
        reply=table.value("reply", str),
    )


def _not_applicable(top: Table, kind: str, resolution: Resolution) -> dict[str, str]:
    """Return the reasons from the file, and those that follow from its other tables."""
    table = top.table_if_any("not-applicable")
    follow = dict(KINDS[kind])
    if resolution.target == NO_TARGET:
        follow["PATH-ARP"] = "pods ask for no MAC address: their neighbours are permanent"
    for identifier in table.data:
        if identifier not in REQUIREMENTS:
            raise table.wrong(f"there is no requirement {identifier!r}", identifier)
        if not table.value(identifier, str).strip():
            raise table.wrong(f"{identifier} must have a reason", identifier)
    return {**follow, **table.data}
