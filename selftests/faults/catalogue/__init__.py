"""The faults: each a few lines of shell, with what must turn red, and why."""

from selftests.faults.catalogue import (
    attachments,
    checksums,
    collected,
    container,
    contract,
    families,
    features,
    files,
    flows,
    hanging,
    healthy,
    ipv6,
    ipvlan,
    kubernetes,
    lasting,
    lifecycle,
    macvlan,
    path,
    ptp,
    routed,
    routes,
    settings,
    topology,
    translation,
    uplink,
    usable,
    vlan,
)
from selftests.faults.fault import Fault

# those that take longest first, so that none is left alone at the end
FAULTS = (
    *hanging.FAULTS,
    *path.FAULTS,
    *checksums.FAULTS,
    *container.FAULTS,
    *lifecycle.FAULTS,
    *ipv6.FAULTS,
    *lasting.FAULTS,
    *contract.FAULTS,
    *attachments.FAULTS,
    *collected.FAULTS,
    *features.FAULTS,
    *families.FAULTS,
    *translation.FAULTS,
    *flows.FAULTS,
    *ptp.FAULTS,
    *routed.FAULTS,
    *uplink.FAULTS,
    *macvlan.FAULTS,
    *settings.FAULTS,
    *topology.FAULTS,
    *routes.FAULTS,
    *usable.FAULTS,
    *files.FAULTS,
)
HEALTHY = (
    *healthy.PLUGINS,
    *checksums.PLUGINS,
    *ipv6.PLUGINS,
    *ptp.PLUGINS,
    *routed.PLUGINS,
    *uplink.PLUGINS,
    *macvlan.PLUGINS,
    *contract.PLUGINS,
    *attachments.PLUGINS,
    *lifecycle.PLUGINS,
    *lasting.PLUGINS,
    *features.PLUGINS,
    *translation.PLUGINS,
    *settings.PLUGINS,
    *routes.PLUGINS,
    *usable.PLUGINS,
    *files.PLUGINS,
)
#: These are tried on a kind cluster alone: selftests/kind.
OF_CLUSTERS = kubernetes.FAULTS
#: These need modules that not every kernel has, and are tried on one that has them:
#: selftests/virtual.py.
OF_MODULES = (*ipvlan.FAULTS, *vlan.FAULTS)
HEALTHY_OF_MODULES = (*ipvlan.PLUGINS, *vlan.PLUGINS)


def enough() -> tuple[Fault, ...]:
    """Few faults that turn every requirement red: those first that most are left for."""
    left = {requirement for fault in FAULTS for requirement in fault.reds}
    found = set()
    while left:
        most = max(FAULTS, key=lambda fault: len(left.intersection(fault.reds)))
        found.add(most.name)
        left.difference_update(most.reds)
    return tuple(fault for fault in FAULTS if fault.name in found)


def one_of_each() -> tuple[Fault, ...]:
    """The first healthy plugin of each way in which pods are wired."""
    first: dict[str, Fault] = {}
    for plugin in HEALTHY:
        first.setdefault(plugin.wiring, plugin)
    return tuple(first.values())
