"""Plugins that do what they are configured to do: nothing may turn red on them."""

from selftests.faults.catalogue.ipv6 import dual_stack
from selftests.faults.fault import Fault

_OWN_MAC = (
    # As a meta plugin would: a locally administered address, another one for each container.
    'CNI_ARGS="$CNI_ARGS;MAC=02:$(printf %s "$CNI_CONTAINERID" | cut -c 1-10 |'
    " sed 's/../&:/g; s/:$//')\"; export CNI_ARGS"
)

# As OVN and others do: 0a:58 and the address, which is asked of IPAM before. One ADD at a time, or
# another one might be given the address in between; the lock goes with the process.
_MAC_OF_IP = r"""exec 9>/run/podpath/fault/lock; flock 9
  new=$(delegate | tr -d ' \n\t' | sed -n 's/.*"address":"\([0-9.]*\).*/\1/p')
  (CNI_COMMAND=DEL; export CNI_COMMAND; delegate)
  [ -z "$new" ] || {
    CNI_ARGS="IgnoreUnknown=1;$CNI_ARGS;IP=$new"
    CNI_ARGS="$CNI_ARGS;MAC=$(printf '0a:58:%02x:%02x:%02x:%02x' $(echo "$new" | tr . ' '))"
    export CNI_ARGS; }"""

#: Of a wrapper that asks IPAM for an address, gives it back, and asks for that one again.
_ASKS_TWICE = frozenset({"LIFE-PARALLEL", "CNI-ADD-RESULT", "CNI-DELEGATE", "CNI-DELEGATE-ERROR"})

#: As kube-proxy sets it for IPVS with strictARP.
_IPVS = """sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 \
  net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0"""

_OLD_BRIDGE = """ip link show cni0 || { ip link add cni0 type bridge
  ip address add 10.99.0.1/24 dev cni0; ip link set cni0 up; }"""

#: Shell: another name of the host end, which is up and forwards before ADD returns.
_NAMED = """new="pod$(echo "$CNI_CONTAINERID$CNI_IFNAME" | md5sum | cut -c 1-10)"
          ip link set "$HOST" down; ip link set "$HOST" name "$new"
          ip link set "$new" alias "$CNI_CONTAINERID" group 7; ip link set "$new" up
          result "s/$HOST/$new/"; echo "$new" >"/run/podpath/fault/host-$POD"
          until bridge link show dev "$new" | grep -q 'state forwarding'; do :; done"""

#: Shell: as hardening guides have it, for all links and the pod's own.
_HARDENED = """in_pod sh -c "cd /proc/sys/net; for link in all $CNI_IFNAME; do
            echo 0 | tee ipv4/conf/\\$link/accept_redirects ipv4/conf/\\$link/send_redirects \\
              ipv4/conf/\\$link/accept_source_route ipv6/conf/\\$link/accept_ra
            echo 1 >ipv4/conf/\\$link/rp_filter; echo 1 >ipv4/conf/\\$link/arp_ignore
            echo 2 >ipv4/conf/\\$link/arp_announce; done
            echo 1 >ipv4/conf/$CNI_IFNAME/arp_notify" """

#: Shell: rules of the container's own, with a comment, in both kinds of tables.
_COMMENTED = """own="own $CNI_CONTAINERID $CNI_IFNAME"
          iptables -A FORWARD -s "$IP" -m comment --comment "$own" -j ACCEPT
          nft add table inet own
          nft 'add chain inet own f { type filter hook forward priority 0; }'
          nft "add rule inet own f ip saddr $IP counter accept comment \\"$own\\"" """
_UNCOMMENTED = """own="own $CNI_CONTAINERID $CNI_IFNAME"
          iptables-save -t filter | grep -F "$own" | sed 's/^-A/-D/' |
            while read -r rule; do eval "iptables $rule"; done
          nft -a list chain inet own f | grep -F "$own" | sed 's/.* handle //' |
            while read -r n; do nft delete rule inet own f handle "$n"; done
          nft list chain inet own f | grep -q saddr || nft delete table inet own; :"""

#: Shell: a link joins received packets by ETHTOOL_SGRO of linux/ethtool.h, and is given more than
#: 64 KiB at once ("BIG TCP").
_BIG = r"""join='
import array, fcntl, socket, struct, sys
value = array.array("I", (0x2C, 1))
request = struct.pack("16sQ16x", sys.argv[1].encode(), value.buffer_info()[0])
fcntl.ioctl(socket.socket(), 0x8946, request)  # SIOCETHTOOL
'; python3 -c "$join" "$HOST"; in_pod python3 -c "$join" "$CNI_IFNAME"
  for link in cni0 "$HOST"; do ip link set "$link" gso_max_size 196608 gro_max_size 196608; done
  in_pod ip link set "$CNI_IFNAME" gso_max_size 196608 gro_max_size 196608"""

#: Shell: a rule of all pods is looked at again and again.
_DAEMON = """running=/run/podpath/fault/daemon; [ -e "$running" ] || { : >"$running"
  env -i PATH="$PATH" setsid sh -c 'rule="POSTROUTING -s 10.99.0.0/16 -j MASQUERADE"
    while [ -e "$0" ]; do
      iptables -w -t nat -C $rule || iptables -w -t nat -A $rule; sleep 0.3; done' \\
    "$running" >/dev/null 2>&1 3>&- </dev/null & }"""

#: Shell: a file with the container that has a pod's interface.
_HOLDER = 'holder="/run/podpath/fault/holder-$NAME-$CNI_IFNAME"'

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

#: Shell: iptables of the node's owner, which no test of a plugin's iptables kills by PATH.
_OWNERS_IPTABLES = 'iptables() { /usr/sbin/iptables "$@"; }'

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
        name="a pod's next container takes over from its old one",
        source="projectcalico/calico: attachments are known by the names of pod and interface",
        reds={},
        near=frozenset(
            {"CNI-DEL-IDEMPOTENT", "CNI-ADD-EXHAUSTED", "CNI-PARALLEL", "LIFE-PARALLEL"}
        ),
        configure=lambda bridge: bridge.update(ipMasq=False),
        first=_HOLDER,
        before="""old=$(cat "$holder")
          case "$old" in ""|"$CNI_CONTAINERID") ;;
          *) printf '%s' "$input" |
            CNI_COMMAND=DEL CNI_CONTAINERID=$old CNI_NETNS= "$real";; esac""",
        after='echo "$CNI_CONTAINERID" >"$holder"',
        after_del='[ "$(cat "$holder")" != "$CNI_CONTAINERID" ] || rm -f "$holder"',
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
    Fault(
        name="segments of more than 64 KiB",
        source="",
        reds={},
        near=frozenset({"PATH-SIZE", "PATH-HTTP", "PATH-UNCHANGED", "LIFE-SURVIVOR"}),
        configure=dual_stack,
        after=_BIG,
    ),
    Fault(
        name="a result with other spellings of its IPv6 addresses",
        source="",
        reds={},
        near=frozenset(
            {
                *("TOPO-RESULT", "TOPO-ADDR", "CNI-ADD-INTERFACE", "CNI-ADD-PREVIOUS"),
                *("CNI-INTERFACES", "CNI-PARALLEL"),
            }
        ),
        configure=dual_stack,
        last="""[ "$CNI_COMMAND" != ADD ] ||
          result 's/fd00:88::\\([0-9a-f]*\\/\\)/FD00:88:0:0::0\\1/'""",
    ),
    Fault(name="fixed MAC addresses", source="", reds={}, near=_NEAR, before=_OWN_MAC),
    Fault(
        name="MAC addresses made from IP addresses",
        source="",
        reds={},
        near=_NEAR | {"TOPO-MAC", "CNI-ADD-INTERFACE"},
        follows=_ASKS_TWICE,
        before=_MAC_OF_IP,
    ),
    Fault(
        name="MAC addresses made from IP addresses, and not announced",
        source="",
        reds={},
        near=frozenset({"LIFE-REUSE", "LIFE-DELETE"}),
        follows=_ASKS_TWICE,
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
        name="a result with the name server of the conflist",
        source="",
        reds={},
        near=frozenset({"TOPO-RESULT", "CNI-ADD-RESULT"}),
        configure=lambda bridge: bridge.update(dns={"nameservers": ["192.0.2.53"]}),
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
    Fault(
        name="host ends with other names, aliases and groups",
        source="",
        reds={},
        near=_NEAR | {"CNI-ADD-RESULT", "CNI-CHECK", "CNI-DEL"},
        after=_NAMED,
    ),
    Fault(
        name="other queues, lengths and sizes",
        source="",
        reds={},
        near=frozenset({"TOPO-HOOKS", "TOPO-MTU", "PATH-HTTP", "PATH-SIZE", "LIFE-OTHERS"}),
        after="""in_pod ip link set "$CNI_IFNAME" txqueuelen 500 alias own
          in_pod tc qdisc replace dev "$CNI_IFNAME" root pfifo_fast
          ip link set "$HOST" txqueuelen 200 gso_max_size 32768""",
    ),
    Fault(
        name="masquerading by a set of nftables, beside the plugin's own",
        source="",
        reds={},
        near=frozenset({"LIFE-DELETE", "LIFE-OTHERS", "LIFE-PERSIST", "PATH-MASQUERADE"}),
        after="""nft 'add table inet own
          add chain inet own post { type nat hook postrouting priority 100; }
          add set inet own pods { type ipv4_addr; }
          flush chain inet own post
          add rule inet own post ip saddr @pods ip daddr != 10.88.0.0/24 masquerade'
          nft "add element inet own pods { $IP }"
          echo "$IP" >"/run/podpath/fault/set-$CNI_CONTAINERID-$CNI_IFNAME" """,
        after_del="""known="/run/podpath/fault/set-$CNI_CONTAINERID-$CNI_IFNAME"
          [ ! -e "$known" ] || { nft "delete element inet own pods { $(cat "$known") }"
            rm "$known"; }""",
    ),
    Fault(
        name="the node gets an address on lo, and forgets neighbours that do not answer",
        source="",
        reds={},
        near=frozenset({"LIFE-DELETE", "LIFE-OTHERS", "LIFE-PERSIST", "PATH-GATEWAY"}),
        before="ip address replace 203.0.113.5/32 dev lo",
        after_del="ip neigh flush dev cni0 nud failed",
    ),
    Fault(
        name="a node of strict filters, which pods pass",
        source="",
        reds={},
        near=_NEAR | {"CNI-DEL-FAILED"},
        before=f"""{_OWNERS_IPTABLES}
          iptables -P FORWARD DROP
          iptables -C FORWARD -i cni0 -j ACCEPT || iptables -A FORWARD -i cni0 -j ACCEPT
          iptables -C FORWARD -o cni0 -j ACCEPT || iptables -A FORWARD -o cni0 -j ACCEPT
          drop="FORWARD -m conntrack --ctstate INVALID -j DROP"
          iptables -C $drop || iptables -I $drop
          clamp="FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"
          iptables -t mangle -C $clamp || iptables -t mangle -A $clamp""",
    ),
    Fault(
        name="a firewall of the node, which lets pods ping it",
        source="",
        reds={},
        near=frozenset(
            {
                *("PATH-GATEWAY", "PATH-MASQUERADE", "PATH-PORTMAP", "LIFE-OTHERS"),
                "CNI-DEL-FAILED",
            }
        ),
        before=f"""{_OWNERS_IPTABLES}
          for protocol in tcp udp; do
          closed="INPUT -i cni0 -p $protocol -m conntrack --ctstate NEW -j DROP"
          iptables -C $closed || iptables -I $closed; done""",
    ),
    Fault(
        name="rules with comments, which DEL finds by them",
        source="",
        reds={},
        near=frozenset({"LIFE-DELETE", "LIFE-OTHERS", "LIFE-PERSIST", "CNI-DEL", "PATH-GATEWAY"}),
        after=_COMMENTED,
        after_del=_UNCOMMENTED,
    ),
    Fault(
        name="routes of another protocol and metric",
        source="",
        reds={},
        near=frozenset({"TOPO-ROUTE", "TOPO-RESULT", "PATH-GATEWAY", "LIFE-PERSIST", "CNI-CHECK"}),
        after="""in_pod ip route del default; in_pod ip route del "${IP%.*}.0/24"
          in_pod ip route add "${IP%.*}.0/24" dev "$CNI_IFNAME" proto static scope link src "$IP"
          in_pod ip route add default via "${IP%.*}.1" dev "$CNI_IFNAME" \\
            proto static metric 100 onlink""",
    ),
    Fault(
        name="an address without a broadcast address, and a route of its own",
        source="",
        reds={},
        near=frozenset({"TOPO-ADDR", "TOPO-ROUTE", "TOPO-RESULT", "PATH-ARP", "LIFE-PERSIST"}),
        after="""in_pod ip address del "$IP/24" dev "$CNI_IFNAME"
          in_pod ip address add "$IP/24" noprefixroute dev "$CNI_IFNAME"
          in_pod ip route add "${IP%.*}.0/24" dev "$CNI_IFNAME" proto kernel scope link src "$IP"
          in_pod ip route replace default via "${IP%.*}.1" """,
    ),
    Fault(
        name="an IPv6 link-local address of the plugin's own",
        source="",
        reds={},
        near=frozenset({"TOPO-ADDR", "PATH-ICMP", "PATH-ARP", "LIFE-PERSIST", "LIFE-DELETE"}),
        configure=dual_stack,
        after="""in_pod ip link set "$CNI_IFNAME" addrgenmode none
          in_pod ip -6 address flush dev "$CNI_IFNAME" scope link
          in_pod ip address add "fe80::${IP##*.}:1/64" dev "$CNI_IFNAME" nodad""",
    ),
    Fault(
        name="hardened pods",
        source="",
        reds={},
        near=_NEAR | {"TOPO-SETTINGS"},
        after=_HARDENED,
    ),
    Fault(
        name="a bridge with other costs and priorities, and passed to iptables",
        source="",
        reds={},
        near=_NEAR | {"TOPO-BRIDGE-PORT", "TOPO-BRIDGE-GATEWAY", "LIFE-PERSIST"},
        after="""bridge link set dev "$HOST" cost 10 priority 8
          ip link set cni0 type bridge priority 100 nf_call_iptables 1
          ip link set cni0 txqueuelen 500 alias own group 3""",
    ),
    Fault(
        name="the node knows each pod's MAC address while it is there",
        source="",
        reds={},
        near=frozenset({"LIFE-DELETE", "LIFE-OTHERS", "LIFE-REUSE", "PATH-GATEWAY", "CNI-DEL"}),
        after="""ip neighbour replace "$IP" dev cni0 nud permanent \\
            lladdr "$(in_pod ip -o link show "$CNI_IFNAME" | sed 's/.*ether \\([^ ]*\\).*/\\1/')"
          echo "$IP" >"/run/podpath/fault/ip-$CNI_CONTAINERID-$CNI_IFNAME" """,
        after_del="""known="/run/podpath/fault/ip-$CNI_CONTAINERID-$CNI_IFNAME"
          [ ! -e "$known" ] || { ip neighbour del "$(cat "$known")" dev cni0; rm "$known"; }""",
    ),
    Fault(
        name="a program that announces each pod for seconds, and ends",
        source="",
        reds={},
        near=frozenset({"LIFE-DELETE", "LIFE-OTHERS", "LIFE-REUSE", "PATH-ARP", "CNI-INTERFACES"}),
        after="""setsid nsenter --net="$CNI_NETNS" -- busybox arping -q -U -c 5 -w 6 \\
            -I "$CNI_IFNAME" "$IP" >/dev/null 2>&1 3>&- </dev/null &""",
    ),
    Fault(
        name="a daemon of the plugin's own, which calls other programs",
        source="",
        reds={},
        near=frozenset({"LIFE-DELETE", "LIFE-PERSIST", "LIFE-REBOOT", "CNI-DEL", "CNI-DEL-GONE"}),
        after=_DAEMON,
    ),
)
