"""Interface for tests of third parties, which import the names in `__all__` and no others."""

from importlib import import_module
from typing import TYPE_CHECKING

from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest, DoesNotConform, Inconclusive
from podpath.testing.marks import both_directions, each_family, each_pod, requirement

if TYPE_CHECKING:
    from podpath.cni.network import Network
    from podpath.model import Difference, Direction, Family, Hop, Interface, Path, Topology
    from podpath.nodes.base import Node
    from podpath.nodes.deployment import Deployment
    from podpath.nodes.embedded.guests import Bounds, GuestResult, run_guest
    from podpath.nodes.pod import Pod, PodSpec
    from podpath.paths.observe import Observed
    from podpath.paths.probes import Probe
    from podpath.paths.traffic import Traffic, Traffics
    from podpath.report.outcome import Outcome, Verdict
    from podpath.requirements import REQUIREMENTS
    from podpath.testing.checking import check, impatient
    from podpath.testing.opened import OpenNode, attach, deploy, open_node, prove, standing_nodes
    from podpath.testing.options import NodeOptions
    from podpath.topology.wiring import Wiring

__all__ = [
    "COULD_NOT_TEST_STATUS",
    "REQUIREMENTS",
    "Bounds",
    "CouldNotTest",
    "Deployment",
    "Difference",
    "Direction",
    "DoesNotConform",
    "Family",
    "GuestResult",
    "Hop",
    "Inconclusive",
    "Interface",
    "Network",
    "Node",
    "NodeOptions",
    "Observed",
    "OpenNode",
    "Outcome",
    "Path",
    "Pod",
    "PodSpec",
    "Probe",
    "Topology",
    "Traffic",
    "Traffics",
    "Verdict",
    "Wiring",
    "attach",
    "both_directions",
    "check",
    "deploy",
    "each_family",
    "each_pod",
    "impatient",
    "open_node",
    "prove",
    "requirement",
    "run_guest",
    "standing_nodes",
]

#: Module -> names to import at their first use, which keeps the import of a conftest light.
_HOMES = {
    "podpath.cni.network": ("Network",),
    "podpath.model": (
        *("Difference", "Direction", "Family", "Hop", "Interface", "Path", "Topology"),
    ),
    "podpath.nodes.base": ("Node",),
    "podpath.nodes.deployment": ("Deployment",),
    "podpath.nodes.embedded.guests": ("Bounds", "GuestResult", "run_guest"),
    "podpath.nodes.pod": ("Pod", "PodSpec"),
    "podpath.paths.observe": ("Observed",),
    "podpath.paths.probes": ("Probe",),
    "podpath.paths.traffic": ("Traffic", "Traffics"),
    "podpath.report.outcome": ("Outcome", "Verdict"),
    "podpath.requirements": ("REQUIREMENTS",),
    "podpath.testing.checking": ("check", "impatient"),
    "podpath.testing.opened": (
        *("OpenNode", "attach", "deploy", "open_node", "prove", "standing_nodes"),
    ),
    "podpath.testing.options": ("NodeOptions",),
    "podpath.topology.wiring": ("Wiring",),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a name at its first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the names that tests may import."""
    return __all__
