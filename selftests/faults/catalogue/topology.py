"""Faults of how pods are wired."""

from typing import Any

from selftests.faults.catalogue.ipv6 import dual_stack
from selftests.faults.fault import ALL, Fault, given

#: All that is about packets between pods.
_PATHS = frozenset(
    {
        *("PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-ARP", "PATH-BYSTANDER", "PATH-UNCHANGED"),
        *("PATH-SIZE", "PATH-MTU", "PATH-GATEWAY", "PATH-SELF", "PATH-CONCURRENT"),
        *("LIFE-OTHERS", "LIFE-SURVIVOR", "LIFE-REUSE"),
    }
)


# Masquerading is undone by the address that the pod has at its deletion: one that was changed
# since makes the real DEL fail, which is another fault.
def _no_masquerade(bridge: dict[str, Any]) -> None:
    bridge["ipMasq"] = False


def _roomy(bridge: dict[str, Any]) -> None:
    """Give pods, which have an address of the other half, as many as any run takes."""
    _no_masquerade(bridge)
    bridge["ipam"]["ranges"] = [[{"subnet": "10.88.0.0/20"}]]


FAULTS = (
    Fault(
        name="namespace loses its name",
        source="own: a clean-up of /run/netns",
        reds={"TOPO-NETNS-NAME": "missing namespace at pod bystander"},
        follows=ALL,
        untestable=frozenset({"LIFE-PERSIST"}),
        after="""[ "$POD" != bystander ] || setsid sh -c '
          until grep -qs "httpd" /proc/[0-9]*/task/*/children /proc/[0-9]*/cmdline &&
            ip netns pids "${CNI_NETNS##*/}" | grep -q .; do sleep 0.05; done
          umount "$CNI_NETNS"; rm "$CNI_NETNS"' 3>&- & """,
    ),
    Fault(
        name="address is in a second namespace too",
        source="aws/amazon-vpc-cni-k8s issue 711",
        reds={"TOPO-NETNS-IP": "address in wrong namespace"},
        after="""[ "$POD" != client ] || { ip netns add cni-0ff; ip -n cni-0ff link set lo up
          ip -n cni-0ff address add "$IP/32" dev lo; }""",
    ),
    Fault(
        name="the pod's address is on the node's lo, too",
        source="projectcalico/calico issue 6244",
        reds={"TOPO-NETNS-IP": "address in wrong namespace at node lo"},
        follows=_PATHS | {"TOPO-NODE-ROUTE"},
        untestable=_PATHS,
        after='[ "$POD" != bystander ] || ip address add "$IP/32" dev lo',
    ),
    Fault(
        name="the pod's address is on another interface of the node, too",
        source="projectcalico/calico issue 13858",
        reds={"TOPO-NETNS-IP": "address in wrong namespace at node eth0"},
        follows=_PATHS | {"TOPO-NODE-ROUTE"},
        untestable=_PATHS,
        after='[ "$POD" != bystander ] || ip address add "$IP/32" dev eth0',
    ),
    Fault(
        name="the node takes the pod's address for its own by a route",
        source="own: a local route without an address",
        reds={"TOPO-NODE-ROUTE": "unexpected route at node 10.88.0."},
        follows=_PATHS | {"LIFE-CHURN", "LIFE-DELETE"},
        untestable=_PATHS,
        after='[ "$POD" != bystander ] || ip route add local "$IP" dev lo table local',
    ),
    Fault(
        name="container is outside of its pod's namespace",
        source="own",
        reds={"TOPO-NETNS-SHARED": "wrong namespace at container main of pod bystander"},
        follows=frozenset({"PATH-CONCURRENT", "PATH-GATEWAY", "PATH-MASQUERADE", "PATH-SELF"}),
        after="""[ "$POD" != bystander ] || { cd /run/podpath/fault; touch own other
          mount --bind "$CNI_NETNS" own; unshare --net=other true
          nsenter --net=other ip link set lo up
          umount "$CNI_NETNS"; mount --bind other "$CNI_NETNS"
          setsid sh -c 'until ip netns pids "${CNI_NETNS##*/}" | grep -q .; do sleep 0.01; done
            umount "$CNI_NETNS"; mount --bind own "$CNI_NETNS"' 3>&- & }""",
    ),
    Fault(
        name="a second interface is left in the pod",
        source="own",
        reds={"TOPO-POD-LINKS": "unexpected interface at bystander left"},
        after='[ "$POD" != bystander ] || in_pod ip link add left type veth peer name right',
    ),
    Fault(
        name="lo is down in the pod",
        source="own",
        reds={"TOPO-POD-LINKS": "interface down at pod client lo"},
        # no sniffer can prove there that it missed nothing, which is no verdict on the path
        under=dict.fromkeys(("PATH-ICMP", "PATH-HTTP", "PATH-MASQUERADE"), "TOPO-POD-LINKS"),
        follows=frozenset({"PATH-SELF"}),
        after="in_pod ip link set lo down",
    ),
    Fault(
        name="eth0 is down in the pod",
        cause="the port veth.* of cni0 is disabled",
        source="scripts that call `ip netns exec` with the path in CNI_NETNS",
        reds={"TOPO-POD-LINKS": "interface down at pod client eth0"},
        follows=ALL,
        under=dict.fromkeys(
            ("TOPO-BRIDGE-PORT", "TOPO-FDB", "TOPO-ROUTE", "TOPO-RESULT", "PATH-ICMP"),
            "TOPO-POD-LINKS",
        ),
        untestable=_PATHS | {"LIFE-REUSE"},
        after='in_pod ip link set "$CNI_IFNAME" down',
    ),
    Fault(
        name="host end is left in the pod",
        source="own",
        reds={"TOPO-VETH-PEER": "peer at pod client eth0: expected an interface of the node"},
        follows=ALL,
        under=dict.fromkeys(
            (
                *("TOPO-POD-LINKS", "TOPO-MTU", "TOPO-MAC", "TOPO-BRIDGE-PORT", "TOPO-FDB"),
                *("TOPO-NODE-ADDR", "PATH-ICMP"),
            ),
            "TOPO-VETH-PEER",
        ),
        untestable=frozenset({"LIFE-REUSE"}),
        after='ip link set "$HOST" netns "$CNI_NETNS"',
    ),
    Fault(
        name="host end is not on the bridge",
        cause="veth.* is no port of cni0",
        source="containernetworking/cni issue 64",
        reds={
            "TOPO-BRIDGE-PORT": "master at node veth",
        },
        under=dict.fromkeys(("TOPO-BRIDGE-MEMBERS", "TOPO-FDB", "PATH-ICMP"), "TOPO-BRIDGE-PORT"),
        follows=_PATHS | {"LIFE-PARALLEL"},
        untestable=frozenset({"LIFE-REUSE"}),
        after='ip link set "$HOST" nomaster',
    ),
    Fault(
        name="hairpin is on though not configured",
        source="kubernetes/kubernetes issue 13375",
        reds={"TOPO-BRIDGE-PORT": "hairpin"},
        under={"PATH-ARP": "TOPO-BRIDGE-PORT"},
        after='bridge link set dev "$HOST" hairpin on',
    ),
    Fault(
        name="a port is isolated though not configured",
        cause="are both isolated",
        source="own",
        reds={"TOPO-BRIDGE-PORT": "isolation"},
        under=dict.fromkeys(("PATH-ICMP", "PATH-ARP"), "TOPO-BRIDGE-PORT"),
        follows=_PATHS,
        untestable=frozenset({"LIFE-REUSE"}),
        after='bridge link set dev "$HOST" isolated on',
    ),
    Fault(
        name="the second pod's port does not flood",
        source="own",
        reds={"TOPO-BRIDGE-PORT": "flood at node veth"},
        after='[ "$POD" != server ] || bridge link set dev "$HOST" flood off mcast_flood off',
    ),
    Fault(
        name="the bystander's port gets no broadcasts",
        source="own",
        reds={"TOPO-BRIDGE-PORT": "bcast_flood at node veth"},
        under={"PATH-ARP": "TOPO-BRIDGE-PORT"},
        after='[ "$POD" != bystander ] || bridge link set dev "$HOST" bcast_flood off',
    ),
    Fault(
        name="a stranger is on the bridge",
        source="own",
        reds={"TOPO-BRIDGE-MEMBERS": "unexpected port at node cni0"},
        under={"TOPO-NODE-LINKS": "TOPO-BRIDGE-MEMBERS"},
        after="""ip link add stranger type veth peer name wire2
          ip link set stranger master cni0 up""",
    ),
    Fault(
        name="bridge has no gateway address",
        cause="sent it out by eth0, by its route 0.0.0.0/0|no answer to",
        source="containerd/containerd issue 3507",
        reds={
            "TOPO-BRIDGE-GATEWAY": "gateway address at node cni0: expected 10.88.0.1/24, saw none",
        },
        # the connected route goes with the address
        under=dict.fromkeys(
            ("TOPO-NODE-ROUTE", "PATH-GATEWAY", "PATH-MASQUERADE", "PATH-PORTMAP"),
            "TOPO-BRIDGE-GATEWAY",
        ),
        after="ip address flush dev cni0 scope global",
    ),
    Fault(
        name="bridge has an IPv6 address that nobody asked for",
        source="own",
        reds={"TOPO-BRIDGE-GATEWAY": "gateway address at node cni0: expected none, saw fd00::1/64"},
        # a cluster's node has no IPv6 on new links
        after="""echo 0 >/proc/sys/net/ipv6/conf/cni0/disable_ipv6
          ip address replace fd00::1/64 dev cni0 nodad""",
    ),
    Fault(
        name="node does not forward",
        source="kubernetes/kubernetes issue 40761",
        reds={"TOPO-BRIDGE-GATEWAY": "forwarding at node IPv4"},
        after="echo 0 >/proc/sys/net/ipv4/conf/all/forwarding",
    ),
    Fault(
        name="bridge alone does not forward",
        cause="forwarding is off",
        source="own",
        reds={"TOPO-BRIDGE-GATEWAY": "forwarding at node cni0 IPv4"},
        under=dict.fromkeys(("PATH-MASQUERADE", "PATH-PORTMAP"), "TOPO-BRIDGE-GATEWAY"),
        follows=frozenset({"LIFE-PORTMAP"}),
        after="echo 0 >/proc/sys/net/ipv4/conf/cni0/forwarding",
    ),
    Fault(
        name="spanning tree is on",
        source="own",
        reds={"TOPO-BRIDGE-GATEWAY": "STP at node cni0"},
        follows=frozenset({"TOPO-FDB", "LIFE-REBOOT"}),  # it ages faster as ports come and go
        after="ip link set cni0 type bridge stp_state 1 forward_delay 0",
    ),
    Fault(
        name="MTU is set at the pod's end only",
        source="containernetworking/plugins issue 352",
        reds={"TOPO-MTU": "MTU at host end of pod client: expected 1400, saw 1500"},
        after="in_pod ip link set eth0 mtu 1400",
    ),
    Fault(
        name="host end drops what is larger than its own MTU",
        cause="larger than",
        source="containernetworking/plugins issue 352",
        reds={
            "TOPO-MTU": "MTU at host end of pod client: expected 1500, saw 1400",
        },
        under=dict.fromkeys(("PATH-MTU", "PATH-SIZE"), "TOPO-MTU"),
        after='ip link set "$HOST" mtu 1400',
    ),
    Fault(
        name="configured MTU is ignored",
        source="aws/amazon-vpc-cni-k8s issue 665",
        reds={"TOPO-MTU": "expected 1400, saw 1500"},
        before="""input=$(printf '%s' "$input" | sed 's/"mtu": *1400/"mtu":1500/')""",
        configure=lambda bridge: bridge.update(mtu=1400),
    ),
    Fault(
        name="MAC changes after the plugin has read it",
        source="systemd/systemd issue 21185",
        reds={"TOPO-MAC": "MAC in result"},
        follows=frozenset({"LIFE-CHURN", "LIFE-DELETE"}),
        after='in_pod ip link set eth0 address "02:00:00:00:00:${IP##*.}"',
    ),
    Fault(
        name="two pods have one MAC",
        source="own",
        reds={"TOPO-MAC": "MAC address at pod"},
        follows=_PATHS
        | frozenset({"TOPO-FDB", "LIFE-PARALLEL", "LIFE-CHURN", "LIFE-DELETE"})
        | frozenset({"LIFE-PORTMAP", "LIFE-RESTART"}),
        untestable=frozenset({"LIFE-REUSE"}),
        after="""mac=02:00:00:00:00:99; [ "$POD" = client ] || {
          in_pod ip link set eth0 address $mac
          result '/eth0/s/"mac":"[^"]*","name":"eth0"/"mac":"'$mac'","name":"eth0"/'; }""",
    ),
    Fault(
        name="lease is lost",
        source="containernetworking/plugins issue 252",
        reds={"TOPO-ADDR": "lease at pod client 10.88.0."},
        # the address is given again, and IPAM's own CHECK finds no lease
        follows=frozenset({"CNI-ADD-EXHAUSTED", "CNI-CHECK"}),
        after='rm "/var/lib/cni/networks/podpath/$IP"',
    ),
    Fault(
        name="address works, but was never leased",
        source="aws/amazon-vpc-cni-k8s issue 711",
        reds={"TOPO-ADDR": "to nobody"},
        untestable=frozenset({"LIFE-REUSE"}),
        configure=_roomy,
        # a second interface keeps its address: it has no default route to lose
        after="""[ "$CNI_IFNAME" = net2 ] || {
          new=${IP#*.*.}; new="${IP%.*.*}.$(((${new%.*} + 8) % 16)).${IP##*.}"
          in_pod ip address add "$new/20" dev "$CNI_IFNAME"
          in_pod ip address del "$IP/20" dev "$CNI_IFNAME"
          in_pod ip address add "$new/20" dev "$CNI_IFNAME"
          in_pod ip route add default via 10.88.0.1 dev "$CNI_IFNAME"
          result "s/$IP/$new/"; IP=$new; }""",
    ),
    Fault(
        name="prefix length is wrong",
        source="own",
        reds={"TOPO-ADDR": "prefix length"},
        under={"TOPO-ROUTE": "TOPO-ADDR", "TOPO-RESULT": "TOPO-ADDR"},
        after="""in_pod ip address add "$IP/16" dev eth0; in_pod ip address del "$IP/24" dev eth0
          in_pod ip route replace default via "${IP%.*}.1" """,
    ),
    Fault(
        name="a second address is on eth0",
        source="own",
        reds={"TOPO-ADDR": "addresses at pod client eth0"},
        under={"TOPO-RESULT": "TOPO-ADDR"},
        configure=_no_masquerade,
        after='in_pod ip address add "172.16.99.${IP##*.}/32" dev eth0',
    ),
    Fault(
        name="a route is added that nobody asked for",
        source="own",
        reds={"TOPO-ROUTE": "unexpected route at pod client 198.51.100.0/24"},
        after='in_pod ip route add 198.51.100.0/24 via "${IP%.*}.1"',
    ),
    Fault(
        name="default route is missing",
        source="own",
        reds={"TOPO-ROUTE": "missing route"},
        under={"TOPO-RESULT": "TOPO-ROUTE", "CNI-CHECK": "TOPO-ROUTE"},
        after="in_pod ip route del default",
    ),
    Fault(
        # packets to peers take the gateway's way, which tests of paths meet, each in its own manner
        name="the route to the pod's own network is missing",
        source="aws/amazon-ecs-cni-plugins, ecs-bridge",
        reds={"TOPO-ROUTE": "missing route"},
        untestable=frozenset({"PATH-ICMP", "PATH-UDP", "PATH-ARP", "LIFE-OTHERS", "LIFE-REUSE"}),
        after='in_pod ip route del "${IP%.*}.0/24"',
    ),
    Fault(
        name="a black hole is in another table",
        source="own",
        reds={"TOPO-ROUTE": "blackhole table 100"},
        after="in_pod ip route add blackhole 203.0.113.0/24 table 100",
    ),
    Fault(
        name="a route carries an MTU",
        source="own",
        reds={"TOPO-ROUTE": "mtu 1200"},
        follows=frozenset({"TOPO-RESULT"}),
        after="""in_pod ip route replace default via "${IP%.*}.1" mtu 1200""",
    ),
    Fault(
        name="pod has a routing rule",
        source="own: policy routing of a second network",
        reds={"TOPO-RULE": "unexpected rule at pod bystander"},
        after="""[ "$POD" != bystander ] || in_pod ip rule add from "$IP" table 100""",
    ),
    Fault(
        name="lo holds a service's address",
        source="own: direct server return left over",
        reds={"TOPO-LO": "unexpected address at pod client lo"},
        after="in_pod ip address add 10.96.0.1/32 dev lo",
    ),
    Fault(
        name="result has no MAC addresses",
        source="own",
        reds={"TOPO-RESULT": "MAC addresses"},
        untestable=frozenset({"LIFE-REUSE"}),
        after="""result 's/"mac":"[0-9a-f:]*",//g'""",
    ),
    Fault(
        name="result names another gateway",
        source="own",
        reds={"TOPO-RESULT": "gateway of"},
        after="""result 's/"gateway":"[0-9.]*"/"gateway":"10.88.0.254"/'""",
    ),
    Fault(
        name="result names another sandbox",
        source="own",
        reds={"TOPO-RESULT": "sandbox"},
        after="""result 's/cni-[0-9a-f-]*/cni-0ff/'""",
    ),
    Fault(
        name="result names another host end",
        source="own",
        reds={"TOPO-RESULT": "host end"},
        under=dict.fromkeys(("TOPO-MAC", "CNI-ADD-INTERFACE", "CNI-CHECK"), "TOPO-RESULT"),
        after="""result 's/"name":"veth[0-9a-f]*"/"name":"veth0ff"/'""",
    ),
    Fault(
        name="result names no sandbox",
        source="own: a plugin of before CNI 0.3.0, which had no interfaces",
        reds={"TOPO-RESULT": "interfaces in the pod: expected eth0, saw none"},
        under={"TOPO-MAC": "TOPO-RESULT"},
        after="""result 's/,"sandbox":"[^"]*"//'""",
    ),
    Fault(
        name="result names an interface that is not there",
        source="own: a temporary link that was deleted since",
        reds={"TOPO-RESULT": "interface ghost0: expected present, saw absent"},
        under=dict.fromkeys(("TOPO-MAC", "CNI-ADD-INTERFACE", "CNI-CHECK"), "TOPO-RESULT"),
        after="""result 's/"interfaces":\\[/&{"name":"ghost0","mac":"02:00:00:00:00:01"},/
          s/"interface":2/"interface":3/'""",
    ),
    Fault(
        name="result does not name the default route",
        source="own: a plugin that sets it by itself",
        reds={"TOPO-RESULT": "route 0.0.0.0/0: expected in the result, saw absent"},
        after="""result 's/"routes":\\[[^]]*\\]/"routes":[]/'""",
    ),
    Fault(
        name="result has an address that the pod has not",
        cause="no answer to",
        source="own: an address for a service, which the plugin did not set",
        reds={"TOPO-ADDR": "addresses at pod"},
        under=dict.fromkeys(
            ("TOPO-NETNS-IP", "TOPO-RESULT", "PATH-ICMP", "PATH-GATEWAY"), "TOPO-ADDR"
        ),
        follows=frozenset({"CNI-ADD-INTERFACE", "CNI-CHECK", "CNI-PARALLEL"}),
        after="""result 's/"ips":\\[/&{"interface":2,"address":"10.88.0.250\\/24"},/'""",
    ),
    Fault(
        name="result has a name server that nobody configured",
        source="own: the node's resolver as that of each pod",
        reds={"TOPO-RESULT": "nameservers of DNS: expected none, saw 192.0.2.53"},
        after="""result 's/"dns":{}/"dns":{"nameservers":["192.0.2.53"]}/'""",
    ),
    Fault(
        name="lo has a small MTU",
        source="own: a setting for all links of a pod",
        reds={"TOPO-LO": "MTU at pod bystander lo: expected 65536, saw 1400"},
        near=frozenset({"PATH-SELF", "TOPO-MTU"}),
        after="in_pod ip link set lo mtu 1400",
    ),
    Fault(
        name="an IPsec policy drops what pods send to beyond the node",
        source="cilium/cilium issue 26298: policies that nobody deletes",
        cause="a policy of IPsec",
        reds={"TOPO-HOOKS": "packet filter at node: expected none, saw IPsec: src 10.88.0.0/24"},
        under=dict.fromkeys(("PATH-MASQUERADE", "PATH-PORTMAP"), "TOPO-HOOKS"),
        near=frozenset({"PATH-ICMP", "PATH-GATEWAY"}),
        after="ip xfrm policy update dir fwd src 10.88.0.0/24 dst 0.0.0.0/0 action block",
    ),
    Fault(
        name="a pod has an IPsec policy for another network",
        source="own: encryption between sites, set up in the wrong namespace",
        reds={"TOPO-HOOKS": "packet filter at pod bystander: expected none, saw IPsec: src 0.0.0"},
        after="in_pod ip xfrm policy update dir out src 0.0.0.0/0 dst 203.0.113.0/24 action block",
    ),
    Fault(
        name="lo has no IPv6 address",
        source="own: IPv6 turned on for eth0 alone",
        reds={"TOPO-LO": "missing address at pod bystander lo: expected ::1/128"},
        configure=dual_stack,
        after="in_pod ip -6 address flush dev lo",
    ),
    Fault(
        name="promiscuous mode is ignored",
        source="own",
        reds={"TOPO-BRIDGE-GATEWAY": "promiscuous at node cni0: expected on, saw off"},
        configure=lambda bridge: bridge.update(promiscMode=True),
        first=given('s/"promiscMode": *true/"promiscMode":false/'),
    ),
    Fault(
        name="bridge forgets after a minute",
        source="own",
        reds={"TOPO-FDB": "ageing at node cni0: expected 300 s, saw 60 s"},
        after="ip link set cni0 type bridge ageing_time 6000",
    ),
    Fault(
        name="eth0 is in no multicast group",
        source="own",
        reds={"TOPO-SETTINGS": "flags at pod client eth0: expected none unusual, saw no multicast"},
        after="in_pod ip link set eth0 multicast off",
    ),
    Fault(
        name="a pod hears everything",
        source="own",
        reds={"TOPO-SETTINGS": "promiscuous at pod client eth0"},
        after='[ "$POD" != client ] || in_pod ip link set eth0 promisc on',
    ),
    Fault(
        name="pods forward",
        source="own: a sysctl for all interfaces",
        # of a pod, or where pods start with it on, of a container that does not
        reds={"TOPO-SETTINGS": "IPv4: expected off, saw on"},
        after="in_pod sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'",
    ),
    Fault(
        name="pods answer ARP for others",
        source="own: a sysctl for all interfaces",
        reds={"TOPO-SETTINGS": "expected off, saw on"},
        after="in_pod sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/proxy_arp'",
    ),
    Fault(
        name="bridge answers ARP for everybody by the setting for all links",
        source="own: a sysctl for all interfaces",
        reds={"TOPO-SETTINGS": "proxy ARP at node cni0"},
        near=frozenset({"PATH-ARP"}),
        after="echo 1 >/proc/sys/net/ipv4/conf/all/proxy_arp",
    ),
    Fault(
        name="bridge answers ARP for everybody",
        source="own",
        reds={"TOPO-SETTINGS": "proxy ARP at node cni0"},
        near=frozenset({"PATH-ARP"}),
        after="echo 1 >/proc/sys/net/ipv4/conf/cni0/proxy_arp",
    ),
    Fault(
        name="traffic control is left on the host end",
        source="kubernetes/kubernetes issue 56840",
        reds={"TOPO-HOOKS": "traffic control at host end of pod client: expected none, saw clsact"},
        after='tc qdisc add dev "$HOST" clsact',
    ),
    Fault(
        name="a packet filter is left in the pod",
        source="own",
        reds={"TOPO-HOOKS": "packet filter at pod client"},
        after="""in_pod nft 'add table ip left
          add chain ip left output { type filter hook output priority 0; }
          add rule ip left output counter'""",
    ),
    Fault(
        name="a packet filter in a pod drops datagrams that reach it",
        source="istio/istio issue 27469: rules in a pod's own namespace",
        reds={"TOPO-HOOKS": "packet filter at pod server: expected none, saw ip: udp dport"},
        under={"PATH-UDP": "TOPO-HOOKS"},
        near=frozenset({"PATH-HTTP"}),
        after="""[ "$POD" != server ] || in_pod nft 'add table ip left
          add chain ip left input { type filter hook input priority 0; }
          add rule ip left input udp dport 9000 drop'""",
    ),
    Fault(
        name="host end has an address",
        source="own: routing instead of bridging",
        reds={"TOPO-NODE-ADDR": "unexpected address at node veth"},
        after='ip address add 169.254.1.1/32 dev "$HOST"',
    ),
    Fault(
        name="node has a host route to the pod",
        source="own: routing instead of bridging",
        reds={"TOPO-NODE-ROUTE": "unexpected route at node 10.88.0."},
        follows=frozenset({"LIFE-CHURN", "LIFE-DELETE"}),
        near=frozenset({"PATH-GATEWAY"}),
        after='ip route add "$IP/32" dev cni0 metric 5',
    ),
    Fault(
        name="a route of the node takes a pod's address for the node's own",
        cause="sent it out by lo|no answer to|no program listens",
        source="projectcalico/calico issue 6244, without an address",
        reds={"TOPO-NODE-ROUTE": "unexpected route at node 10.88.0."},
        under=dict.fromkeys(
            ("PATH-ARP", "PATH-GATEWAY", "PATH-MASQUERADE", "LIFE-REUSE"), "TOPO-NODE-ROUTE"
        ),
        after='[ "$POD" != server ] || ip route add local "$IP/32" dev lo table local',
    ),
    Fault(
        name="node has a rule about the pod",
        source="own",
        reds={"TOPO-NODE-ROUTE": "unexpected rule at node"},
        follows=frozenset({"LIFE-CHURN", "LIFE-DELETE", "CNI-DEL", "CNI-DEL-GONE", "CNI-PARALLEL"}),
        after='ip rule add from "$IP" table 100',
    ),
    Fault(
        name="an interface is left on the node",
        source="kubernetes/kubernetes issue 56840",
        reds={"TOPO-NODE-LINKS": "unexpected interface at node spare"},
        after="ip link add spare type bridge",
    ),
    Fault(
        name="MAC is configured in the bridge, not learned",
        source="own",
        reds={"TOPO-FDB": "configured on"},
        under={"PATH-ICMP": "TOPO-FDB"},
        after="""mac=$(pod_mac)
          bridge fdb replace "$mac" dev "$HOST" master static""",
    ),
    Fault(
        name="bridge learns on no port, and so floods",
        source="own",
        reds={
            "TOPO-BRIDGE-PORT": "learning",
        },
        under=dict.fromkeys(("TOPO-FDB", "PATH-ICMP", "PATH-BYSTANDER"), "TOPO-BRIDGE-PORT"),
        follows=frozenset({"PATH-ARP", "PATH-GATEWAY", "PATH-HTTP", "PATH-UDP"}),
        after='ip link set "$HOST" type bridge_slave learning off fdb_flush',
    ),
    Fault(
        name="bridge forgets addresses at once, and so floods",
        source="own: ageing_time 0, which is set for bridges of two ports",
        reds={
            "TOPO-FDB": "not learned",
        },
        under=dict.fromkeys(("PATH-ICMP", "PATH-BYSTANDER"), "TOPO-FDB"),
        follows=frozenset({"PATH-ARP", "PATH-GATEWAY", "PATH-HTTP", "PATH-UDP"}),
        after="ip link set cni0 type bridge ageing_time 0",
    ),
)
