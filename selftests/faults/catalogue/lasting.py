"""Faults that show after a while: wiring undone later, a reboot, and what is left elsewhere."""

from functools import partial

from selftests.faults.fault import ALL, Fault
from selftests.suite import ROOT

_FAULT = "/run/podpath/fault"
#: Shell, before ADD: a container is known until the node reboots, whether its ADD fails or not.
_KNOWN = f'touch "{_FAULT}/known-$CNI_CONTAINERID"'


def later(commands: str) -> str:
    """Shell: another program of the node runs commands, seconds after a pod's ADD.

    On a busy machine the suite reads the wiring seconds after ADD, too: the commands wait until the
    pod's namespace has a netlink socket with groups, which is how its changes are watched.
    """
    return f"""[ "$POD" = contract ] || env -i PATH="$PATH" HOST="$HOST" IP="$IP" \\
      NETNS="$CNI_NETNS" setsid sh -c '
      while [ -e "$NETNS" ] && ! nsenter --net="$NETNS" awk \\
        "\\$2 == 0 && \\$4 != \\"00000000\\" {{ n = 1 }} END {{ exit !n }}" /proc/net/netlink
      do sleep 0.2; done
      sleep 2; [ ! -e "$NETNS" ] || {{ {commands}; }}' >/dev/null 2>&1 3>&- </dev/null &"""


_UNDONE = (
    Fault(
        name="a host end is unplugged seconds after ADD",
        source="containernetworking/cni issue 77: another manager of the network",
        reds={"LIFE-PERSIST": "changed at host end of pod"},
        untestable=ALL,
        after=later('ip link set "$HOST" nomaster'),
    ),
    Fault(
        name="a MAC address is changed seconds after ADD",
        source="aws/amazon-vpc-cni-k8s issue 1514: systemd-udevd's MACAddressPolicy",
        reds={"LIFE-PERSIST": "changed at host end of pod"},
        untestable=ALL,
        after=later('ip link set "$HOST" address 02:00:00:00:77:${IP##*.}'),
    ),
    Fault(
        name="rules are flushed seconds after ADD",
        source="containers/podman issue 11123: firewalld loads its rules again",
        reds={"LIFE-PERSIST": "lost at rules"},
        untestable=ALL,
        after=later("iptables -t nat -F"),
    ),
    Fault(
        name="the gateway's address is deleted seconds after ADD",
        source="own: a manager of the network that does not know the bridge",
        reds={"LIFE-PERSIST": "changed at node cni0 addresses"},
        untestable=ALL,
        after=later("ip address flush dev cni0 scope global"),
    ),
    Fault(
        name="the node stops forwarding seconds after ADD",
        source="own: sysctl --system, by a package that was just installed",
        reds={"LIFE-PERSIST": "setting ipv4/ip_forward: expected 1, saw 0"},
        untestable=ALL,
        after=later("echo 0 >/proc/sys/net/ipv4/ip_forward"),
    ),
    Fault(
        name="a filter of source addresses is turned on seconds after ADD",
        source="own: the same, with the settings of a hardened host",
        reds={"LIFE-PERSIST": "setting ipv4/conf/all/rp_filter: expected 0, saw 1"},
        untestable=ALL,
        after=later("echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter"),
    ),
    Fault(
        name="the lease of a pod is deleted seconds after ADD",
        source="antrea-io/antrea issue 8239: a clean-up of leases that no pod is known to hold",
        reds={"LIFE-PERSIST": "lost at leases: expected 10.88.0."},
        untestable=ALL,
        after=later('rm -f "/var/lib/cni/networks/podpath/$IP"'),
    ),
    Fault(
        name="the lease of a pod becomes another container's seconds after ADD",
        source="weaveworks/weave issue 2719: a store that was restored",
        reds={"LIFE-PERSIST": "lost at leases: expected 10.88.0."},
        untestable=ALL,
        after=later('echo other >"/var/lib/cni/networks/podpath/$IP"'),
    ),
    Fault(
        name="a bridge is given a configured entry seconds after ADD",
        source="own: a clean-up that restores what it saved",
        reds={
            "LIFE-PERSIST": "configured FDB entries of cni0: expected none, saw 02:00:00:00:00:77"
        },
        untestable=ALL,
        after=later('bridge fdb replace 02:00:00:00:00:77 dev "$HOST" master static'),
    ),
    Fault(
        name="a pod stops answering seconds after ADD",
        source="own: sysctls of a hardened image, applied by an agent",
        reds={"LIFE-PERSIST": "setting ipv4/icmp_echo_ignore_all: expected 0, saw 1"},
        untestable=ALL,
        after=later("""nsenter --net="$NETNS" -- \\
          sh -c "echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all" """),
    ),
    Fault(
        name="the node is given a route around its pods seconds after ADD",
        source="own: a daemon of another network on the same subnet",
        reds={"LIFE-PERSIST": "changed at routes of the node: expected none, saw 10.88.0.0/25"},
        untestable=ALL,
        after=later("ip route replace blackhole 10.88.0.0/25"),
    ),
    Fault(
        name="the node is given a rule about its pods seconds after ADD",
        source="own: policy routing of a VPN that comes up",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw"},
        untestable=ALL,
        after=later("ip rule | grep -q 4444 || ip rule add from 10.88.0.0/24 lookup 4444"),
    ),
    Fault(
        name="a filter of bridges is loaded seconds after ADD",
        source="own: ebtables' rules of a virtual machine's host",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw table bridge late"},
        untestable=ALL,
        after=later("""nft add table bridge late
          nft add chain bridge late f \\{ type filter hook forward priority 0\\; \\}
          nft add rule bridge late f ip protocol udp drop"""),
    ),
    Fault(
        name="the node knows a pod by another MAC address seconds after ADD",
        source="own: a daemon that restores what it saved of the neighbours",
        reds={"LIFE-PERSIST": "changed at permanent neighbours of the node: expected none, saw"},
        untestable=ALL,
        after=later("ip neighbour replace $IP lladdr 02:00:00:00:00:99 dev cni0 nud permanent"),
    ),
    Fault(
        name="the node drops what it forwards seconds after ADD",
        source="moby/moby issue 39439; kubernetes/kubernetes issue 40182: dockerd starts",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw table ip filter"},
        untestable=ALL,
        after=later("iptables -P FORWARD DROP"),
    ),
    Fault(
        name="the node forgets datagrams after a second, seconds after ADD",
        source="own: a profile of tuned, started late",
        reds={"LIFE-PERSIST": "setting netfilter/nf_conntrack_udp_timeout: expected 30, saw 1"},
        untestable=ALL,
        after=later("echo 1 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout"),
    ),
    Fault(
        name="pods lose their ports seconds after ADD",
        source="own: a sysctl of another pod, which a daemon sets in all",
        reds={"LIFE-PERSIST": "setting ipv4/ip_local_port_range: expected 32768"},
        untestable=ALL,
        after=later("""nsenter --net="$NETNS" sh -c "
          echo 60000 60010 >/proc/sys/net/ipv4/ip_local_port_range" """),
    ),
    Fault(
        name="the node drops datagrams of links with such names seconds after ADD",
        source="own: a firewall that knows pods' links by how their names begin",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw table ip filter"},
        untestable=ALL,
        after=later("iptables -I FORWARD -i cni+ -o eth+ -p udp -j DROP"),
    ),
    Fault(
        name="the node drops datagrams of pods seconds after ADD",
        source="own: a policy of a network that pods are not in",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw table ip late"},
        untestable=ALL,
        after=later("""nft add table ip late
          nft add chain ip late f \\{ type filter hook forward priority 0\\; \\}
          nft add rule ip late f ip saddr 10.88.0.0/24 udp dport 53 drop"""),
    ),
    Fault(
        name="the node drops what pods send by an IPsec policy seconds after ADD",
        source="cilium/cilium issue 26298: policies of a node that is gone",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw IPsec: src 10.88"},
        untestable=ALL,
        after=later("ip xfrm policy update dir fwd src 10.88.0.0/24 dst 0.0.0.0/0 action block"),
    ),
    Fault(
        name="the bridge filters source addresses seconds after ADD",
        source="cilium/cilium issue 10645: systemd-sysctl's settings of each link",
        reds={"LIFE-PERSIST": "setting ipv4/conf/cni0/rp_filter: expected 0, saw 1"},
        untestable=ALL,
        after=later("echo 1 >/proc/sys/net/ipv4/conf/cni0/rp_filter"),
    ),
    Fault(
        name="ptp: host ends filter source addresses seconds after ADD",
        source="cilium/cilium issue 10645: systemd-sysctl's settings of each link",
        reds={"LIFE-PERSIST": "/rp_filter: expected 0, saw 1"},
        untestable=ALL,
        wraps=("ptp",),
        announces=False,
        network=ROOT / "examples/ptp.conflist",
        after=later('echo 1 >"/proc/sys/net/ipv4/conf/$HOST/rp_filter"'),
    ),
    Fault(
        name="pods answer no requests for their MAC address seconds after ADD",
        source="kubernetes/kubernetes issue 71555, by an agent",
        reds={"LIFE-PERSIST": "setting ipv4/conf/eth0/arp_ignore: expected 0, saw 8"},
        untestable=ALL,
        after=later("""nsenter --net="$NETNS" -- \\
          sh -c "echo 8 >/proc/sys/net/ipv4/conf/eth0/arp_ignore" """),
    ),
    Fault(
        name="the node takes a pod's address for its own seconds after ADD",
        source="projectcalico/calico issue 6244, by a daemon",
        reds={"LIFE-PERSIST": "changed at addresses of the node: expected none, saw 10.88.0."},
        untestable=ALL,
        after=later("ip address add $IP/32 dev lo"),
    ),
    Fault(
        name="the node loses its default route seconds after ADD",
        source="projectcalico/calico issue 2471: systemd-networkd takes links for its own",
        reds={"LIFE-PERSIST": "lost at routes of the node: expected 0.0.0.0/0"},
        untestable=ALL,
        after=later("ip route delete default"),
    ),
    Fault(
        name="the node's uplink gets a smaller MTU seconds after ADD",
        source="own: a tunnel's daemon that sets the MTU of all links",
        reds={"LIFE-PERSIST": "changed at node eth0 MTU: expected 1500, saw 1280"},
        untestable=ALL,
        after=later("ip link set eth0 mtu 1280"),
    ),
    Fault(
        name="the node's uplink goes down seconds after ADD",
        source="own: a manager of the network that restarts",
        reds={"LIFE-PERSIST": "changed at node eth0 flags"},
        untestable=ALL,
        after=later("ip link set eth0 down"),
    ),
    Fault(
        name="a hook comes to a host end seconds after ADD",
        source="cilium/cilium issue 21345: programs of tc that an agent loads again",
        reds={"LIFE-PERSIST": "changed at host end of pod"},
        untestable=ALL,
        after=later('tc qdisc add dev "$HOST" clsact'),
    ),
    Fault(
        name="a pod knows its gateway by another MAC address seconds after ADD",
        source="aws/amazon-vpc-cni-k8s issue 2103, by a daemon",
        reds={"LIFE-PERSIST": "changed at permanent neighbours of pod"},
        untestable=ALL,
        after=later("""nsenter --net="$NETNS" ip neighbour replace "${IP%.*}.1" dev eth0 \\
          lladdr 02:00:00:00:00:99 nud permanent"""),
    ),
    Fault(
        name="a pod's route is deleted seconds after ADD",
        source="own",
        reds={"LIFE-PERSIST": "changed at routes of pod"},
        untestable=ALL,
        after=later('nsenter --net="$NETNS" ip route delete default'),
    ),
    Fault(
        name="pods get a packet filter seconds after ADD",
        source="istio/istio issue 27469: rules in a pod's own namespace, by an agent",
        reds={"LIFE-PERSIST": "changed at rules of pod"},
        untestable=ALL,
        after=later("""nsenter --net="$NETNS" nft add table ip late
          nsenter --net="$NETNS" nft add chain ip late f \\{ \\
            type filter hook input priority 0\\; \\}
          nsenter --net="$NETNS" nft add rule ip late f udp dport 9000 drop"""),
    ),
    Fault(
        name="pods are excepted from masquerading seconds after ADD",
        source="cilium/cilium issue 10939, by an agent",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw table ip nat"},
        untestable=ALL,
        after=later("iptables -t nat -I POSTROUTING -s 10.88.0.0/24 -j ACCEPT"),
    ),
    Fault(
        name="what pods send to a port is redirected seconds after ADD",
        source="own: a proxy of all pods, by an agent",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw table ip nat"},
        untestable=ALL,
        after=later(
            "iptables -t nat -I PREROUTING -i cni0 -p tcp --dport 80 -j REDIRECT --to-ports 15001"
        ),
    ),
    Fault(
        name="pods are masqueraded from each other seconds after ADD",
        source="own: a rule for a Service's hairpin that is too wide, by an agent",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw table ip nat"},
        untestable=ALL,
        after=later("iptables -t nat -I POSTROUTING -s 10.88.0.0/24 -d 10.88.0.0/24 -j MASQUERADE"),
    ),
    Fault(
        name="what pods send has few hops left seconds after ADD",
        source="own: a sysctl of an agent",
        reds={"LIFE-PERSIST": "setting ipv4/ip_default_ttl: expected 64, saw 2"},
        untestable=ALL,
        after=later("""nsenter --net="$NETNS" -- \\
          sh -c "echo 2 >/proc/sys/net/ipv4/ip_default_ttl" """),
    ),
    Fault(
        name="the largest segment of pods is clamped seconds after ADD",
        source="own: a daemon of a tunnel, which clamps all that it routes",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw table ip mangle"},
        untestable=ALL,
        after=later("""iptables -t mangle -A FORWARD -s 10.88.0.0/24 -p tcp \\
          --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 500"""),
    ),
    Fault(
        name="what pods send is handed to a program seconds after ADD",
        source="own: a filter in a program that is not there",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw table ip filter"},
        untestable=ALL,
        after=later("iptables -A FORWARD -s 10.88.0.0/24 -j NFQUEUE"),
    ),
    Fault(
        name="the node tracks no connections of pods seconds after ADD",
        source="own: a daemon that spares the table of connections",
        reds={"LIFE-PERSIST": "changed at rules of the node: expected none, saw table ip raw"},
        untestable=ALL,
        after=later("iptables -t raw -A PREROUTING -s 10.88.0.0/24 -j NOTRACK"),
    ),
)


def _afterwards(name: str, says: str, commands: str) -> Fault:
    """A plugin that does something on a node that has had pods before its start."""
    return Fault(
        name=name,
        source="own: a set-up that a file on disk says is done",
        reds={"LIFE-REBOOT": says},
        last=f"""[ "$CNI_COMMAND $status" != "ADD 0" ] || {{
          [ -e /var/lib/cni/made ] || touch /var/lib/cni/made /run/made
          [ -e /run/made ] || {commands}; }}""",
    )


_REBOOT = (
    Fault(
        name="no pod gets its network after a reboot",
        source="containernetworking/plugins issue 697",
        reds={"LIFE-REBOOT": "failure at bridge ADD"},
        before="""[ ! -e /var/lib/cni/made ] || [ -e /sys/class/net/cni0 ] ||
          fail 100 "cni0 is gone" """,
        after="touch /var/lib/cni/made",
    ),
    Fault(
        name="DEL fails for a pod of before a reboot",
        source="containernetworking/cni issue 1167",
        reds={"LIFE-REBOOT": "failure at bridge DEL"},
        before=_KNOWN,
        before_del=f'[ -e "{_FAULT}/known-$CNI_CONTAINERID" ] || fail 3 "unknown container"',
    ),
    Fault(
        name="the address of a pod of before a reboot stays leased",
        source="containernetworking/plugins issue 252",
        reds={"LIFE-REBOOT": "left behind at leases"},
        before=_KNOWN,
        before_del=f'[ -e "{_FAULT}/known-$CNI_CONTAINERID" ] || exit 0',
    ),
    Fault(
        name="no pod is masqueraded after a reboot",
        source="own: rules that a file on disk says are there",
        reds={"LIFE-REBOOT": "missing at rules"},
        last="""[ "$CNI_COMMAND $status" != "ADD 0" ] || {
          [ -e /var/lib/cni/made ] || touch /var/lib/cni/made /run/made
          [ -e /run/made ] || iptables -t nat -F; }""",
    ),
    _afterwards(
        "the bridge has no address after a reboot",
        "changed at node cni0 addresses: expected 10.88.0.1/24",
        "ip address flush dev cni0 scope global",
    ),
    _afterwards(
        "the node does not forward after a reboot",
        "changed at node forwards ipv4: expected True",
        "echo 0 >/proc/sys/net/ipv4/ip_forward",
    ),
    _afterwards(
        "new pods have a smaller MTU after a reboot",
        "MTU: expected 1500, saw 1300",
        'ip link set "$HOST" mtu 1300',
    ),
    Fault(
        name="DEL of a pod of before a reboot takes a new pod's rules",
        source="own: what belongs to a pod is known by its address",
        reds={"LIFE-REBOOT": "lost at"},
        before=_KNOWN,
        after_del=f"""[ -e "{_FAULT}/known-$CNI_CONTAINERID" ] || iptables -t nat -F""",
    ),
)


def _of_runtime(commands: str) -> str:
    """Shell: commands before the first ADD of each process of the runtime."""
    return f"""pid=$(pidof containerd); [ "$pid" = "$(cat {_FAULT}/runtime)" ] || {{
      echo $pid >{_FAULT}/runtime; {commands}; }}"""


_mapping = partial(Fault, wraps=("portmap",), announces=False)

_MAPPED = (
    _mapping(
        name="nobody reaches mapped ports of new pods after a reboot",
        source="openshift/origin issue 17464: rules for all pods are not made again",
        reds={"LIFE-REBOOT": "mapped port at tcp port 28090 of the node in IPv4, asked for from"},
        near=frozenset({"LIFE-RESTART"}),
        last="""[ "$CNI_COMMAND $status" != "ADD 0" ] || {
          [ -e /var/lib/cni/made ] || touch /var/lib/cni/made /run/made
          [ -e /run/made ] || for chain in PREROUTING OUTPUT; do
            iptables -t nat -D $chain -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT; done; }""",
    ),
    _mapping(
        name="the first pod after a restart takes the others' mapped ports",
        source="cilium/cilium issue 6499: rules for mapped ports go as the plugin begins anew",
        reds={"LIFE-RESTART": "mapped port at tcp port 28080 of the node in IPv4, asked for from"},
        near=frozenset({"LIFE-PORTMAP", "LIFE-REBOOT"}),
        before=_of_runtime("iptables -t nat -F CNI-HOSTPORT-DNAT"),
    ),
    _mapping(
        name="the first pod after a restart ends masquerading at mapped ports",
        source="own: rules for all pods that are made anew",
        reds={"LIFE-RESTART": "lost at rules: expected table ip nat chain CNI-HOSTPORT-MASQ"},
        near=frozenset({"LIFE-PORTMAP", "LIFE-REBOOT"}),
        before=_of_runtime("iptables -t nat -F CNI-HOSTPORT-MASQ"),
    ),
)

_RESTART = (
    Fault(
        name="the wiring ends with the runtime",
        source="own: a data path that is a process of the runtime's unit",
        reds={"LIFE-RESTART": "lost at bridge ports"},
        untestable=ALL,
        after="""env -i PATH="$PATH" HOST="$HOST" OF="$(pidof containerd)" setsid sh -c '
          while kill -0 $OF; do sleep 0.05; done; ip link set "$HOST" nomaster
          ' >/dev/null 2>&1 3>&- </dev/null &""",
    ),
    Fault(
        name="no pod gets its network once the runtime was restarted",
        source="own: a lock that a process of the runtime's unit holds",
        reds={"LIFE-RESTART": "the runtime was restarted"},
        follows=frozenset({"LIFE-ADD", "CNI-ADD-RESULT", "LIFE-PERSIST"}),
        untestable=ALL,
        before=f"""pid=$(pidof containerd); [ -e {_FAULT}/runtime ] || echo $pid >{_FAULT}/runtime
          [ "$pid" = "$(cat {_FAULT}/runtime)" ] || fail 11 "the runtime was restarted" """,
    ),
)

_LEFT = frozenset({"LIFE-CHURN"})

_FILES = (
    Fault(
        name="deletion leaves an IPsec policy",
        source="cilium/cilium issue 26298",
        reds={"LIFE-DELETE": "left behind at IPsec: expected gone, saw IPsec: src 10.88.0."},
        follows=_LEFT | {"TOPO-HOOKS"},
        after='ip xfrm policy update dir out src "$IP/32" dst 203.0.113.0/24 action block',
    ),
    Fault(
        name="deletion leaves an address for which the uplink answers ARP",
        source="own: the way of a plugin whose pods are on the node's own network",
        reds={"LIFE-DELETE": "left behind at neighbours: expected gone, saw 10.88.0."},
        follows=_LEFT,
        after='ip neighbour add proxy "$IP" dev eth0',
    ),
    Fault(
        name="deletion leaves a next hop",
        source="own: routes by next-hop objects, of which the routes alone are deleted",
        reds={"LIFE-DELETE": "left behind at routing: expected gone, saw id "},
        follows=_LEFT,
        after='ip nexthop add id "$((${IP##*.} + 100))" blackhole',
    ),
    Fault(
        name="deletion leaves a cgroup",
        source="own: a group for a helper of the pod",
        reds={"LIFE-DELETE": "left behind at cgroups: expected gone, saw /sys/fs/cgroup/own-"},
        follows=_LEFT,
        after_del="mkdir -p /sys/fs/cgroup/own-$$",
    ),
    Fault(
        name="deletion leaves a link that leads nowhere",
        source="own: the usual way of tutorials, without its end",
        reds={"LIFE-DELETE": "left behind at files: expected gone, saw /run/netns/left-"},
        follows=_LEFT,
        after_del="ln -sfn /proc/$$/ns/net /run/netns/left-$$",
    ),
    Fault(
        name="deletion leaves a file in a directory of the plugin's own",
        source="kubernetes-sigs/kindnet: its state is in /var/lib/cni-kindnet",
        reds={"LIFE-DELETE": "left behind at files: expected gone, saw /var/lib/cni-own/"},
        follows=_LEFT,
        after="mkdir -p /var/lib/cni-own; touch /var/lib/cni-own/$CNI_CONTAINERID",
    ),
    Fault(
        name="deletion leaves a file below a directory of /run",
        source="own",
        reds={"LIFE-DELETE": "left behind at files: expected gone, saw /run/own/pods/"},
        follows=_LEFT,
        after="mkdir -p /run/own/pods; touch /run/own/pods/$CNI_CONTAINERID",
    ),
    Fault(
        name="deletion leaves a file where nobody looks",
        source="own",
        reds={"LIFE-DELETE": "left behind at files: expected gone, saw /opt/own/"},
        follows=_LEFT,
        after="mkdir -p /opt/own; touch /opt/own/$CNI_CONTAINERID",
    ),
    Fault(
        name="deletion leaves a line in a file of all pods",
        source="own: a list of attachments that only grows",
        reds={"LIFE-DELETE": " in /var/lib/cni-own/list"},
        follows=_LEFT,
        after='mkdir -p /var/lib/cni-own; echo "$CNI_CONTAINERID $IP" >>/var/lib/cni-own/list',
    ),
    Fault(
        name="deletion leaves an address in a file of all pods",
        source="own: a list of hosts that only grows",
        reds={"LIFE-DELETE": " in /var/lib/cni-own/hosts"},
        follows=_LEFT,
        after="""mkdir -p /var/lib/cni-own; echo "$IP $POD" >>/var/lib/cni-own/hosts""",
    ),
    Fault(
        name="deletion leaves a MAC address in a file of all pods",
        source="own: a list for DHCP that only grows",
        reds={"LIFE-DELETE": " in /var/lib/cni-own/ethers"},
        follows=_LEFT,
        after="""mkdir -p /var/lib/cni-own; echo "$(pod_mac) $POD" >>/var/lib/cni-own/ethers""",
    ),
    Fault(
        name="deletion leaves a file in shared memory",
        source="own: a lock between processes",
        reds={"LIFE-DELETE": "left behind at files: expected gone, saw /dev/shm/"},
        follows=_LEFT,
        after="touch /dev/shm/plugin-$CNI_CONTAINERID",
    ),
    Fault(
        name="the bridge gets another name with each pod",
        source="own: a name for an administrator that nobody takes back",
        reds={"LIFE-DELETE": "left behind at links: expected gone, saw cni0 also named br-"},
        follows=_LEFT,
        after='ip link property add dev cni0 altname "br-$(echo "$CNI_CONTAINERID" | cut -c1-8)"',
    ),
    Fault(
        name="deletion leaves the bridge promiscuous",
        source="own: a capture of the plugin's own",
        reds={"LIFE-DELETE": "left behind at links: expected gone, saw cni0 promiscuous"},
        # such a bridge takes what it passes to itself for its own, too; and here the contract's
        # containers are on the same node
        follows=_LEFT | {"TOPO-BRIDGE-GATEWAY", "LIFE-OTHERS", "PATH-PORTMAP", "CNI-CHECK"},
        after_del='[ "$POD" != transient ] || ip link set cni0 promisc on',
    ),
    Fault(
        name="deletion leaves a temporary file",
        source="own: mktemp without its end",
        reds={"LIFE-DELETE": "left behind at files: expected gone, saw /tmp/own-"},
        follows=_LEFT,
        after="mktemp /tmp/own-XXXXXX",
    ),
)

FAULTS = (*_UNDONE, *_REBOOT, *_MAPPED, *_RESTART, *_FILES)

#: A plugin that keeps what it has to keep where it likes, and deletes it.
PLUGINS = (
    Fault(
        name="leases are written again seconds after ADD",
        source="",
        reds={},
        near=frozenset({"LIFE-PERSIST", "TOPO-ADDR"}),
        after=later(
            'cp "/var/lib/cni/networks/podpath/$IP" "/run/$IP"; '
            'mv "/run/$IP" /var/lib/cni/networks/podpath'
        ),
    ),
    Fault(
        name="a daemon adds rules and routes of other networks seconds after ADD",
        source="",
        reds={},
        near=frozenset({"LIFE-PERSIST", "TOPO-HOOKS", "PATH-MASQUERADE"}),
        after=later("""mkdir /run/podpath/fault/late || exit; nft add table ip late
          nft add chain ip late f \\{ type filter hook forward priority 0\\; \\}
          nft add rule ip late f ip saddr 203.0.113.0/24 drop
          nft add rule ip late f ip saddr \\{ 203.0.113.0/25, 203.0.113.192/26 \\} drop
          nft add rule ip late f iifname \\{ docker0, br-lan \\} drop
          nft add rule ip late f ip saddr 10.88.0.0/24 accept
          iptables -t nat -I POSTROUTING -s 203.0.113.0/24 -j ACCEPT
          iptables -t nat -A POSTROUTING -s 10.88.0.0/24 -d 203.0.113.0/24 -j RETURN
          iptables -t nat -I PREROUTING -s 203.0.113.0/24 -p tcp --dport 80 -j REDIRECT
          iptables -t nat -A POSTROUTING -s 10.88.0.0/24 ! -d 10.88.0.0/24 -j MASQUERADE"""),
    ),
    _mapping(
        name="rules are loaded anew with the first pod after a restart",
        source="",
        reds={},
        near=frozenset({"LIFE-PORTMAP", "LIFE-REBOOT", "LIFE-RESTART"}),
        before=_of_runtime(
            f"iptables-save -t nat >{_FAULT}/rules; iptables-restore -T nat <{_FAULT}/rules"
        ),
    ),
    Fault(
        name="state in directories of its own",
        source="",
        reds={},
        near=frozenset(
            {"LIFE-DELETE", "LIFE-CHURN", "LIFE-PERSIST", "LIFE-REBOOT", "LIFE-RESTART"}
        ),
        after="""mkdir -p /var/lib/cni-own /run/own/pods; echo >>/var/log/cni-own.log
          touch /var/lib/cni-own/$CNI_CONTAINERID /run/own/pods/$CNI_CONTAINERID
          touch /dev/shm/$CNI_CONTAINERID; echo "$IP" >/var/lib/cni-own/last
          echo "$IP $POD" >>/var/lib/cni-own/hosts""",
        after_del=r"""rm -f /var/lib/cni-own/$CNI_CONTAINERID /run/own/pods/$CNI_CONTAINERID
          rm -f /dev/shm/$CNI_CONTAINERID; sed -i "/ $POD\$/d" /var/lib/cni-own/hosts
          echo >>/var/log/cni-own.log""",
    ),
)
