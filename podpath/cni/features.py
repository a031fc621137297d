"""Features: abilities beyond the core that a configuration may require of plugins, as data. Pure.

The model is the Gateway API's conformance profiles. All tests of the core must pass. A feature is
tested if the configuration requires it; for each other feature the report gives the reason.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass

from podpath.cni.conflist import Conflist
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import Family, spelling
from podpath.requirements import CORE, REQUIREMENTS, Ability

#: Reason for a feature that the user excludes from the tests.
WAIVED = "waived by --podpath-features"
OPTION = "--podpath-features"

IPV6 = "ipv6"


@dataclass(frozen=True, slots=True)
class Feature:
    """An ability that plugins may have, and that pods get where it is configured.

    Attributes:
        name: name in options and reports.
        about: description in one sentence.
        setting: setting of a conflist that requires the feature.
        detect: function that returns whether a conflist requires the feature.
        shown: requirements of the core whose tests check the feature, too, if it is configured.
        kinds: kinds of path that a profile must have for the feature.
    """

    name: str
    about: str
    setting: str
    detect: Callable[[Conflist], bool]
    shown: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def _capable(capability: str) -> Callable[[Conflist], bool]:
    """Return a function that checks whether any plugin of a chain has a capability."""
    return lambda conflist: any(has_capability(s, capability) for s in conflist.sections)


def has_capability(section: Mapping[str, object], name: str) -> bool:
    """Return whether the runtime passes this capability to the plugin of a section."""
    capabilities = section.get("capabilities")
    return isinstance(capabilities, dict) and capabilities.get(name) is True


_ALL = (
    Feature(
        "hairpin",
        "A bridge port sends back what came from it, so that a pod reaches itself from outside.",
        '"hairpinMode": true in the main plugin',
        lambda conflist: conflist.hairpin,
        shown=("TOPO-BRIDGE-PORT", "PATH-ARP"),
    ),
    Feature(
        "isolation",
        "Pods reach their gateway, and not each other.",
        '"portIsolation": true in the main plugin, or "ingressPolicy": "isolated" in "firewall"',
        lambda conflist: conflist.is_apart,
        shown=("TOPO-BRIDGE-PORT",),
        kinds=("isolated",),
    ),
    Feature(
        "vlan",
        "Pods are in a VLAN of the bridge: they reach each other and their gateway, and no others.",
        '"vlan" or "vlanTrunk" in the main plugin',
        lambda conflist: bool(conflist.vlans),
        shown=("TOPO-BRIDGE-PORT", "TOPO-BRIDGE-GATEWAY", "PATH-ICMP", "PATH-GATEWAY"),
    ),
    Feature(
        "ipmasq",
        "Packets of pods to beyond the node have the node's address.",
        '"ipMasq": true in the main plugin',
        lambda network: bool(network.section.get("ipMasq")),
        kinds=("outward", "inward"),
    ),
    Feature(
        "portmap",
        "A port of the node leads to one of a pod's.",
        '"capabilities": {"portMappings": true} in a plugin',
        _capable("portMappings"),
        kinds=("host-port-routed", "from-node", "to-node", "outward", "inward"),
    ),
    Feature(
        "bandwidth",
        "What a container sends and receives is limited to a rate.",
        '"capabilities": {"bandwidth": true} in a plugin',
        _capable("bandwidth"),
    ),
    Feature(
        "static-ip",
        "A container has the address that the runtime asks for.",
        '"capabilities": {"ips": true} in a plugin',
        _capable("ips"),
    ),
    Feature(
        "static-mac",
        "A container has the MAC address that the runtime asks for.",
        '"capabilities": {"mac": true} in a plugin',
        _capable("mac"),
    ),
    Feature(
        IPV6,
        "Pods have IPv6 addresses.",
        "a range of IPv6 addresses in the IPAM section",
        lambda conflist: Family.IPV6 in conflist.ipam.families,
    ),
)

#: Name -> feature, the features of the wiring first.
FEATURES: Mapping[str, Feature] = {feature.name: feature for feature in _ALL}


def chosen(network: Network, node: str, abilities: Ability, option: str = "") -> dict[str, str]:
    """Return for each feature the reason why it is not tested; empty if it is tested.

    Args:
        network: the pods' network.
        node: kind of node, as --podpath-node names it.
        abilities: abilities of this kind of node.
        option: value of --podpath-features: "+x,-y" claims x and waives y.

    Raises:
        CouldNotTest: the option is not understood, or claims a feature that cannot be tested.
    """
    signs = _signs(option)
    reasons = {}
    for name, feature in FEATURES.items():
        why = _absent(feature, network) or _beyond(feature, node, abilities)
        if signs.get(name) == "+" and why:
            raise CouldNotTest(
                f'{OPTION} claims the feature "{name}", but {why}',
                f"Leave out +{name}, or configure {feature.setting}",
            )
        reasons[name] = WAIVED if signs.get(name) == "-" and not why else why
    if reasons[IPV6] == WAIVED and Family.IPV4 not in network.families:
        raise CouldNotTest(f"{OPTION} waives ipv6, and pods have no other addresses")
    return reasons


def configured(network: Network) -> tuple[str, ...]:
    """Return the features that a network has, whatever kind of node it is tested on."""
    return tuple(name for name, feature in FEATURES.items() if not _absent(feature, network))


def _signs(option: str) -> dict[str, str]:
    """Return feature -> "+" or "-"."""
    signs: dict[str, str] = {}
    for word in filter(None, map(str.strip, option.split(","))):
        sign, name = word[0], word[1:].lower()
        if sign not in "+-":
            raise CouldNotTest(f"{OPTION} {word} is not understood", f"Write +{word} or -{word}")
        if name == CORE:
            raise CouldNotTest(
                f"{OPTION} {word}: the core is always tested", "Select tests with pytest's -k"
            )
        if name not in FEATURES:
            raise CouldNotTest(f'{OPTION}: there is no feature "{name}"', _similar(name))
        if signs.setdefault(name, sign) != sign:
            raise CouldNotTest(f"{OPTION} both claims and waives {name}", "Leave out one of them")
    return signs


def _similar(name: str) -> str:
    alike = spelling.closest(name, FEATURES)
    return f"Did you mean {alike}?" if alike else f"There are: {', '.join(FEATURES)}"


def _absent(feature: Feature, network: Network) -> str:
    """Return why the network does not have the feature; empty if it does."""
    if not feature.detect(network.conflist):
        return f"the conflist does not ask for it: {feature.setting}"
    if lacking := [kind for kind in feature.kinds if kind not in network.profile.paths]:
        return f"the profile {network.profile.name} has no path of the kind {lacking[0]}"
    return ""


def _beyond(feature: Feature, node: str, abilities: Ability) -> str:
    """Return why no test can check the feature on this kind of node; empty if one can."""
    needs = [REQUIREMENTS[i].needs for i in (*requirements(feature.name), *feature.shown)]
    if needs and not any(need in abilities for need in needs):
        return f"it cannot be looked at on the {node} node"
    return ""


def requirements(feature: str) -> tuple[str, ...]:
    """Return the ids of the requirements that belong to a feature, or to the core."""
    return tuple(i for i, r in REQUIREMENTS.items() if r.feature == feature)


def of_test(
    ids: Iterable[str], family: Family | None, network: Network, waived: Container[str] = ()
) -> tuple[str, ...]:
    """Return the names that a test counts for: the core, features, or both.

    A test of both IP versions counts for the core in IPv4, and for the feature in IPv6. Where pods
    have IPv6 alone, it counts for both.

    Args:
        ids: requirements that the test checks.
        family: IP version that the test uses; None if it uses none in particular.
        network: the pods' network.
        waived: features that a test of the core does not count for, although it shows them.
    """
    names = [REQUIREMENTS[i].feature for i in ids]
    names += [f.name for f in _ALL for i in ids if i in f.shown and f.detect(network.conflist)]
    if family is Family.IPV6:
        names.append(IPV6)
        if Family.IPV4 in network.families:
            names = [name for name in names if name != CORE]
    return tuple(name for name in dict.fromkeys(names) if name == CORE or name not in waived)
