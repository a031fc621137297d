"""Plain frozen values that the stages pass on. They do not depend on the kernel."""

from podpath.model.addresses import (
    ANYWHERE,
    Address,
    AddressWithPrefix,
    Family,
    Subnet,
    ip_addresses,
    is_within,
)
from podpath.model.difference import Difference, listed
from podpath.model.losses import Cause, Count, Dropped, Loss
from podpath.model.packets import Observation, Packet, Sighting, TapProof
from podpath.model.paths import Hop, Path, Translation
from podpath.model.place import Direction, Place
from podpath.model.process import CommandResult
from podpath.model.topology import (
    BEYOND,
    NODE,
    POD_INTERFACE,
    STACKED,
    Bridge,
    FdbEntry,
    Inherited,
    Interface,
    Namespace,
    Neighbour,
    PodNetwork,
    Port,
    PortVlan,
    Route,
    Rule,
    Settings,
    Topology,
)

__all__ = [
    "ANYWHERE",
    "BEYOND",
    "NODE",
    "POD_INTERFACE",
    "STACKED",
    "Address",
    "AddressWithPrefix",
    "Bridge",
    "Cause",
    "CommandResult",
    "Count",
    "Difference",
    "Direction",
    "Dropped",
    "Family",
    "FdbEntry",
    "Hop",
    "Inherited",
    "Interface",
    "Loss",
    "Namespace",
    "Neighbour",
    "Observation",
    "Packet",
    "Path",
    "Place",
    "PodNetwork",
    "Port",
    "PortVlan",
    "Route",
    "Rule",
    "Settings",
    "Sighting",
    "Subnet",
    "TapProof",
    "Topology",
    "Translation",
    "ip_addresses",
    "is_within",
    "listed",
]
