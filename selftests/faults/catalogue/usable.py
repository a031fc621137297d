"""Faults of addresses, routes, ports and neighbours that are there, and cannot be used as such."""

from selftests.faults.catalogue.ipv6 import dual_stack
from selftests.faults.fault import Fault

#: Shell: the pod's IPv4 address, given again with other attributes, and its default route.
_AGAIN = """in_pod ip address del "$IP/24" dev "$CNI_IFNAME"
          in_pod ip address add "$IP/24" {} dev "$CNI_IFNAME"
          in_pod ip route replace default via "${{IP%.*}}.1" """

#: Shell: the pod's IPv6 address, as ADDRESS/LENGTH.
_IP6 = """IP6=$(in_pod ip -6 -o address show dev "$CNI_IFNAME" scope global | awk '{print $4}')"""

_GATEWAY = 'default via "${IP%.*}.1" dev "$CNI_IFNAME"'

FAULTS = (
    Fault(
        name="the pod's address expires",
        source="own: a lease's time as that of the address, which nobody renews",
        reds={"TOPO-ADDR": "expected one to use for good, saw 10.88.0."},
        near=frozenset({"PATH-ICMP", "TOPO-ROUTE"}),
        after='in_pod ip address change "$IP/24" dev "$CNI_IFNAME" valid_lft 900 preferred_lft 900',
    ),
    Fault(
        name="the pod's IPv6 address expires",
        source="own: a lease's time as that of the address, which nobody renews",
        reds={"TOPO-ADDR": "/64 expires"},
        configure=dual_stack,
        after=f"""{_IP6}
          in_pod ip address del "$IP6" dev "$CNI_IFNAME"
          in_pod ip address add "$IP6" dev "$CNI_IFNAME" nodad valid_lft 900 preferred_lft 900""",
    ),
    Fault(
        name="the pod's IPv6 address is deprecated",
        source="own: preferred_lft 0, which keeps an address from being a source",
        reds={"TOPO-ADDR": "/64 is deprecated"},
        configure=dual_stack,
        after=f"""{_IP6}
          in_pod ip address change "$IP6" dev "$CNI_IFNAME" preferred_lft 0""",
    ),
    Fault(
        name="one pod's IPv6 is off",
        cause="no answer to",
        source="own: disable_ipv6, set again after the addresses",
        reds={"TOPO-ADDR": "addresses at pod client eth0: expected 10.88.0."},
        under=dict.fromkeys(
            ("TOPO-NETNS-IP", "TOPO-ROUTE", "TOPO-RESULT", "PATH-ICMP"), "TOPO-ADDR"
        ),
        configure=dual_stack,
        after="""[ "$POD" != client ] ||
          in_pod sh -c "echo 1 >/proc/sys/net/ipv6/conf/$CNI_IFNAME/disable_ipv6" """,
    ),
    Fault(
        name="the pod's address is of its link alone",
        source="own: the scope of a link-local address",
        reds={"TOPO-ADDR": "/24 is of scope link"},
        follows=frozenset({"PATH-ICMP", "PATH-GATEWAY"}),
        after=_AGAIN.format("broadcast + scope link"),
    ),
    Fault(
        name="the pod's broadcast address is that of another network",
        source="own: computed from another prefix length",
        reds={"TOPO-ADDR": "/24 has the broadcast address 10.88.255.255"},
        after=_AGAIN.format("broadcast 10.88.255.255"),
    ),
    Fault(
        name="the pod has no IPv6 link-local address",
        source="own: a flush of eth0 before the plugin sets its addresses; RFC 4291, section 2.1",
        reds={"TOPO-ADDR": "link-local address at pod"},
        follows=frozenset({"PATH-ICMP", "PATH-ARP"}),
        configure=dual_stack,
        after='in_pod ip -6 address flush dev "$CNI_IFNAME" scope link',
    ),
    Fault(
        name="the IPv6 default route expires",
        source="canonical/lxd issue 3582",
        reds={"TOPO-ROUTE": "expected none, saw expires"},
        follows=frozenset({"TOPO-RESULT"}),
        configure=dual_stack,
        after='in_pod ip -6 route replace default via fd00:88::1 dev "$CNI_IFNAME" expires 900',
    ),
    Fault(
        name="what takes the default route has few hops left",
        source="own",
        reds={"TOPO-ROUTE": "expected none, saw hoplimit 2"},
        follows=frozenset({"TOPO-RESULT"}),
        after=f"in_pod ip route replace {_GATEWAY} hoplimit 2",
    ),
    Fault(
        name="connections by the default route have a small window",
        source="own: tuning for a slow link",
        reds={"TOPO-ROUTE": "expected none, saw window 512"},
        follows=frozenset({"TOPO-RESULT"}),
        after=f"in_pod ip route replace {_GATEWAY} window 512",
    ),
    Fault(
        name="connections by the default route wait long to send again",
        source="own: tuning for a satellite's link",
        reds={"TOPO-ROUTE": "expected none, saw rto_min"},
        follows=frozenset({"TOPO-RESULT"}),
        after=f"in_pod ip route replace {_GATEWAY} rto_min 5s",
    ),
    Fault(
        name="the pod has another MAC address of the gateway for good",
        source="aws/amazon-vpc-cni-k8s issue 2103",
        reds={"TOPO-ROUTE": "permanent neighbour at pod"},
        under={"PATH-GATEWAY": "TOPO-ROUTE"},
        near=frozenset({"PATH-ICMP"}),
        after="""in_pod ip neighbour replace "${IP%.*}.1" lladdr 02:00:00:00:00:99 \\
            dev "$CNI_IFNAME" nud permanent""",
    ),
    Fault(
        name="the node has another MAC address of one pod for good",
        cause="the MAC address of another host",
        source="aws/amazon-vpc-cni-k8s issue 3628, with an entry that never ends",
        reds={"TOPO-NODE-ROUTE": "permanent neighbour at node 10.88.0."},
        under={"PATH-GATEWAY": "TOPO-NODE-ROUTE"},
        near=frozenset({"PATH-ICMP"}),
        follows=frozenset({"LIFE-DELETE", "LIFE-CHURN"}),
        after="""[ "$POD" != client ] ||
          ip neighbour replace "$IP" lladdr 02:00:00:00:00:99 dev cni0 nud permanent""",
    ),
    Fault(
        name="a port gets no requests that somebody else answers",
        source="own: proxy_arp_wifi, a switch for access points",
        reds={"TOPO-BRIDGE-PORT": "proxy_arp_wifi at node veth"},
        after='ip link set "$HOST" type bridge_slave proxy_arp_wifi on',
    ),
    Fault(
        name="a port suppresses requests for neighbours",
        source="own: a switch for VXLAN",
        reds={"TOPO-BRIDGE-PORT": "neigh_suppress at node veth"},
        after='bridge link set dev "$HOST" neigh_suppress on',
    ),
    Fault(
        name="a port maps VLANs to tunnels",
        source="own: a switch for VXLAN",
        reds={"TOPO-BRIDGE-PORT": "vlan_tunnel at node veth"},
        after='bridge link set dev "$HOST" vlan_tunnel on',
    ),
    Fault(
        name="another pod gets what is for a pod whose link has no carrier",
        source="own: a switch for two links to one switch",
        reds={"TOPO-BRIDGE-PORT": "backup_port at node veth"},
        after="""other=$(ls /sys/class/net/cni0/brif | grep -v "$HOST" | head -n 1)
          [ -z "$other" ] || ip link set "$HOST" type bridge_slave backup_port "$other" """,
    ),
    Fault(
        name="the second pod's port is locked",
        source="own: a switch for 802.1X",
        reds={"TOPO-BRIDGE-PORT": "locked at node veth"},
        follows=frozenset({"PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-ARP"}),
        after='[ "$POD" != server ] || bridge link set dev "$HOST" locked on',
    ),
    Fault(
        name="pods answer no requests for their MAC address",
        cause="no answer to",
        source="kubernetes/kubernetes issue 71555",
        reds={"TOPO-SETTINGS": "arp_ignore: expected 2 at most, saw 8"},
        follows=frozenset({"PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-ARP"}),
        untestable=frozenset({"PATH-ICMP", "LIFE-REUSE"}),
        after="""in_pod sh -c "echo 8 >/proc/sys/net/ipv4/conf/$CNI_IFNAME/arp_ignore" """,
    ),
    Fault(
        name="one pod answers no requests for its MAC address",
        source="kubernetes/kubernetes issue 71555, for one pod",
        reds={"TOPO-SETTINGS": "setting at pod client ipv4/conf/eth0/arp_ignore"},
        follows=frozenset({"PATH-ICMP", "PATH-ARP"}),
        after="""[ "$POD" != client ] ||
          in_pod sh -c "echo 8 >/proc/sys/net/ipv4/conf/$CNI_IFNAME/arp_ignore" """,
    ),
    Fault(
        name="pods do not hear that an address has moved",
        cause="the MAC address of another host",
        source="antrea-io/antrea issue 129",
        reds={"TOPO-SETTINGS": "drop_gratuitous_arp: expected 0, saw 1"},
        under={"LIFE-REUSE": "TOPO-SETTINGS"},
        after="""in_pod sh -c "echo 1 >/proc/sys/net/ipv4/conf/$CNI_IFNAME/drop_gratuitous_arp" """,
    ),
    Fault(
        name="IPv6 packets of pods have few hops left",
        source="own",
        reds={"TOPO-SETTINGS": "hop_limit: expected 32 at least, saw 3"},
        configure=dual_stack,
        after="""in_pod sh -c "echo 3 >/proc/sys/net/ipv6/conf/$CNI_IFNAME/hop_limit" """,
    ),
    Fault(
        name="one pod has another range of ports",
        source="own: a sysctl of one pod's annotation that is kept for others",
        reds={"TOPO-SETTINGS": "setting at pod server ipv4/ip_local_port_range"},
        after="""[ "$POD" != server ] ||
          in_pod sh -c 'echo 40000 40010 >/proc/sys/net/ipv4/ip_local_port_range'""",
    ),
)

PLUGINS = (
    Fault(
        name="pods know the node's own MAC address for good",
        source="",
        reds={},
        near=frozenset({"TOPO-ROUTE", "TOPO-RESULT", "PATH-GATEWAY", "LIFE-OTHERS"}),
        after="""in_pod ip neighbour replace "${IP%.*}.1" dev "$CNI_IFNAME" nud permanent \\
            lladdr "$(cat /sys/class/net/cni0/address)" """,
    ),
)
