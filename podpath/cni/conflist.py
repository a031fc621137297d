"""What the CNI configuration asks for, as far as podpath checks it. Pure, but for reading the file.

Format: CNI specification 1.0.0, section 1; the keys of bridge and host-local: the reference
plugins' documentation.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest
from podpath.model import Address, Family, Settings, Subnet
from podpath.system import files

#: The conflist used when none is named: bridge cni0, gateway, masquerading, host-local, portmap.
DEFAULT = Path(__file__).with_name("default.conflist")

#: Of the files in /etc/cni/net.d, those that a runtime reads (go-cni, loadFromConfDir).
SUFFIXES = (".conflist", ".conf", ".json")

_LEASES = "/var/lib/cni/networks"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # CNI specification 1.0.0, section 1
_LINK_NAME = re.compile(r"(?!\.{1,2}$)[^/:\s]+")  # net/core/dev.c, dev_valid_name()
_LINK_NAME_BYTES = 15
_MTU = range(68, 65536)  # the least of RFC 791; the most of a veth (drivers/net/veth.c)


@dataclass(frozen=True, slots=True)
class Range:
    """One range of addresses that IPAM hands out, first and last included."""

    subnet: Subnet
    first: Address
    last: Address
    gateway: Address

    def __contains__(self, address: Address) -> bool:
        same = address.version == self.first.version
        return same and int(self.first) <= int(address) <= int(self.last)

    @property
    def usable(self) -> int:
        """How many pods the range has addresses for: its gateway is never handed out."""
        return int(self.last) - int(self.first) + 1 - (self.gateway in self)


@dataclass(frozen=True, slots=True)
class ConfiguredRoute:
    """One route of the IPAM section; no gateway means the range's."""

    destination: Subnet
    gateway: Address | None


@dataclass(frozen=True, slots=True)
class Conflist:
    """A CNI network configuration list.

    text: the document as it was given; plugins: the types of the chain, in order; mtu in
    bytes, or None where the plugin chooses; lease_directory: where host-local keeps its leases
    on the node; delegates: every plugin binary that the chain needs; bridge: what pods' host ends
    are enslaved to, empty where that is nothing.
    """

    text: str
    name: str
    version: str
    plugins: tuple[str, ...]
    delegates: tuple[str, ...]
    bridge: str
    is_gateway: bool
    is_default_gateway: bool
    hairpin: bool
    promiscuous: bool
    isolated: bool
    spoof_check: bool
    mtu: int | None
    ipam: str
    ranges: tuple[Range, ...]
    routes: tuple[ConfiguredRoute, ...]
    lease_directory: str

    @property
    def families(self) -> tuple[Family, ...]:
        """The IP versions that pods get an address of, IPv4 first."""
        versions = {r.subnet.version for r in self.ranges}
        return tuple(f for f in Family if f.value in versions)

    @property
    def features(self) -> frozenset[str]:
        """What is configured that changes the paths that packets take."""
        configured = {"gateway": self.is_gateway, "hairpin": self.hairpin}
        return frozenset(name for name, value in configured.items() if value)

    @property
    def sections(self) -> tuple[Mapping[str, Any], ...]:
        """The configuration of each plugin of the chain."""
        return tuple(json.loads(self.text)["plugins"])

    @property
    def section(self) -> Mapping[str, Any]:
        """The configuration of the first plugin, which makes the pods' interfaces."""
        return self.sections[0]

    @property
    def switched(self) -> tuple[Settings, Settings]:
        """What "tuning" is configured to turn on for pods' eth0, and what to turn off.

        The last one wins. Its README, "System Controls Operation".
        """
        on = off = Settings()
        for section in self.sections:
            for name, value in _sysctls(section).items():
                one = _switch(name)
                turned = str(value).strip() not in ("0", "")
                on, off = ((on | one), (off - one)) if turned else ((on - one), (off | one))
        # proxy ARP is on by either of two settings, so that one of them does not turn it off
        return on, Settings(off.forwarding)

    def on(self, master: str) -> "Conflist":
        """The same, for a plugin whose host ends are enslaved to something else."""
        return replace(self, bridge=master)

    def ranges_of(self, family: Family) -> tuple[Range, ...]:
        """The ranges of one IP version."""
        return tuple(r for r in self.ranges if r.subnet.version == family.value)

    def gateway(self, family: Family) -> Address:
        """The gateway of a family's first range. Raises LookupError without one."""
        for candidate in self.ranges_of(family):
            return candidate.gateway
        raise LookupError(f"the conflist has no IPv{family.value} range")


def read(path: Path) -> Conflist:
    """Read and check a conflist file. Raises CouldNotTest with what is wrong with it."""
    remedy = f"Give --podpath-cni-conf a CNI conflist, such as {DEFAULT}"
    try:
        text = files.read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise CouldNotTest(f"the conflist {path} cannot be read: {reason}", remedy) from None
    try:
        return parse(text)
    except RecursionError:
        raise CouldNotTest(f"{path} is not a usable conflist: nested too deeply", remedy) from None
    except _Malformed as error:
        raise CouldNotTest(f"{path} is not a usable conflist: {error}", remedy) from None


class _Malformed(Exception):
    pass


def parse(text: str) -> Conflist:
    """The configuration in a conflist document. Raises _Malformed with the reason."""
    try:
        document = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _Malformed(f"not JSON ({error})") from None
    if not isinstance(document, dict) or "plugins" not in document:
        raise _Malformed('no "plugins" list (a single plugin\'s .conf is not a conflist)')
    plugins = _typed(document, "plugins", list, [])
    if not plugins or not all(isinstance(p, dict) and _text(p, "type") for p in plugins):
        raise _Malformed('"plugins" must be a list of objects that each have a "type"')
    for key in ("name", "cniVersion"):
        if not _text(document, key):
            raise _Malformed(f'"{key}" is missing')
    if not _NAME.fullmatch(document["name"]):
        raise _Malformed(f'"name" must be letters, digits, "_", "." and "-": {document["name"]!r}')
    for one in plugins:
        _file_name(_text(one, "type"))
    main = plugins[0]
    ipam = _typed(main, "ipam", dict, {})
    kind = _text(ipam, "type")
    if not kind:
        raise _Malformed(f'plugin "{main["type"]}" has no "ipam" section, so pods get no address')
    _file_name(kind)
    data_directory = _text(ipam, "dataDir") or _LEASES
    if not data_directory.startswith("/"):
        raise _Malformed(f'"dataDir" must be an absolute path: {data_directory!r}')
    is_default = _typed(main, "isDefaultGateway", bool, False)
    return Conflist(
        text=text,
        name=document["name"],
        version=document["cniVersion"],
        plugins=tuple(p["type"] for p in plugins),
        delegates=tuple(dict.fromkeys([*(p["type"] for p in plugins), kind])),
        bridge=_bridge(main),
        is_gateway=_typed(main, "isGateway", bool, False) or is_default,
        is_default_gateway=is_default,
        spoof_check=_typed(main, "macspoofchk", bool, False),
        hairpin=_typed(main, "hairpinMode", bool, False),
        promiscuous=_typed(main, "promiscMode", bool, False),
        isolated=_typed(main, "portIsolation", bool, False),
        mtu=_mtu(main),
        ipam=kind,
        ranges=_ranges(ipam),
        routes=_routes(ipam),
        lease_directory=f"{data_directory}/{document['name']}",
    )


_OF_ETH0 = "(?:all|eth0|IFNAME)"
#: Names of sysctls, with dots -> what they switch for a link that is there already.
_SWITCHES = {
    rf"net\.ipv4\.(?:ip_forward|conf\.{_OF_ETH0}\.forwarding)": Settings(frozenset({Family.IPV4})),
    r"net\.ipv6\.conf\.all\.forwarding": Settings(frozenset({Family.IPV6})),
    rf"net\.ipv4\.conf\.{_OF_ETH0}\.proxy_arp": Settings(proxies=frozenset({"proxy_arp"})),
    rf"net\.ipv4\.conf\.{_OF_ETH0}\.proxy_arp_pvlan": Settings(
        proxies=frozenset({"proxy_arp_pvlan"})
    ),
}


def _sysctls(section: Mapping[str, Any]) -> Mapping[str, Any]:
    asked = section.get("sysctl") if section.get("type") == "tuning" else None
    return asked if isinstance(asked, dict) else {}


def _switch(name: str) -> Settings:
    """What a sysctl, with dots or slashes, switches; nothing if it is about something else."""
    dotted = name.replace("/", ".")
    return next((s for p, s in _SWITCHES.items() if re.fullmatch(p, dotted)), Settings())


def _typed(document: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    value = document.get(key)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _Malformed(f'"{key}" must be of type {kind.__name__}, not {json.dumps(value)[:60]}')
    return value


def _text(document: Mapping[str, Any], key: str) -> str:
    text: str = _typed(document, key, str, "")
    if not text.isprintable():
        raise _Malformed(f'"{key}" must be text that can be printed: {text!r}')
    return text


def _no_number(name: str) -> None:
    """Python reads NaN and Infinity; JSON, and so the runtime, does not."""
    raise ValueError(f"{name} is no JSON value")


def _file_name(plugin: str) -> None:
    """CNI specification 1.0.0, section 1: a type is the name of a file on disk."""
    if "/" in plugin or plugin in (".", ".."):
        raise _Malformed(f'"type" must be the name of a plugin, not a path: {plugin!r}')


def _bridge(main: Mapping[str, Any]) -> str:
    name = _text(main, "bridge") or "cni0"
    if not _LINK_NAME.fullmatch(name) or len(name.encode()) > _LINK_NAME_BYTES:
        raise _Malformed(f'"bridge" must be a name that an interface can have: {name!r}')
    return name


def _mtu(main: Mapping[str, Any]) -> int | None:
    mtu: int = _typed(main, "mtu", int, 0)
    if mtu and mtu not in _MTU:
        raise _Malformed(f'"mtu" must be 0, or from {_MTU[0]} to {_MTU[-1]}: {mtu}')
    return mtu or None


def _ranges(ipam: Mapping[str, Any]) -> tuple[Range, ...]:
    found = [_range(ipam)] if "subnet" in ipam else []
    for alternatives in _typed(ipam, "ranges", list, []):
        if not isinstance(alternatives, list):
            raise _Malformed('"ranges" must be a list of lists of ranges')
        for one in alternatives:
            if not isinstance(one, dict) or "subnet" not in one:
                raise _Malformed('each range must be an object with a "subnet"')
            found.append(_range(one))
    if not found and ipam["type"] == "host-local":
        raise _Malformed('the "ipam" section has no "ranges" and no "subnet"')
    return tuple(found)


def _range(one: Mapping[str, Any]) -> Range:
    try:
        subnet = ipaddress.ip_network(_text(one, "subnet"), strict=False)
        last = int(subnet.broadcast_address) - (1 if subnet.version == 4 else 0)
        found = Range(
            subnet,
            ipaddress.ip_address(_text(one, "rangeStart") or subnet[1]),
            ipaddress.ip_address(_text(one, "rangeEnd") or type(subnet[0])(last)),
            ipaddress.ip_address(_text(one, "gateway") or subnet[1]),
        )
        if any(a not in subnet for a in (found.first, found.last, found.gateway)):
            raise ValueError("its addresses must be in its subnet")
        if int(found.first) > int(found.last):
            raise ValueError("it ends before it begins")
        return found
    except (ValueError, IndexError) as error:
        raise _Malformed(f"range {json.dumps(one)[:120]}: {error}") from None


def _routes(ipam: Mapping[str, Any]) -> tuple[ConfiguredRoute, ...]:
    routes = []
    for one in _typed(ipam, "routes", list, []):
        if not isinstance(one, dict):
            raise _Malformed('each route must be an object with a "dst"')
        try:
            gateway = _text(one, "gw")
            routes.append(
                ConfiguredRoute(
                    ipaddress.ip_network(_text(one, "dst"), strict=False),
                    ipaddress.ip_address(gateway) if gateway else None,
                )
            )
        except ValueError as error:
            raise _Malformed(f"route {json.dumps(one)[:120]}: {error}") from None
    return tuple(routes)
