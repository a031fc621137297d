"""Plugins that do what they are configured to do: nothing may turn red on them."""

from selftests.faults.catalogue.ipv6 import dual_stack
from selftests.faults.fault import Fault

_OWN_MAC = (
    # As a meta plugin would: a locally administered address, another one for each container.
    'CNI_ARGS="$CNI_ARGS;MAC=02:$(printf %s "$CNI_CONTAINERID" | cut -c 1-10 |'
    " sed 's/../&:/g; s/:$//')\"; export CNI_ARGS"
)

# As OVN and others do: 0a:58 and the address, which is asked of IPAM before.
_MAC_OF_IP = r"""new=$(delegate | tr -d ' \n\t' | sed -n 's/.*"address":"\([0-9.]*\).*/\1/p')
  (CNI_COMMAND=DEL; export CNI_COMMAND; delegate)
  [ -z "$new" ] || {
    CNI_ARGS="IgnoreUnknown=1;$CNI_ARGS;IP=$new"
    CNI_ARGS="$CNI_ARGS;MAC=$(printf '0a:58:%02x:%02x:%02x:%02x' $(echo "$new" | tr . ' '))"
    export CNI_ARGS; }"""

#: As kube-proxy sets it for IPVS with strictARP.
_IPVS = """sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 \
  net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0"""

_OLD_BRIDGE = """ip link show cni0 || { ip link add cni0 type bridge
  ip address add 10.99.0.1/24 dev cni0; ip link set cni0 up; }"""

#: Of everything that a configuration may change; all of it is run by the complete matrix.
_NEAR = frozenset(
    {
        *("TOPO-FDB", "PATH-HTTP", "PATH-UDP", "PATH-ARP", "PATH-BYSTANDER", "PATH-UNCHANGED"),
        *(
            "PATH-SELF",
            "PATH-GATEWAY",
            "PATH-CONTAINER",
            "LIFE-DELETE",
            "LIFE-OTHERS",
            "LIFE-REUSE",
        ),
        *("PATH-MASQUERADE", "PATH-PORTMAP", "LIFE-PORTMAP"),
    }
)

PLUGINS = (
    Fault(name="as shipped", source="", reds={}, near=_NEAR),
    Fault(
        name="no gateway",
        source="",
        reds={},
        near=_NEAR,
        configure=lambda bridge: bridge.update(isGateway=False, ipMasq=False),
    ),
    Fault(
        name="gateway, no masquerading",
        source="",
        reds={},
        near=frozenset({"PATH-GATEWAY", "CNI-DEL-GONE"}),
        configure=lambda bridge: bridge.update(ipMasq=False),
    ),
    Fault(
        name="hairpin",
        source="",
        reds={},
        near=_NEAR,
        configure=lambda bridge: bridge.update(hairpinMode=True),
    ),
    Fault(
        name="promiscuous bridge",
        source="",
        reds={},
        near=_NEAR,
        configure=lambda bridge: bridge.update(promiscMode=True),
    ),
    Fault(
        name="MTU of 1400",
        source="",
        reds={},
        near=frozenset({"TOPO-MTU", "PATH-SIZE", "PATH-MTU", "PATH-HTTP"}),
        configure=lambda bridge: bridge.update(mtu=1400),
    ),
    Fault(
        name="jumbo frames",
        source="",
        reds={},
        near=frozenset({"TOPO-MTU", "PATH-SIZE", "PATH-MTU", "PATH-HTTP", "PATH-UDP"}),
        configure=lambda bridge: bridge.update(mtu=9000),
    ),
    Fault(
        name="large segments are cut at the host ends",
        source="",
        reds={},
        near=frozenset({"PATH-SIZE", "PATH-HTTP", "PATH-UNCHANGED", "LIFE-SURVIVOR"}),
        after='ip link set dev "$HOST" gso_max_segs 1',
    ),
    Fault(name="fixed MAC addresses", source="", reds={}, near=_NEAR, before=_OWN_MAC),
    Fault(
        name="MAC addresses made from IP addresses",
        source="",
        reds={},
        near=_NEAR | {"TOPO-MAC", "CNI-ADD-INTERFACE"},
        before=_MAC_OF_IP,
    ),
    Fault(
        name="MAC addresses made from IP addresses, and not announced",
        source="",
        reds={},
        near=frozenset({"LIFE-REUSE", "LIFE-DELETE"}),
        before=_MAC_OF_IP,
        announces=False,
    ),
    Fault(
        name="a node of IPVS with strict ARP",
        source="",
        reds={},
        near=_NEAR,
        before=_IPVS,
    ),
    Fault(
        name="a bridge with other settings of multicast, which lose nothing",
        source="",
        reds={},
        near=frozenset({"TOPO-BRIDGE-PORT", "TOPO-MULTICAST", "PATH-ICMP", "PATH-ARP"}),
        configure=dual_stack,
        # a full table turns snooping off (net/bridge/br_multicast.c, br_multicast_new_group)
        after="""bridge link set dev "$HOST" mcast_to_unicast on fastleave on mcast_router 0
          ip link set cni0 type bridge mcast_querier 1 mcast_router 0 mcast_hash_max 1""",
    ),
    Fault(
        name="a bridge that has an old address is given the gateway's",
        source="",
        reds={},
        near=frozenset({"TOPO-BRIDGE-GATEWAY", "PATH-GATEWAY", "LIFE-DELETE", "LIFE-OTHERS"}),
        configure=lambda bridge: bridge.update(forceAddress=True),
        before=_OLD_BRIDGE,
    ),
)
