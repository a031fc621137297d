"""A CNI conflist as it is written, as far as podpath checks it. Pure, but for reading the files.

Format: CNI specification 1.1.0, section 1. The keys of bridge and host-local: documentation of the
reference plugins.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from podpath.cni import delegation as delegations
from podpath.cni import document, rates, reference, sysctls, versions, vlans
from podpath.cni.delegation import Delegation
from podpath.cni.document import LOOPBACK
from podpath.cni.fields import Malformed, text, typed
from podpath.cni.ipam import HOST_LOCAL, STATIC, Ipam, names_networks
from podpath.cni.rates import Rates
from podpath.cni.vlans import Vlans
from podpath.errors import CouldNotTest
from podpath.model import AddressWithPrefix, Family, Settings, Subnet
from podpath.system import files

#: Conflist if the user names none: bridge cni0, gateway, masquerading, host-local, portmap.
DEFAULT = Path(__file__).with_name("default.conflist")

#: Suffixes of the files in /etc/cni/net.d that a runtime reads (go-cni, loadFromConfDir).
SUFFIXES = (".conflist", ".conf", ".json")

_LINK_NAME = re.compile(r"(?!\.{1,2}$)[^/:\s]+")  # net/core/dev.c, dev_valid_name()
_LINK_NAME_BYTES = 15
#: Reference plugins: without an IPAM plugin, they give pods no address.
IPAM_USERS = frozenset({"bridge", "host-device", "ipvlan", "macvlan", "ptp", "tap", "vlan"})
#: Plugins that make the interface of CNI_IFNAME, or let another one make it.
INTERFACE_MAKERS = IPAM_USERS | {"dummy", "flannel", "multus"}
#: IPAM plugins that report the DNS settings of their section alone, or none.
_OWN_DNS = (HOST_LOCAL, STATIC)
_MTU = range(68, 65536)  # minimum: RFC 791; maximum: veth (drivers/net/veth.c)
#: Types of the plugins that read "mtu" as a number alone; others may take a text.
NUMBER_ONLY = frozenset({"bridge", "ptp", "macvlan", "ipvlan", "vlan", "tuning"})


@dataclass(frozen=True, slots=True)
class Conflist:
    """A CNI network configuration list, as it is written.

    Attributes:
        written: document, as the user wrote it.
        text: document, as the runtime of the node reads it.
        name: name of the network.
        versions: CNI versions that the document names.
        version: CNI version in which the runtime calls the plugins.
        contract_version: CNI version of the conflist in which podpath itself calls the plugins.
        sections: configuration of each plugin of the chain, in order.
        main: position of the main plugin in the chain: the one that creates the pods' interfaces.
        section: configuration of the plugin that wires pods: of the main plugin, or of the plugin
            that it delegates to.
        delegation: delegation of the main plugin; None if it wires pods itself.
        delegates: names of all plugin binaries that the chain needs.
        is_gateway: True if "isGateway" is on, or "isDefaultGateway", which includes it.
        is_default_gateway: True if "isDefaultGateway" is on.
        hairpin: True if "hairpinMode" is on.
        promiscuous: True if "promiscMode" is on.
        isolated: True if "portIsolation" is on.
        vlans: VLANs of the pods' ports of a bridge.
        spoof_check: True if "macspoofchk" is on.
        mtu: MTU in bytes; None if the plugin chooses it.
        tuned_mtu: MTU in bytes that "tuning" gives to pods' interfaces; None if it gives none.
        ipam: IPAM section.
        rates: limits of what every pod sends and receives.
        disable_check: True if the runtime must not call CHECK.
        disable_gc: True if the runtime must not call GC.
    """

    written: str
    text: str
    name: str
    versions: tuple[str, ...]
    version: str
    contract_version: str
    sections: tuple[Mapping[str, Any], ...]
    main: int
    section: Mapping[str, Any]
    delegation: Delegation | None
    delegates: tuple[str, ...]
    is_gateway: bool
    is_default_gateway: bool
    hairpin: bool
    promiscuous: bool
    isolated: bool
    vlans: Vlans
    spoof_check: bool
    mtu: int | None
    ipam: Ipam
    rates: Rates
    tuned_mtu: int | None
    disable_check: bool
    disable_gc: bool

    @property
    def plugins(self) -> tuple[str, ...]:
        """Types of the plugins of the chain, in order."""
        return tuple(section["type"] for section in self.sections)

    @property
    def main_plugin(self) -> str:
        """Type of the main plugin."""
        return self.plugins[self.main]

    @property
    def wiring_plugin(self) -> str:
        """Type of the plugin that wires pods: the main plugin, or the one that it delegates to."""
        return str(self.section["type"])

    @property
    def switched(self) -> tuple[Settings, Settings]:
        """Settings that "tuning" turns on for the pods' eth0, and settings that it turns off."""
        return sysctls.switched(self.sections)

    @property
    def is_walled(self) -> bool:
        """True if "firewall" drops what the pods of a bridge send each other (release 1.7.0).

        On other kinds of plugins the policy has no such effect (its README).
        """
        policies = [s.get("ingressPolicy") for s in self.sections if s["type"] == "firewall"]
        return self.wiring_plugin == "bridge" and "isolated" in policies

    @property
    def excess_gateways(self) -> tuple[AddressWithPrefix, ...]:
        """IPv4 gateways of the ranges that the plugin's bridge cannot hold together."""
        holds = self.wiring_plugin == "bridge" and self.is_gateway
        return self.ipam.excess_gateways if holds else ()

    @property
    def hidden_ranges(self) -> tuple[Subnet, ...]:
        """Subnets of a set of ranges whose pods see the node's address in place of each other's.

        "ipMasq" masquerades what a pod sends to beyond the subnet of its own address
        (pkg/ip/ipmasq_linux.go, SetupIPMasq). Empty if it does not, or if there is one subnet.
        """
        routes = self.wiring_plugin == "ptp" or (self.wiring_plugin == "bridge" and self.is_gateway)
        return self.ipam.mixed if routes and self.section.get("ipMasq") is True else ()

    @property
    def is_apart(self) -> bool:
        """True if pods must not reach each other: by their ports, or by a packet filter."""
        return self.isolated or self.is_walled

    @property
    def dns(self) -> tuple[Mapping[str, Any], ...] | None:
        """DNS settings that the conflist states, for its plugins to report; None if others may be.

        Plugins of others may report a resolver of their own, and IPAM plugins one of a file or of
        a server (plugins/ipam/host-local, "resolvConf"; plugins/ipam/dhcp).
        """
        ipams = [s["ipam"] for s in self.sections if isinstance(s.get("ipam"), dict)]
        lent = any(ipam.get("resolvConf") or ipam.get("type") not in _OWN_DNS for ipam in ipams)
        if lent or self.delegation or reference.others(self.plugins):
            return None
        stated = (section.get("dns") for section in (*self.sections, *ipams))
        return tuple(dns for dns in stated if isinstance(dns, dict))

    def hides_neighbours(self, family: Family) -> bool:
        """Return whether a pod must not even find the MAC address of another one.

        A filter of IP packets drops neighbour solicitations, and lets ARP pass.
        """
        return self.isolated or (self.is_walled and family is Family.IPV6)

    def is_tuned(self, key: str) -> bool:
        """Return whether "tuning" turns a switch of the pods' interface on; the last one wins."""
        values = [s[key] for s in self.sections if s["type"] == "tuning" and key in s]
        return bool(values and values[-1] is True)

    def delegating(self, section: Mapping[str, Any]) -> "Conflist":
        """Return the same network with the whole configuration that the delegate was given.

        Raises:
            Malformed: the configuration breaks the format.
        """
        settings = _settings(reference.normalized(section), _network(self.delegation, self.name))
        return replace(self, **settings)

    def in_versions(self, version: str, contract_version: str) -> "Conflist":
        """Return the same network in other CNI versions: the runtime's, and the contract's."""
        text = document.in_version(self.text, version)
        return replace(self, text=text, version=version, contract_version=contract_version)


def read(path: Path) -> Conflist:
    """Read and check a conflist file, or a single plugin's .conf.

    Raises:
        CouldNotTest: the file cannot be read, or is not a usable conflist.
    """
    try:
        written = files.read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        remedy = f"Give --podpath-cni-conf a CNI conflist, such as {DEFAULT}"
        raise CouldNotTest(f"the conflist {path} cannot be read: {reason}", remedy) from None
    remedy = f"Correct it; a valid example is {DEFAULT}"
    try:
        return parse(written)
    except RecursionError:
        raise CouldNotTest(f"{path} is not a usable conflist: nested too deeply", remedy) from None
    except Malformed as error:
        raise CouldNotTest(f"{path} is not a usable conflist: {error}", remedy) from None


def in_directory(directory: Path) -> Path | None:
    """Return the file of a directory that a runtime uses for its pods; None without one.

    The runtime takes the first file by name (go-cni, loadFromConfDir). podpath passes over files
    that configure only the loopback interface, which have no pods' network.

    Raises:
        OSError: the directory cannot be read.
    """
    named = sorted(p for p in directory.iterdir() if p.suffix in SUFFIXES and p.is_file())
    return next((path for path in named if not _is_loopback_alone(path)), None)


def _is_loopback_alone(path: Path) -> bool:
    try:
        sections = document.parse(files.read_text(path)).sections
    except (OSError, UnicodeDecodeError, RecursionError, Malformed):
        return False  # read() gives the reason
    return all(section["type"] == LOOPBACK for section in sections)


def parse(written: str) -> Conflist:
    """Read the configuration in a conflist document.

    Raises:
        Malformed: the document breaks the format; the text gives the reason.
    """
    whole = document.parse(written)
    version = versions.highest(whole.versions) or whole.versions[0]
    position = main_of(whole.sections)
    check_single(whole.sections, position)
    main = whole.sections[position]
    delegation = delegations.of(main)
    wiring = delegation.section if delegation else main
    incomplete = bool(delegation and delegation.records)
    for section in (*whole.sections, wiring):
        reference.check_switches(section)
    settings = _settings(wiring, _network(delegation, whole.name), incomplete=incomplete)
    types = [s["type"] for s in whole.sections]
    types += [delegation.plugin] if delegation else []
    types += [wiring["type"], settings["ipam"].plugin]
    return Conflist(
        written=written,
        text=whole.text,
        name=whole.name,
        versions=whole.versions,
        version=version,
        contract_version=version,
        sections=whole.sections,
        main=position,
        delegation=delegation,
        delegates=tuple(dict.fromkeys(filter(None, types))),
        **settings,
        rates=rates.of(whole.sections),
        tuned_mtu=_tuned_mtu(whole.sections),
        disable_check=whole.disable_check,
        disable_gc=whole.disable_gc,
    )


def _network(delegation: Delegation | None, own: str) -> str:
    """Return the name of the network that the plugin which wires pods is given."""
    return (delegation.network if delegation else "") or own


def _settings(
    section: Mapping[str, Any], network: str, *, incomplete: bool = False
) -> dict[str, Any]:
    """Read the attributes of a conflist that the section of the wiring plugin has.

    Args:
        section: configuration of the plugin that wires pods.
        network: name of the network.
        incomplete: true if the ranges of addresses are not known yet.
    """
    check_bridge_name(section)
    is_default = typed(section, "isDefaultGateway", bool, False)
    return {
        "section": section,
        "is_gateway": typed(section, "isGateway", bool, False) or is_default,
        "is_default_gateway": is_default,
        "spoof_check": typed(section, "macspoofchk", bool, False),
        "hairpin": typed(section, "hairpinMode", bool, False),
        "promiscuous": typed(section, "promiscMode", bool, False),
        "isolated": typed(section, "portIsolation", bool, False),
        "vlans": vlans.of(section) if section["type"] == "bridge" else Vlans(),
        "mtu": mtu_of(section),
        "ipam": _ipam(section, network, incomplete=incomplete),
    }


def main_of(sections: tuple[Mapping[str, Any], ...]) -> int:
    """Return the position of the plugin that creates the pods' interfaces.

    Raises:
        Malformed: no plugin does.
    """
    for position, section in enumerate(sections):
        if section["type"] != LOOPBACK:
            return position
    raise Malformed(f'its only plugin is "{LOOPBACK}", which makes no interface for pods')


def check_single(sections: tuple[Mapping[str, Any], ...], main: int) -> None:
    """Check that no later plugin of the chain makes a pod's interface, too.

    Both would make the one that CNI_IFNAME names (CNI specification 1.1.0, section 2, ADD).
    """
    first, *later = (section["type"] for section in sections[main:])
    second = next((plugin for plugin in later if plugin in INTERFACE_MAKERS), "")
    if second and first in INTERFACE_MAKERS:
        raise Malformed(
            f'"{first}" and "{second}" both make the pods\' interface, so the second one fails ADD:'
            " each needs a conflist of its own"
        )


def _ipam(main: Mapping[str, Any], network: str, *, incomplete: bool) -> Ipam:
    """Read the IPAM section of a plugin, which may have none and an IPAM of its own."""
    section = typed(main, "ipam", dict, {})
    if not text(section, "type") and main["type"] in IPAM_USERS:
        raise Malformed(
            f'plugin "{main["type"]}" has no "ipam" with a "type", so pods get no address'
        )
    is_complete = main["type"] in reference.plugins() or names_networks(section)
    if incomplete or not is_complete:
        return Ipam.unstated(section, network)
    return Ipam.parse(section, network)


def check_bridge_name(main: Mapping[str, Any]) -> None:
    """Check that "bridge" is a name that an interface can have.

    Raises:
        Malformed: it is not.
    """
    name = text(main, "bridge")
    if name and (not _LINK_NAME.fullmatch(name) or len(name.encode()) > _LINK_NAME_BYTES):
        raise Malformed(f'"bridge" must be a name that an interface can have: {name!r}')


def _tuned_mtu(sections: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the MTU of the last "tuning" that sets one."""
    mtus = [mtu_of(section) for section in sections if section["type"] == "tuning"]
    return next(filter(None, reversed(mtus)), None)


def mtu_of(main: Mapping[str, Any]) -> int | None:
    """Return the MTU; plugins that are not reference plugins may take it as a text.

    Raises:
        Malformed: it is no MTU that an interface can have.
    """
    written = main.get("mtu")
    if isinstance(written, str) and main["type"] not in NUMBER_ONLY:
        if not re.fullmatch("[0-9]{0,9}", written):
            raise Malformed(f'"mtu" must be a number: {written!r}')
        mtu = int(written or 0)
    else:
        mtu = typed(main, "mtu", int, 0)
    if mtu and mtu not in _MTU:
        raise Malformed(f'"mtu" must be 0, or from {_MTU[0]} to {_MTU[-1]}: {mtu}')
    return mtu or None
