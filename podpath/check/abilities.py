"""Features of a network, and those that its node decides on. Pure."""

from ipaddress import ip_interface

from podpath.cni import features
from podpath.cni.ipam import STATIC
from podpath.cni.network import Network
from podpath.requirements import CORE

_IPMASQ = "ipmasq"


def features_of(network: Network) -> tuple[str, ...]:
    """Return the features that a network has on every node, the core first."""
    open_ones = undecided(network)
    configured = (name for name in features.configured(network) if name not in open_ones)
    return (CORE, *(n for n in configured if n != features.IPV6 or _has_ipv6(network)))


def undecided(network: Network) -> tuple[str, ...]:
    """Return the features that a network may have: a file or a daemon of the node decides."""
    delegation = network.conflist.delegation
    depends = {
        _IPMASQ: delegation is not None and "ipMasq" in delegation.assumed,
        features.IPV6: not network.ipam.is_stated and network.ipam.plugin != STATIC,
    }
    return tuple(name for name in features.configured(network) if depends.get(name))


def _has_ipv6(network: Network) -> bool:
    """Return whether pods get IPv6 addresses, of which the plugin static has a list."""
    if network.ipam.plugin != STATIC:
        return True
    section = network.conflist.section["ipam"]
    entries = section.get("addresses")
    return any(_is_ipv6(entry) for entry in (entries if isinstance(entries, list) else ()))


def _is_ipv6(entry: object) -> bool:
    address = entry.get("address") if isinstance(entry, dict) else None
    try:
        return ip_interface(str(address)).version == 6
    except ValueError:
        return False
