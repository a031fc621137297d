"""A CNI conflist as it is written, as far as podpath checks it. Pure, but for reading the file.

Format: CNI specification 1.0.0, section 1. The keys of bridge and host-local: documentation of the
reference plugins.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podpath.cni.fields import Malformed, plugin_type, text, typed
from podpath.cni.ipam import Ipam
from podpath.errors import CouldNotTest
from podpath.model import Family, Settings
from podpath.system import files

#: Conflist if the user names none: bridge cni0, gateway, masquerading, host-local, portmap.
DEFAULT = Path(__file__).with_name("default.conflist")

#: Suffixes of the files in /etc/cni/net.d that a runtime reads (go-cni, loadFromConfDir).
SUFFIXES = (".conflist", ".conf", ".json")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # CNI specification 1.0.0, section 1
_LINK_NAME = re.compile(r"(?!\.{1,2}$)[^/:\s]+")  # net/core/dev.c, dev_valid_name()
_LINK_NAME_BYTES = 15
_MTU = range(68, 65536)  # minimum: RFC 791; maximum: veth (drivers/net/veth.c)


@dataclass(frozen=True, slots=True)
class Conflist:
    """A CNI network configuration list, as it is written.

    Attributes:
        text: document.
        name: name of the network.
        version: CNI version that plugins are called in.
        plugins: types of the plugins of the chain, in order.
        delegates: names of all plugin binaries that the chain needs.
        is_gateway: True if "isGateway" is on, or "isDefaultGateway", which includes it.
        is_default_gateway: True if "isDefaultGateway" is on.
        hairpin: True if "hairpinMode" is on.
        promiscuous: True if "promiscMode" is on.
        isolated: True if "portIsolation" is on.
        spoof_check: True if "macspoofchk" is on.
        mtu: MTU in bytes; None if the plugin chooses it.
        ipam: IPAM section.
    """

    text: str
    name: str
    version: str
    plugins: tuple[str, ...]
    delegates: tuple[str, ...]
    is_gateway: bool
    is_default_gateway: bool
    hairpin: bool
    promiscuous: bool
    isolated: bool
    spoof_check: bool
    mtu: int | None
    ipam: Ipam

    @property
    def sections(self) -> tuple[Mapping[str, Any], ...]:
        """Configuration of each plugin of the chain."""
        return tuple(json.loads(self.text)["plugins"])

    @property
    def section(self) -> Mapping[str, Any]:
        """Configuration of the first plugin, which creates the pods' interfaces."""
        return self.sections[0]

    @property
    def switched(self) -> tuple[Settings, Settings]:
        """Settings that "tuning" turns on for the pods' eth0, and settings that it turns off.

        The last value of a setting wins. Source: README of tuning, "System Controls Operation".
        """
        on = off = Settings()
        for section in self.sections:
            for name, value in _sysctls(section).items():
                settings = _switch(name)
                turned = str(value).strip() not in ("0", "")
                on, off = (
                    ((on | settings), (off - settings))
                    if turned
                    else ((on - settings), (off | settings))
                )
        # Either of two settings turns proxy ARP on, so one alone cannot turn it off.
        return on, Settings(off.forwarding)


def read(path: Path) -> Conflist:
    """Read and check a conflist file.

    Raises:
        CouldNotTest: the file cannot be read, or is not a usable conflist.
    """
    remedy = f"Give --podpath-cni-conf a CNI conflist, such as {DEFAULT}"
    try:
        document = files.read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise CouldNotTest(f"the conflist {path} cannot be read: {reason}", remedy) from None
    try:
        return parse(document)
    except RecursionError:
        raise CouldNotTest(f"{path} is not a usable conflist: nested too deeply", remedy) from None
    except Malformed as error:
        raise CouldNotTest(f"{path} is not a usable conflist: {error}", remedy) from None


def parse(written: str) -> Conflist:
    """Read the configuration in a conflist document.

    Raises:
        Malformed: the document breaks the format; the text gives the reason.
    """
    document = _document(written)
    plugins = _plugins(document)
    _check_names(document)
    main = plugins[0]
    section = typed(main, "ipam", dict, {})
    if not text(section, "type"):
        raise Malformed(f'plugin "{main["type"]}" has no "ipam" section, so pods get no address')
    ipam = Ipam.parse(section, document["name"])
    _check_bridge(main)
    types = tuple(p["type"] for p in plugins)
    is_default = typed(main, "isDefaultGateway", bool, False)
    return Conflist(
        text=written,
        name=document["name"],
        version=document["cniVersion"],
        plugins=types,
        delegates=tuple(dict.fromkeys([*types, ipam.plugin])),
        is_gateway=typed(main, "isGateway", bool, False) or is_default,
        is_default_gateway=is_default,
        spoof_check=typed(main, "macspoofchk", bool, False),
        hairpin=typed(main, "hairpinMode", bool, False),
        promiscuous=typed(main, "promiscMode", bool, False),
        isolated=typed(main, "portIsolation", bool, False),
        mtu=_mtu(main),
        ipam=ipam,
    )


def _document(written: str) -> dict[str, Any]:
    """Read the JSON document."""
    try:
        document = json.loads(written, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON ({error})") from None
    if not isinstance(document, dict) or "plugins" not in document:
        raise Malformed('no "plugins" list (a single plugin\'s .conf is not a conflist)')
    return document


def _check_names(document: Mapping[str, Any]) -> None:
    """Check the name and the version."""
    for key in ("name", "cniVersion"):
        if not text(document, key):
            raise Malformed(f'"{key}" is missing')
    if not _NAME.fullmatch(document["name"]):
        raise Malformed(f'"name" must be letters, digits, "_", "." and "-": {document["name"]!r}')


def _no_number(name: str) -> None:
    """Refuse NaN and Infinity: Python reads them; JSON, and so the runtime, does not."""
    raise ValueError(f"{name} is no JSON value")


def _plugins(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Read the section of each plugin."""
    plugins: list[Mapping[str, Any]] = typed(document, "plugins", list, [])
    if not plugins or not all(isinstance(p, dict) and plugin_type(p) for p in plugins):
        raise Malformed('"plugins" must be a list of objects that each have a "type"')
    return plugins


_OF_ETH0 = "(?:all|eth0|IFNAME)"
#: Pattern of a sysctl's name, with dots -> settings that it switches for an existing link.
_SWITCHES = {
    rf"net\.ipv4\.(?:ip_forward|conf\.{_OF_ETH0}\.forwarding)": Settings(frozenset({Family.IPV4})),
    r"net\.ipv6\.conf\.all\.forwarding": Settings(frozenset({Family.IPV6})),
    rf"net\.ipv4\.conf\.{_OF_ETH0}\.proxy_arp": Settings(proxies=frozenset({"proxy_arp"})),
    rf"net\.ipv4\.conf\.{_OF_ETH0}\.proxy_arp_pvlan": Settings(
        proxies=frozenset({"proxy_arp_pvlan"})
    ),
}


def _sysctls(section: Mapping[str, Any]) -> Mapping[str, Any]:
    sysctls = section.get("sysctl") if section.get("type") == "tuning" else None
    return sysctls if isinstance(sysctls, dict) else {}


def _switch(name: str) -> Settings:
    """Return the settings that a sysctl switches; its name has dots or slashes."""
    dotted = name.replace("/", ".")
    return next((s for p, s in _SWITCHES.items() if re.fullmatch(p, dotted)), Settings())


def _check_bridge(main: Mapping[str, Any]) -> None:
    name = text(main, "bridge")
    if name and (not _LINK_NAME.fullmatch(name) or len(name.encode()) > _LINK_NAME_BYTES):
        raise Malformed(f'"bridge" must be a name that an interface can have: {name!r}')


def _mtu(main: Mapping[str, Any]) -> int | None:
    mtu: int = typed(main, "mtu", int, 0)
    if mtu and mtu not in _MTU:
        raise Malformed(f'"mtu" must be 0, or from {_MTU[0]} to {_MTU[-1]}: {mtu}')
    return mtu or None
