"""Faults of bridges that have the node's uplink as a port, around the reference bridge plugin."""

from functools import partial

from selftests.faults.fault import Fault
from selftests.suite import ROOT

_uplink = partial(Fault, network=ROOT / "selftests/profiles/uplink.conflist", profile="uplink")

FAULTS = (
    _uplink(
        name="uplink: the uplink is no port of the bridge",
        source="own",
        reds={"TOPO-BRIDGE-MEMBERS": "missing port at node cni0: expected eth0 a port"},
        under={"PATH-ARP": "TOPO-BRIDGE-MEMBERS"},
        near=frozenset({"PATH-ICMP"}),
    ),
)

PLUGINS = (
    _uplink(
        name="bridge with the uplink as a port",
        source="",
        reds={},
        near=frozenset(
            {
                *("TOPO-BRIDGE-MEMBERS", "TOPO-NODE-ROUTE", "PATH-HTTP", "PATH-UDP", "PATH-ARP"),
                *("PATH-BYSTANDER", "PATH-UNCHANGED", "LIFE-DELETE"),
            }
        ),
        after="ip link set eth0 master cni0",
    ),
)
