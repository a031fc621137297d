"""Faults that show only when pods come and go."""

from selftests.faults.fault import Fault, bridge_rule

_LEFT = frozenset({"LIFE-CHURN"})

_OTHER_PORT = r"other=$(bridge link | sed -n 's/^[0-9]*: \(veth[^@:]*\).*/\1/p' | head -n 1)"

_FIRST_MAC = '"/run/podpath/fault/mac-$IP"'

#: Shell, before DEL: the pod's address, while the pod has it.
_IP = """IP=$(in_pod ip -4 -o address show dev "$CNI_IFNAME" | awk '{ print $4 }'); IP=${IP%/*}"""

#: Of what DEL puts back while other pods are still there, as it was not when they came.
_PUT_BACK = frozenset(
    {
        *("LIFE-DELETE", "LIFE-CHURN", "LIFE-PARALLEL"),
        *("CNI-DEL", "CNI-DEL-GONE", "CNI-DEL-FAILED", "CNI-DEL-IDEMPOTENT", "CNI-PARALLEL"),
    }
)
#: What needs the bridge as it is: a plugin may take its first address for the gateway's.
_BY_BRIDGE = frozenset({"LIFE-REBOOT", "CNI-ADD-RESULT", "CNI-PARALLEL"})
#: As few addresses as the suite needs.
_FEW = {"subnet": "10.88.0.0/24", "rangeStart": "10.88.0.10", "rangeEnd": "10.88.0.21"}


FAULTS = (
    Fault(
        name="the uplink has another MTU while there are pods",
        source="own: a guess for a tunnel, which DEL undoes",
        reds={"LIFE-OTHERS": "changed at node eth0 MTU: expected 1500, saw 1400"},
        follows=_PUT_BACK | {"PATH-PORTMAP"},  # packets of 1500 bytes do not leave the node
        near=frozenset({"TOPO-MTU", "TOPO-NODE-LINKS"}),
        after="ip link set eth0 mtu 1400",
        after_del="ip link set eth0 mtu 1500",
    ),
    Fault(
        name="the bridge has another MTU for as long as a pod is made",
        source="own: at each ADD, and put back at DEL",
        reds={"LIFE-OTHERS": "changed at node cni0 MTU: expected 1500, saw 1400"},
        near=frozenset({"LIFE-DELETE", "TOPO-MTU"}),
        after='case "$POD" in passer-*) ip link set cni0 mtu 1400;; esac',
        # not at a DEL of others, such as the kubelet's second one of an earlier pod
        after_del='case "$POD" in passer-*) ip link set cni0 mtu 1500;; esac',
    ),
    Fault(
        name="the uplink takes no multicast while there are pods",
        source="own: a flag that an interface of the pod should have got",
        reds={"LIFE-OTHERS": "changed at node eth0 flags: expected up, broadcast, multicast, saw"},
        follows=_PUT_BACK,
        near=frozenset({"TOPO-NODE-LINKS"}),
        after="ip link set eth0 multicast off",
        after_del="ip link set eth0 multicast on",
    ),
    Fault(
        name="the node's lo is set down",
        source="kubernetes/kubernetes issue 100648; aws/amazon-vpc-cni-k8s issue 1360",
        reds={"LIFE-OTHERS": "changed at node lo flags: expected up, saw none"},
        under=dict.fromkeys(("PATH-ICMP", "PATH-PORTMAP", "LIFE-PORTMAP"), "LIFE-OTHERS"),
        after="ip link set lo down",
    ),
    Fault(
        name="deletion sets the node's lo down",
        source="kubernetes/kubernetes issue 100648: DEL, in a namespace that is the node's by now",
        reds={"LIFE-DELETE": "lo flags: none"},
        under=dict.fromkeys(("LIFE-OTHERS", "LIFE-PORTMAP", "PATH-ICMP"), "LIFE-DELETE"),
        follows=frozenset({"LIFE-CHURN"}),
        after_del="ip link set lo down",
    ),
    Fault(
        name="the first pods bring the node a route to another network",
        source="own: a service's network, which is routed to the pods' bridge",
        reds={"LIFE-OTHERS": "left behind at routes of the node: expected none, saw 100.64.99.0"},
        near=frozenset({"TOPO-NODE-ROUTE"}),
        after="ip route replace 100.64.99.0/24 dev cni0",
    ),
    Fault(
        name="the first pods bring the node a rule for all packets",
        source="own: policy routing for pods, without their addresses",
        reds={"LIFE-OTHERS": "left behind at rules of the node: expected none, saw"},
        near=frozenset({"TOPO-NODE-ROUTE"}),
        after="ip rule | grep -q 4444 || ip rule add from all lookup 4444",
    ),
    Fault(
        name="the first pods bring the uplink another address",
        source="own: an address for what pods send, that no administrator gave",
        reds={"LIFE-OTHERS": "left behind at addresses of the node: expected none, saw 192.0.2.77"},
        near=frozenset({"TOPO-NODE-LINKS", "PATH-MASQUERADE"}),
        after="ip address replace 192.0.2.77/24 dev eth0",
    ),
    Fault(
        name="the first pods take a route of the node",
        source="own: a table that the plugin takes for its own",
        reds={"LIFE-OTHERS": "lost at routes of the node: expected 0.0.0.0/0"},
        near=frozenset({"TOPO-NODE-ROUTE"}),
        after="ip route delete default",
    ),
    Fault(
        name="the uplink's queue grows with each pod",
        source="own",
        reds={
            "LIFE-DELETE": "left behind at links: expected gone, saw eth0 length of the transmit",
        },
        under={"LIFE-CHURN": "LIFE-DELETE", "LIFE-OTHERS": "LIFE-DELETE"},
        follows=frozenset({"CNI-DEL", "CNI-DEL-GONE", "CNI-DEL-FAILED", "CNI-PARALLEL"}),
        after="ip link set eth0 txqueuelen $(($(cat /sys/class/net/eth0/tx_queue_len) + 1))",
    ),
    Fault(
        name="deletion leaves a rule",
        source="containernetworking/plugins issue 810",
        reds={"LIFE-DELETE": "left behind at rules"},
        follows=_LEFT,
        after_del="iptables -t nat -A POSTROUTING -s 198.51.100.1 -j ACCEPT",
    ),
    Fault(
        name="deletion does not release the address",
        source="containernetworking/plugins issue 252",
        reds={"LIFE-DELETE": "left behind at leases"},
        follows=_LEFT,
        untestable=frozenset({"LIFE-REUSE"}),
        before_del="cp -r /var/lib/cni/networks/podpath /run/podpath/fault/$$",
        after_del="cp -n /run/podpath/fault/$$/[0-9]* /var/lib/cni/networks/podpath",
    ),
    Fault(
        name="deletion leaves a route",
        source="own",
        reds={"LIFE-DELETE": "left behind at routing"},
        follows=_LEFT,
        after_del='ip route add "198.51.100.$((1 + $$ % 250))/32" dev cni0',
    ),
    Fault(
        name="deletion leaves an entry in the bridge",
        source="own",
        reds={"LIFE-DELETE": "left behind at FDB"},
        follows=_LEFT,
        before_del="mac=$(pod_mac)",
        after_del=_OTHER_PORT
        + """
          bridge fdb add "$mac" dev "$other" master dynamic""",
    ),
    Fault(
        name="deletion leaves a configured entry in the bridge",
        source="own",
        reds={"LIFE-DELETE": "left behind at FDB: expected gone, saw 02:00:00:00:00:99"},
        follows=_LEFT,
        after_del=_OTHER_PORT
        + """
          bridge fdb replace 02:00:00:00:00:99 dev "$other" master static""",
    ),
    Fault(
        name="deletion leaves a process",
        source="own: a helper that is started for a pod, and never ended",
        reds={"LIFE-DELETE": "left behind at processes: expected gone, saw sleep"},
        follows=_LEFT,
        after_del="setsid sleep 600 >/dev/null 2>&1 3>&1 </dev/null &",
    ),
    Fault(
        name="deletion leaves a mount",
        source="own",
        reds={"LIFE-DELETE": "left behind at mounts: expected gone, saw /run/podpath/fault"},
        follows=_LEFT,
        after_del="mount -n -t tmpfs left /run/podpath/fault",
    ),
    Fault(
        name="deletion leaves a file",
        source="own: a cache that grows with each pod",
        reds={"LIFE-DELETE": "left behind at files: expected gone, saw /var/lib/cni/left-"},
        follows=_LEFT,
        after_del="echo left >/var/lib/cni/left-$$",
    ),
    Fault(
        name="the first deletion on a node leaves a file",
        source="own: later ones find it there",
        reds={"LIFE-DELETE": "left behind at files: expected gone, saw /var/lib/cni/once"},
        follows=_LEFT,
        near=frozenset({"PATH-PORTMAP"}),  # which also deletes a pod, and must not come first
        after_del="echo once >/var/lib/cni/once",
    ),
    Fault(
        name="deletion changes a setting of the node",
        source="own",
        reds={"LIFE-DELETE": "left behind at settings: expected gone, saw ipv4/ipfrag_time"},
        follows=_LEFT,
        after_del="""seconds=$(cat /proc/sys/net/ipv4/ipfrag_time)
          echo "$((seconds + 1))" >/proc/sys/net/ipv4/ipfrag_time""",
    ),
    Fault(
        name="deletion leaves an interface",
        source="kubernetes/kubernetes issue 56840",
        reds={"LIFE-DELETE": "left behind at interfaces"},
        follows=_LEFT | {"TOPO-NODE-LINKS"},
        after_del='ip link add "left$(date +%N)" type bridge',
    ),
    Fault(
        name="deletion leaves an address on the node's lo",
        source="own: an address of a pod's Service that is never deleted",
        reds={"LIFE-DELETE": "left behind at addresses: expected gone, saw 203.0.113."},
        follows=_LEFT,
        after_del='ip address add "203.0.113.$((1 + $$ % 250))/32" dev lo',
    ),
    Fault(
        name="deletion leaves an address on the bridge",
        source="own: an address of a pod's Service that is never deleted",
        reds={"LIFE-DELETE": "left behind at addresses: expected gone, saw 100.64.98."},
        under=dict.fromkeys(("LIFE-OTHERS", "CNI-DEL"), "LIFE-DELETE"),
        follows=_LEFT,
        near=_BY_BRIDGE,
        after_del='ip address add "100.64.98.$((1 + $$ % 250))/32" dev cni0',
    ),
    Fault(
        name="the first deletion on a node leaves an address on the bridge",
        source="own: an address of a pod's Service that is never deleted",
        reds={"LIFE-DELETE": "left behind at addresses: expected gone, saw 198.51.100.7/32"},
        under={"LIFE-OTHERS": "LIFE-DELETE"},
        follows=_LEFT,
        # that of a mapped port also deletes a pod, and must not come first
        near=_BY_BRIDGE | {"PATH-PORTMAP"},
        after_del="ip address replace 198.51.100.7/32 dev cni0",
    ),
    Fault(
        name="deletion leaves the pod's own address on the bridge",
        source="containernetworking/plugins issue 274: it answers when its pod is gone",
        reds={"LIFE-DELETE": "left behind at addresses: expected gone, saw 10.88.0."},
        under=dict.fromkeys(("LIFE-OTHERS", "LIFE-REUSE", "CNI-DEL"), "LIFE-DELETE"),
        follows=_LEFT,
        near=_BY_BRIDGE,
        before_del=_IP,
        after_del='[ -z "$IP" ] || ip address replace "$IP/32" dev cni0',
    ),
    Fault(
        name="deletion leaves a neighbour for which no ARP is needed",
        source="cilium/cilium issue 14962, with entries that the kernel does not call permanent",
        reds={"LIFE-DELETE": "left behind at neighbours: expected gone, saw 10.88.0."},
        under={"LIFE-REUSE": "LIFE-DELETE"},
        follows=_LEFT,
        near=frozenset({"LIFE-OTHERS", "LIFE-REBOOT"}),
        before_del=f"{_IP}; mac=$(pod_mac)",
        after_del="""[ -z "$IP" ] ||
          ip neighbour replace "$IP" lladdr "$mac" dev cni0 nud noarp""",
    ),
    Fault(
        name="deletion leaves a black hole that seems to be the kernel's",
        source="aws/amazon-vpc-cni-k8s issue 166, with a route in a table of its own",
        reds={"LIFE-DELETE": "left behind at routing: expected gone, saw blackhole 10.88.0."},
        follows=_LEFT,
        near=frozenset({"LIFE-OTHERS", "LIFE-REUSE", "LIFE-REBOOT"}),
        before_del=_IP,
        after_del="""[ -z "$IP" ] ||
          ip route replace blackhole "$IP/32" table 4444 proto kernel""",
    ),
    Fault(
        name="a leak after the tenth deletion",
        source="own",
        reds={"LIFE-CHURN": "left behind at leases"},
        after_del="""echo x >>/run/podpath/fault/deletions
          [ "$(wc -l </run/podpath/fault/deletions)" -lt 10 ] ||
            echo left >/var/lib/cni/networks/podpath/10.88.0.200""",
    ),
    Fault(
        name="deletion turns learning off at another port",
        source="own",
        reds={"LIFE-OTHERS": "(pod client): expected on, saw off"},
        follows=frozenset({"TOPO-BRIDGE-PORT"}),
        after_del="""read -r other </run/podpath/fault/host-client &&
          ip link set "$other" type bridge_slave learning off""",
    ),
    Fault(
        name="the bridge's MAC drifts",
        cause="the MAC address .*, which no interface has",
        source="flannel-io/flannel issue 1381",
        reds={"LIFE-OTHERS": "changed at node cni0 mac"},
        follows=frozenset({"TOPO-MAC"}),
        after="""case $POD in passer-*)
          ip link set cni0 address "02:00:00:00:01:${IP##*.}";; esac""",
    ),
    Fault(
        name="UDP stops after a pod was deleted",
        cause='NETFILTER_DROP .*rule "ip protocol udp drop"',
        source="own",
        reds={"LIFE-OTHERS": "missing hop"},
        follows=frozenset(
            {"PATH-CONCURRENT", "PATH-SIZE", "PATH-UDP", "PATH-UNCHANGED", "TOPO-HOOKS"}
        ),
        # of two that are there at the same time: one that goes alone is another requirement's
        after_del=f"""[ "$POD" != passer-1 ] ||
          [ ! -e "/sys/class/net/$(cat /run/podpath/fault/host-passer-2 || echo none)" ] ||
          {bridge_rule("ip protocol udp drop")}""",
    ),
    Fault(
        name="deletion takes the bridge down for a moment",
        source="own",
        reds={"LIFE-SURVIVOR": "lost at client -> server"},
        follows=frozenset({"LIFE-OTHERS"}),  # a bridge that has forgotten all MAC addresses floods
        after_del="ip link set cni0 down; sleep 0.4; ip link set cni0 up",
    ),
    Fault(
        name="TCP stalls from a pod's deletion to the next one",
        source="own",
        reds={"LIFE-SURVIVOR": "and nothing more for"},
        follows=frozenset(
            {"PATH-CONCURRENT", "PATH-SIZE", "PATH-HTTP", "PATH-UNCHANGED", "TOPO-HOOKS"}
        ),
        # not by a second DEL of that pod, which kubelets make
        before_del='[ "$POD" = passer-3 ] || nft delete table bridge broken',
        after_del=f"""[ "$POD" != passer-3 ] || {bridge_rule("ip protocol tcp drop")}""",
    ),
    Fault(
        name="creation resets the connections of others",
        source="own",
        reds={"LIFE-SURVIVOR": "connection at client -> server"},
        after="""[ "$POD" != client ] || mount --bind "$CNI_NETNS" /run/podpath/fault/client
          case $POD in passer-*) nsenter --net=/run/podpath/fault/client nft 'add table ip cut
            add chain ip cut output { type filter hook output priority 0; }
            add rule ip cut output tcp dport 80 reject with tcp reset'
          sleep 0.3; nsenter --net=/run/podpath/fault/client nft delete table ip cut;; esac""",
        before="touch /run/podpath/fault/client",
        before_del='[ "$POD" != client ] || umount /run/podpath/fault/client',
    ),
    Fault(
        name="a new pod's address is not announced",
        cause="the MAC address of another host",
        source="containernetworking/plugins issue 756",
        reds={"LIFE-REUSE": "missing hop"},
        announces=False,
    ),
    Fault(
        # each new pod soon has the address of one before it, which is LIFE-REUSE's affair alone
        name="of few addresses, none is announced",
        cause="the MAC address of another host",
        source="containernetworking/plugins issue 756",
        reds={"LIFE-REUSE": "missing hop"},
        near=frozenset({"PATH-PORTMAP", "LIFE-PORTMAP", "LIFE-OTHERS"}),
        configure=lambda bridge: bridge["ipam"].update(ranges=[[_FEW]]),
        announces=False,
    ),
    Fault(
        name="the node keeps the MAC address of the pod that had the address before",
        cause="the MAC address of another host",
        source="aws/amazon-vpc-cni-k8s issue 3628; containernetworking/plugins issue 858",
        reds={"LIFE-REUSE": "missing hop"},
        # the one of the first pod that has an address, for good
        after=f"""first={_FIRST_MAC}; [ -s "$first" ] || pod_mac >"$first"
          echo "$IP" >"/run/podpath/fault/ip-$CNI_CONTAINERID"
          ip neighbour replace "$IP" lladdr "$(cat "$first")" dev cni0 nud permanent""",
        before_del="""kept=/run/podpath/fault/ip-$CNI_CONTAINERID
          [ ! -s "$kept" ] || ip neighbour del "$(cat "$kept")" dev cni0; rm -f "$kept" """,
    ),
    Fault(
        name="a race when many pods are made at once",
        source="containernetworking/plugins issue 366",
        reds={"LIFE-PARALLEL": "master at node veth"},
        before="""case $POD in pod-*) touch "/run/podpath/fault/adding-$POD"; n=0
          until [ $n -ge 100 ] || [ "$(ls /run/podpath/fault | grep -c adding)" -gt 4 ]; do
            n=$((n + 1)); sleep 0.01; done;; esac""",
        after="""[ "$POD" != pod-3 ] || [ "$(ls /run/podpath/fault | grep -c adding)" -le 4 ] ||
          ip link set "$HOST" nomaster""",
    ),
    Fault(
        name="addresses are given twice when many pods are made at once",
        source="aws/amazon-vpc-cni-k8s issue 711",
        reds={"LIFE-PARALLEL": "shared address"},
        configure=lambda bridge: bridge.update(ipMasq=False),
        after="""echo "$IP" >"/run/podpath/fault/ip-$POD"
          [ "$POD" != pod-2 ] || { until [ -s /run/podpath/fault/ip-pod-1 ]; do sleep 0.01; done
          new=$(cat /run/podpath/fault/ip-pod-1); in_pod ip address add $new/24 dev eth0
          in_pod ip address del "$IP/24" dev eth0
          in_pod ip address add $new/24 dev eth0
          in_pod ip route replace default via "${IP%.*}.1"; result "s/$IP/$new/"; IP=$new; }""",
    ),
)

PLUGINS = (
    Fault(
        name="deletion tells all hosts on the bridge",
        source="",
        reds={},
        # the kernel then knows neighbours for which no ARP is needed
        near=frozenset({"LIFE-DELETE", "LIFE-CHURN", "LIFE-OTHERS", "CNI-DEL", "CNI-PARALLEL"}),
        after_del="""case "$POD" in transient|passer-1*|contract)
          ping -b -c 1 -W 1 10.88.0.255; ping -c 1 -W 1 -I cni0 224.0.0.99;; esac""",
    ),
)
