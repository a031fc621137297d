"""Settings of a conflist that no profile covers, so that the path of packets is unknown. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from podpath.cni import conditions, rates, reference
from podpath.cni.conflist import Conflist
from podpath.cni.fields import Malformed
from podpath.errors import CouldNotTest
from podpath.model import Family, Subnet, is_within

#: In place of a plugin's type: none can be a type, as a type is the name of a program.
MAIN, ANY, OTHER = "/main", "/any", "/other"

_ASK_FOR_RATE = (
    'Leave it out, and set "capabilities": {"bandwidth": true}: podpath then asks for a rate itself'
)
_LEAVE_OUT = "Leave it out: all else of the plugin can be tested without it"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A plugin of a chain, or some of its settings, whose effect podpath does not know.

    Attributes:
        plugin: type of the plugin; MAIN for the main one; ANY for each; OTHER for each one that is
            no reference plugin.
        settings: keys of which one suffices; empty if the plugin itself is unknown. A dot leads
            into an object.
        does: effect of it, and why podpath does not know what to expect.
        remedy: change of the conflist that makes it usable.
        value: value of the settings that is unknown; None for any value that turns them on.
        known: types of plugins whose settings of these names podpath knows.
    """

    plugin: str
    settings: tuple[str, ...]
    does: str
    remedy: str = _LEAVE_OUT
    value: str | None = None
    known: tuple[str, ...] = ()

    def part_of(self, section: Mapping[str, Any], *, main: bool) -> str:
        """Return the part of a plugin's section that is unknown, in words; empty if none."""
        kind = section.get("type")
        applies = {
            ANY: True,
            MAIN: main,
            OTHER: kind not in reference.plugins(),
        }
        if kind in self.known or not applies.get(self.plugin, self.plugin == kind):
            return ""
        plugin = f'the plugin "{kind}"'
        if not self.settings:
            return plugin
        return next(
            (f'"{key}" of {plugin}' for key in self.settings if self._is_on(section, key)), ""
        )

    def _is_on(self, section: Mapping[str, Any], key: str) -> bool:
        value: Any = section
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value == self.value if self.value is not None else bool(value)


_USE_MACVLAN = 'Use "macvlan" or "ipvlan", with a VLAN link of the node as its "master"'
_LINK_IN_POD = "looks for the lower link in the pod, and podpath has none there"
_LINKS_IN_POD = (
    Unknown("vlan", ("linkInContainer",), _LINK_IN_POD, _USE_MACVLAN),
    Unknown(MAIN, ("linkInContainer",), _LINK_IN_POD),
)

_WAYS = (
    Unknown(
        MAIN,
        ("vlan", "vlanTrunk"),
        "lets pods reach some and not others, and podpath does not know whom",
        known=("bridge",),
    ),
    Unknown(
        MAIN,
        ("disableContainerInterface",),
        "leaves the pods' interface down and without addresses, so there is no path to test",
    ),
    Unknown(
        ANY,
        ("runtimeConfig", "args.cni"),
        "gives every pod what a runtime gives to one, such as an address",
        'Leave it out; with "capabilities", podpath asks for addresses, ports and rates itself',
    ),
    *_LINKS_IN_POD,
    Unknown("macvlan", ("mac",), "gives every pod the same MAC address"),
    Unknown("tuning", ("mac",), "gives every pod the same MAC address"),
    Unknown(
        "bandwidth",
        ("shapedSubnets", "unshapedSubnets"),
        "limits what pods send to some networks only (release 1.5), and podpath does not know the"
        " queues",
    ),
    Unknown(
        OTHER,
        ("ingressRate", "egressRate"),
        "limits every pod, and podpath does not know the way that their packets take then",
        _ASK_FOR_RATE,
    ),
    Unknown(
        "vlan",
        (),
        "makes one link for its VLAN, and the kernel lets a lower link have no second one for it"
        " (net/8021q/vlan.c, vlan_check_real_dev): a node can have one pod of this network, and"
        " the suite needs several",
        _USE_MACVLAN,
    ),
    Unknown(
        "host-device",
        (),
        "moves one link of the node into one pod, and the suite needs several pods",
        'Use "macvlan" or "ipvlan", with the link as its "master"',
    ),
    Unknown(
        "dummy",
        (),
        "makes an interface that drops what the pod sends, so no packet reaches another pod",
        "Test the plugin that makes the pods' eth0",
    ),
    Unknown(
        "tap",
        (),
        "makes an interface for a virtual machine, and the pods of the suite are no virtual"
        " machines",
        'Test the network with "bridge" in its place',
    ),
    Unknown(
        "tc-redirect-tap",
        (),
        "leads what a pod receives to a virtual machine, and the pods of the suite are no virtual"
        " machines",
        "Leave it out: the plugins before it can be tested without it",
    ),
    Unknown(
        "sbr",
        (),
        "routes what pods send by its own rules, and podpath does not know the way that it takes",
        "Leave it out: the plugins before it can be tested without it",
    ),
    Unknown(
        "vrf",
        (),
        "gives pods' interfaces a routing table of their own, and podpath does not know its routes",
        "Leave it out: the plugins before it can be tested without it",
    ),
)

_CONDITIONS = Unknown(
    "portmap",
    tuple(conditions.KEYS.values()),
    "has conditions other than on the source and the destination, which podpath cannot read",
)

_WALL = Unknown(
    "firewall",
    ("ingressPolicy",),
    "is for the pods of a bridge, and may not work as expected without one (its documentation)",
    'Use the policy "open" or "same-bridge"',
    value="isolated",
)

_SCARCE = Unknown(
    rates.PLUGIN,
    ("ingressRate", "egressRate"),
    "limits every pod so much that packets of the suite may be dropped as configured",
    f"Give a rate of at least {rates.LEAST_RATE} and a burst of at least {rates.LEAST_BURST}."
    f" {_ASK_FOR_RATE.replace('Leave it out', 'Or leave it out')}",
)

_DETOUR = Unknown(
    MAIN,
    ("routes",),
    "leads pods to each other by the gateway, which redirects them: podpath does not know which of"
    " the two ways their packets take",
    "Leave it out: pods have a route to their own network already",
)
#: Plugins whose pods are neighbours on one link.
_ON_ONE_LINK = ("bridge", "macvlan")


def check_main(conflist: Conflist, path: object) -> None:
    """Check that no profile is needed for the main plugin that none can cover. Pure.

    Args:
        conflist: conflist to check.
        path: file of the conflist, for the message.

    Raises:
        CouldNotTest: podpath cannot test the plugin, whatever its settings.
    """
    without_settings = (unknown for unknown in _WAYS if not unknown.settings)
    for unknown in (*_LINKS_IN_POD, *without_settings):
        if words := unknown.part_of(conflist.section, main=True):
            raise CouldNotTest(f"{words} in {path} {unknown.does}", unknown.remedy)


def check(conflist: Conflist, path: object) -> None:
    """Check that a conflist has no setting that no profile covers. Pure.

    Args:
        conflist: conflist to check.
        path: file of the conflist, for the message.

    Raises:
        CouldNotTest: the conflist has such a setting.
    """
    for words, unknown in _parts(conflist):
        raise CouldNotTest(f"{words} in {path} {unknown.does}", unknown.remedy)


def _parts(conflist: Conflist) -> Iterator[tuple[str, Unknown]]:
    """Yield each unknown part, in words."""
    for number, section in enumerate(conflist.sections):
        is_main = number == conflist.main
        for unknown in _WAYS:
            if words := unknown.part_of(conflist.section if is_main else section, main=is_main):
                yield words, unknown
        if not _are_readable(section) and (words := _CONDITIONS.part_of(section, main=is_main)):
            yield words, _CONDITIONS
        if not conflist.is_walled and (words := _WALL.part_of(section, main=is_main)):
            yield words, _WALL
    for route in _detours(conflist):
        yield f'the route to {route} of "ipam"', _DETOUR
    if not conflist.rates.is_ample:
        yield f'"ingressRate" or "egressRate" of the plugin "{rates.PLUGIN}"', _SCARCE


def _detours(conflist: Conflist) -> Iterator[Subnet]:
    """Yield the pods' own networks to which they have a route by the gateway.

    The plugin adds it in front of the route on the link (pkg/ipam/ipam_linux.go, ConfigureIface).
    """
    if conflist.wiring_plugin not in _ON_ONE_LINK:
        return
    subnets = [ip_range.subnet for ranges in conflist.ipam.sets for ip_range in ranges]
    for route in conflist.ipam.routes:
        if route.is_plain and any(is_within(route.destination, subnet) for subnet in subnets):
            yield route.destination


def _are_readable(section: Mapping[str, Any]) -> bool:
    try:
        return all(conditions.of([section], family) is not None for family in Family)
    except Malformed:
        return False


def refuses(plugin: str, key: str) -> bool:
    """Return whether a key of a plugin is refused, at least with some value. Pure."""
    return any(
        unknown.plugin in (plugin, MAIN, ANY) and (not unknown.settings or key in unknown.settings)
        for unknown in (*_WAYS, _WALL, _CONDITIONS, _SCARCE)
    )
