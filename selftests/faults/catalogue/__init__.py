"""The faults: each a few lines of shell, with what must turn red, and why."""

from selftests.faults.catalogue import (
    contract,
    features,
    healthy,
    ipv6,
    kubernetes,
    lifecycle,
    macvlan,
    path,
    ptp,
    topology,
)
from selftests.faults.fault import Fault

# those that take longest first, so that none is left alone at the end
FAULTS = (
    *path.FAULTS,
    *lifecycle.FAULTS,
    *ipv6.FAULTS,
    *contract.FAULTS,
    *features.FAULTS,
    *ptp.FAULTS,
    *macvlan.FAULTS,
    *topology.FAULTS,
)
HEALTHY = (
    *healthy.PLUGINS,
    *ipv6.PLUGINS,
    *ptp.PLUGINS,
    *macvlan.PLUGINS,
    *contract.PLUGINS,
    *features.PLUGINS,
)
#: These are tried on a kind cluster alone: selftests/kind.
OF_CLUSTERS = kubernetes.FAULTS


def enough() -> tuple[Fault, ...]:
    """As few faults, in their order, as it takes to turn every requirement red."""
    proven: set[str] = set()
    found = []
    for fault in FAULTS:
        if not proven.issuperset(fault.reds):
            proven.update(fault.reds)
            found.append(fault)
    return tuple(found)
