"""Faults of the bridge plugin's VLANs, and of bridges that filter VLANs unasked.

They need a kernel that can filter VLANs on a bridge. The reference plugin that is wrapped may leave
ports in VLAN 1, and may not know trunks: the wrapper does what later releases do.
"""

from functools import partial

from selftests.faults.fault import Fault
from selftests.suite import ROOT

_LEAVE = 'bridge vlan delete dev "$HOST" vid 1'
_GATEWAY_LEAVES = r"""port=$(ip -o link show dev cni0.100 | sed 's/.*@\([^:]*\):.*/\1/')
  [ -z "$port" ] || bridge vlan delete dev "$port" vid 1"""
_HEALTHY = f"{_LEAVE}; {_GATEWAY_LEAVES}"
_TRUNK = 'for v in 200 300 301 302; do bridge vlan add dev "$HOST" vid $v; done'

# without masquerading, as a kernel that has VLANs may lack the tables for it
_masqueraded = partial(Fault, network=ROOT / "examples/vlan.conflist")
_tagged = partial(_masqueraded, configure=lambda bridge: bridge.update(ipMasq=False))
_trunk = partial(_tagged, network=ROOT / "examples/vlan-trunk.conflist")
_bridged = partial(_tagged, configure=lambda bridge: bridge.update(isGateway=False, ipMasq=False))
_untagged = partial(Fault, configure=lambda bridge: bridge.update(ipMasq=False))

_BY_PORT = dict.fromkeys(("PATH-ICMP", "PATH-HTTP", "PATH-VLAN"), "TOPO-BRIDGE-PORT")
_NEAR = frozenset(
    {
        *("TOPO-BRIDGE-PORT", "TOPO-BRIDGE-GATEWAY", "TOPO-NODE-LINKS", "TOPO-NODE-ROUTE"),
        *("PATH-ICMP", "PATH-HTTP", "PATH-ARP", "PATH-BYSTANDER", "PATH-GATEWAY", "PATH-VLAN"),
        *("PATH-MASQUERADE", "LIFE-DELETE", "LIFE-OTHERS", "LIFE-REUSE", "CNI-DEL"),
    }
)

FAULTS = (
    _tagged(
        name="vlan: ports of pods are still in VLAN 1",
        source="containernetworking/plugins issue 667",
        reds={
            "TOPO-BRIDGE-PORT": "expected 100 PVID untagged, saw 1 untagged, 100 PVID untagged",
        },
        under={"PATH-VLAN": "TOPO-BRIDGE-PORT"},
        near=frozenset({"TOPO-BRIDGE-GATEWAY", "PATH-GATEWAY"}),
        after=_GATEWAY_LEAVES,
    ),
    _tagged(
        name="vlan: the gateway's port is still in VLAN 1",
        source="containernetworking/plugins issue 667",
        reds={
            "TOPO-BRIDGE-GATEWAY": "(port of cni0.100): expected 100 PVID untagged, saw 1 untagged",
        },
        under={"PATH-VLAN": "TOPO-BRIDGE-GATEWAY"},
        near=frozenset({"TOPO-BRIDGE-PORT", "PATH-GATEWAY"}),
        after=_LEAVE,
    ),
    _bridged(
        name="vlan: it is ignored",
        source="own: a plugin that does not know the key",
        reds={
            "TOPO-BRIDGE-GATEWAY": "VLAN filtering at node cni0: expected on, saw off",
        },
        under=dict.fromkeys(
            ("TOPO-BRIDGE-PORT", "PATH-ICMP", "PATH-HTTP", "PATH-VLAN"), "TOPO-BRIDGE-GATEWAY"
        ),
        first="""input=$(flat "$input" | sed 's/"vlan":100/"vlan":0/')""",
    ),
    _bridged(
        name="vlan: one pod is in another VLAN",
        source="own",
        reds={
            "TOPO-BRIDGE-PORT": "VLANs at node veth",
        },
        under=_BY_PORT,
        untestable=frozenset({"LIFE-REUSE"}),
        after=f"""{_LEAVE}
          [ "$POD" != client ] || {{ bridge vlan delete dev "$HOST" vid 100
            bridge vlan add dev "$HOST" vid 101 pvid untagged; }}""",
    ),
    _bridged(
        name="vlan: frames leave the ports with their tag",
        source="own: a port as of a trunk",
        reds={
            "TOPO-BRIDGE-PORT": "expected 100 PVID untagged, saw 100 PVID",
        },
        under=_BY_PORT,
        untestable=frozenset({"LIFE-REUSE"}),
        after=f'{_LEAVE}; bridge vlan add dev "$HOST" vid 100 pvid',
    ),
    _tagged(
        name="vlan: ports that come later are in the pods' VLAN",
        source="own: the bridge's default VLAN is the pods', as its own is left in VLAN 1",
        reds={"PATH-VLAN": "unexpected sighting at stranger"},
        near=frozenset({"TOPO-BRIDGE-PORT", "TOPO-BRIDGE-GATEWAY", "PATH-ICMP", "PATH-GATEWAY"}),
        after=f"""{_HEALTHY}
          ip link set cni0 type bridge vlan_default_pvid 100
          bridge vlan delete dev cni0 vid 100 self
          bridge vlan add dev cni0 vid 1 pvid untagged self""",
    ),
    _tagged(
        name="vlan: the bridge itself holds the gateway's address",
        source="own: it is not in the VLAN",
        reds={
            "TOPO-BRIDGE-GATEWAY": "gateway address at node cni0",
        },
        under=dict.fromkeys(("TOPO-NODE-ROUTE", "PATH-GATEWAY"), "TOPO-BRIDGE-GATEWAY"),
        after=f"""{_HEALTHY}
          ip address flush dev cni0.100; ip address replace 10.88.0.1/24 dev cni0""",
    ),
    _trunk(
        name="vlan: a trunk lacks one of its VLANs",
        source="own: a range without its end",
        reds={"TOPO-BRIDGE-PORT": "saw 100 PVID untagged, 200, 300, 301"},
        near=frozenset({"TOPO-BRIDGE-GATEWAY", "PATH-ICMP", "PATH-VLAN"}),
        after=f'{_HEALTHY}; {_TRUNK}; bridge vlan delete dev "$HOST" vid 302',
    ),
    _untagged(
        name="VLAN filtering is on though not configured",
        source="containernetworking/plugins issue 231",
        reds={"TOPO-BRIDGE-GATEWAY": "VLAN filtering at node cni0: expected off, saw on"},
        near=frozenset({"TOPO-BRIDGE-PORT", "PATH-ICMP", "PATH-GATEWAY"}),
        after="ip link set cni0 type bridge vlan_filtering 1",
    ),
    _untagged(
        name="VLAN filtering is on though not configured, and ports are in no VLAN",
        source="containernetworking/plugins issue 533",
        reds={
            "TOPO-BRIDGE-GATEWAY": "VLAN filtering at node cni0: expected off, saw on",
        },
        under=dict.fromkeys(("PATH-ICMP", "PATH-HTTP", "PATH-ARP"), "TOPO-BRIDGE-GATEWAY"),
        untestable=frozenset({"LIFE-REUSE"}),
        after="ip link set cni0 type bridge vlan_default_pvid 0 vlan_filtering 1",
    ),
)

PLUGINS = (
    _masqueraded(name="vlan", source="", reds={}, near=_NEAR, after=_HEALTHY),
    _bridged(name="vlan, no gateway", source="", reds={}, near=_NEAR, after=_HEALTHY),
    _trunk(
        name="vlan, with a trunk", source="", reds={}, near=_NEAR, after=f"{_HEALTHY}; {_TRUNK}"
    ),
    _tagged(
        name="vlan, VLAN 1 as well",
        source="",
        reds={},
        near=_NEAR,
        configure=lambda bridge: bridge.update(preserveDefaultVlan=True, ipMasq=False),
    ),
)
