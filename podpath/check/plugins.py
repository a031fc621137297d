"""Mistakes in the section of one reference plugin. Pure.

Each was seen to fail ADD with the reference plugins 1.1.1 and 1.9.1, or to have no effect.
"""

from collections.abc import Callable, Iterator, Mapping

from podpath.check import keys
from podpath.check.findings import Finding
from podpath.check.sections import Section
from podpath.cni import conflist, features, rates, reference, vlans
from podpath.cni.fields import Malformed, typed

#: Plugin -> key -> values that it knows; an empty text is the default.
_CHOICES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "macvlan": {"mode": ("bridge", "private", "vepa", "passthru")},
    "ipvlan": {"mode": ("l2", "l3", "l3s")},
    "firewall": {"ingressPolicy": ("open", "same-bridge", "isolated")},
    "bridge": {"ipMasqBackend": ("iptables", "nftables")},
    "ptp": {"ipMasqBackend": ("iptables", "nftables")},
    "portmap": {"backend": ("iptables", "nftables")},
}
#: What runtimes pass by name. Source: CONVENTIONS.md of the CNI specification.
_CAPABILITIES = (
    *("portMappings", "ipRanges", "bandwidth", "dns", "ips", "mac", "infinibandGUID", "deviceID"),
    *("aliases", "cgroupPath"),
)
#: Reference plugins that call an IPAM plugin always (ptp.go, vlan.go, ipvlan.go).
_NEED_IPAM = frozenset({"ipvlan", "ptp", "vlan"})
_IPV6_LEAST_MTU = 1280  # RFC 8200, section 5


def check(section: Section) -> Iterator[Finding]:
    """Yield the findings of a plugin's section."""
    if section.plugin not in reference.plugins():
        return
    yield from _attempt(section, lambda: reference.check_switches(section.data))
    yield from _attempt(section, lambda: conflist.mtu_of(section.data))
    yield from _capabilities(section)
    yield from _choices(section)
    rule = _RULES.get(section.plugin)
    if rule:
        yield from rule(section)
    is_chained = not section.is_main or "prevResult" in section.data
    if section.plugin in _NEED_IPAM and not is_chained and not section.ipam.get("type"):
        yield section.wrong(f'"{section.plugin}" has no "ipam" with a "type", so ADD fails')


def _attempt(section: Section, read: Callable[[], object]) -> Iterator[Finding]:
    """Yield the mistake because of which the section cannot be read, at the key that it names."""
    try:
        read()
    except Malformed as error:
        text = str(error)
        key = text.partition('"')[2].partition('"')[0]
        value = section.data.get(key)
        remedy = f'Write "{key}": {value}' if _is_plain(value) else ""
        yield section.wrong(text, key, remedy=remedy)


def _is_plain(value: object) -> bool:
    """Return whether a text is a number or a switch that only lacks its type."""
    return isinstance(value, str) and (value.isdecimal() or value in ("true", "false"))


def _capabilities(section: Section) -> Iterator[Finding]:
    given = section.data.get("capabilities")
    if given is not None and not isinstance(given, dict):
        yield section.wrong('"capabilities" must be an object', "capabilities")
        return
    for name, value in (given or {}).items():
        if not isinstance(value, bool):
            remedy = f'Write "{name}": {value}' if _is_plain(value) else ""
            text = f'the capability "{name}" must be true or false'
            yield section.wrong(text, "capabilities", name, remedy=remedy)
        if name not in _CAPABILITIES and (meant := keys.misspelt(name, _CAPABILITIES)):
            text = f'no runtime knows the capability "{name}"'
            yield section.wrong(text, "capabilities", name, remedy=f'Did you mean "{meant}"?')


def _choices(section: Section) -> Iterator[Finding]:
    for key, known in _CHOICES.get(section.plugin, {}).items():
        value = section.data.get(key)
        if value not in (None, "", *known):
            text = f'"{section.plugin}" knows no {key} {value!r}'
            yield section.wrong(text, key, remedy=f"It knows {', '.join(known)}")


def _bridge(section: Section) -> Iterator[Finding]:
    data = section.data
    yield from _attempt(section, lambda: conflist.check_bridge_name(data))
    yield from _attempt(section, lambda: vlans.of(data))
    if data.get("hairpinMode") is True and data.get("promiscMode") is True:
        yield section.wrong(
            '"hairpinMode" and "promiscMode" exclude each other, so ADD fails',
            "promiscMode",
            remedy="Leave one of them out",
        )
    is_gateway = data.get("isGateway") is True or data.get("isDefaultGateway") is True
    if data.get("ipMasq") is True and not is_gateway and not section.is_delegate:
        yield section.note(
            '"ipMasq" has no effect without "isGateway": the node does not route for these pods',
            "ipMasq",
        )
    if not section.ipam.get("type") and not section.is_delegate:
        yield section.note('without an "ipam" pods get an interface and no address')
    yield from _too_new(section)


def _macvlan(section: Section) -> Iterator[Finding]:
    if not section.data.get("master"):
        yield section.note('without a "master" it takes the interface of the node\'s default route')
    if not section.ipam.get("type"):
        yield section.note('without an "ipam" pods get an interface and no address')


def _portmap(section: Section) -> Iterator[Finding]:
    if not features.has_capability(section.data, "portMappings"):
        yield section.note(
            'without "capabilities": {"portMappings": true} the runtime passes it no ports, and it'
            " does nothing"
        )
    yield from _too_new(section)


def _bandwidth(section: Section) -> Iterator[Finding]:
    yield from _attempt(section, lambda: rates.of([section.data]))
    has_rate = any(section.data.get(key) for key in ("ingressRate", "egressRate"))
    if not has_rate and not features.has_capability(section.data, rates.PLUGIN):
        yield section.note(
            'without rates and without "capabilities": {"bandwidth": true} it does nothing'
        )


def _tuning(section: Section) -> Iterator[Finding]:
    try:
        settings: dict[str, object] = typed(section.data, "sysctl", dict, {})
    except Malformed as error:
        yield section.wrong(str(error), "sysctl")
        return
    for name, value in settings.items():
        if not isinstance(value, str):
            text = f'the value of "{name}" must be a text, so ADD fails'
            remedy = f'Write "{name}": "{value}"'
            yield section.wrong(text, "sysctl", name, remedy=remedy)
        if not name.replace("/", ".").startswith("net."):
            text = f'"tuning" sets no "{name}": it takes names that begin with "net.", so ADD fails'
            yield section.wrong(text, "sysctl", name)


def _too_new(section: Section) -> Iterator[Finding]:
    for key, release in reference.plugins()[section.plugin].since.items():
        if section.data.get(key):
            text = f'releases of the reference plugins before {release} ignore "{key}"'
            yield section.note(text, key)


_RULES: Mapping[str, Callable[[Section], Iterator[Finding]]] = {
    "bridge": _bridge,
    "macvlan": _macvlan,
    "portmap": _portmap,
    "bandwidth": _bandwidth,
    "tuning": _tuning,
}


def of_neighbours(sections: tuple[Section, ...]) -> Iterator[Finding]:
    """Yield the findings that two plugins of a chain have together."""
    bridge = next((s for s in sections if s.plugin == "bridge" and s.is_main), None)
    portmap = next((s for s in sections if s.plugin == "portmap"), None)
    if bridge is None or portmap is None:
        return
    reflects = bridge.data.get("hairpinMode") is True or bridge.data.get("promiscMode") is True
    if features.has_capability(portmap.data, "portMappings") and not reflects:
        yield bridge.note(
            'without "hairpinMode" a pod does not reach itself by its own mapped port'
        )


def small_mtu(section: Section, *, has_ipv6: bool) -> Iterator[Finding]:
    """Yield a mistake if the MTU is too small for IPv6, which the kernel then turns off."""
    mtu = section.data.get("mtu")
    is_small = isinstance(mtu, int) and 0 < mtu < _IPV6_LEAST_MTU
    if is_small and has_ipv6 and section.plugin in reference.plugins():
        yield section.wrong(
            f"IPv6 needs an MTU of at least {_IPV6_LEAST_MTU}, so ADD of an IPv6 address fails with"
            f" {mtu}",
            "mtu",
        )
