"""Faults of plugins that route in the manner of Calico, of kindnet and of the AWS VPC CNI.

These plugins need programs of their own, or are in no package. So the reference ptp plugin stands
in for them: it makes the pair and asks host-local for an address; then the wrapper makes of the
kernel's state what the plugin in question makes of it.
"""

from dataclasses import replace
from functools import partial

from selftests.faults.catalogue.lasting import later
from selftests.faults.fault import ALL, Fault
from selftests.suite import ROOT

_NETWORK = ROOT / "selftests/profiles/routed.conflist"
_DUAL_STACK = ROOT / "selftests/profiles/routed-dual-stack.conflist"
_MAC = "ee:ee:ee:ee:ee:ee"

# What ptp did is undone: the pair stays. IP6 is the pod's IPv6 address, if it has one.
_PAIR = r"""IP6=$(flat "$output" | sed -n 's/.*"address":"\([0-9a-f:]*::[0-9a-f:]*\).*/\1/p')
  in_pod ip address flush dev "$CNI_IFNAME" scope global
  in_pod ip -6 route flush dev "$CNI_IFNAME" proto boot
  ip address flush dev "$HOST" scope global
  result 's,\("address":"[0-9.]*\)/24,\1/32,; s,\("address":"[0-9a-f:]*\)/64,\1/128,'
  result 's/,"gateway":"[^"]*"//g; s/"routes":\[[^]]*\],//'
  in_pod ip address add "$IP/32" dev "$CNI_IFNAME"
  [ -z "$IP6" ] || in_pod ip address add "$IP6/128" dev "$CNI_IFNAME" nodad"""
# cni-plugin/pkg/dataplane/linux/dataplane_linux.go of projectcalico/calico
_CALICO = rf"""{_PAIR}
  cd /proc/sys/net; echo 0 >"ipv6/conf/$HOST/accept_dad"
  ip link set "$HOST" down; ip link set "$HOST" address {_MAC} up
  result "s/\($HOST\",\"mac\":\"\)[^\"]*/\1{_MAC}/"
  echo 1 >"ipv4/conf/$HOST/proxy_arp"; echo 0 >"ipv4/neigh/$HOST/proxy_delay"
  echo 1 >"ipv4/conf/$HOST/forwarding"; echo 1 >"ipv6/conf/$HOST/forwarding"
  in_pod ip route add 169.254.1.1 dev "$CNI_IFNAME" scope link
  in_pod ip route add default via 169.254.1.1 dev "$CNI_IFNAME"
  ip route add "$IP" dev "$HOST" scope link
  [ -z "$IP6" ] || {{ in_pod ip route add default via fe80::ecee:eeff:feee:eeee dev "$CNI_IFNAME"
    ip route add "$IP6" dev "$HOST"; }}"""
# cmd/routed-eni-cni-plugin/driver/driver.go of aws/amazon-vpc-cni-k8s
_AWS = rf"""{_PAIR}
  gateway_mac=$(ip -o link show "$HOST" | sed 's/.*ether \([^ ]*\).*/\1/')
  in_pod ip route add 169.254.1.1 dev "$CNI_IFNAME" scope link
  in_pod ip route add default via 169.254.1.1 dev "$CNI_IFNAME"
  in_pod ip neighbour add 169.254.1.1 lladdr "$gateway_mac" dev "$CNI_IFNAME" nud permanent
  ip route add "$IP" dev "$HOST" scope link
  ip rule add pref 512 to "$IP" lookup main
  echo "$IP" >"/run/podpath/fault/ip-$CNI_CONTAINERID-$CNI_IFNAME" """
_AWS_GONE = """kept=/run/podpath/fault/ip-$CNI_CONTAINERID-$CNI_IFNAME
  [ ! -s "$kept" ] || ip rule del pref 512 to "$(cat "$kept")" lookup main; rm -f "$kept" """

# cmd/cni-kindnet/netdev.go of kubernetes-sigs/kindnet
_KINDNET = rf"""{_PAIR}
  ip address add 10.88.0.1/32 dev "$HOST"
  in_pod ip route add 10.88.0.1 dev "$CNI_IFNAME" scope link
  in_pod ip route add default via 10.88.0.1 dev "$CNI_IFNAME" src "$IP"
  ip route add "$IP" dev "$HOST" src 10.88.0.1 scope host"""

_calico = partial(Fault, wraps=("ptp",), announces=False, network=_NETWORK, profile="calico")
_aws = partial(
    Fault,
    wraps=("ptp",),
    announces=False,
    network=_NETWORK,
    profile="aws",
    before_del=_AWS_GONE,
)

_kindnet = partial(Fault, wraps=("ptp",), announces=False, network=_NETWORK, profile="kindnet")

_PATHS = frozenset({"PATH-ICMP", "PATH-HTTP", "PATH-UDP"})


def _on(wiring: str, *faults: Fault) -> tuple[Fault, ...]:
    """Faults that are made after the pod is wired."""
    return tuple(replace(fault, after=f"{wiring}\n  {fault.after}") for fault in faults)


FAULTS = (
    *_on(
        _CALICO,
        _calico(
            name="calico: one host end does not answer ARP for the gateway",
            cause="no answer to",
            source="own: proxy_arp is off",
            reds={"TOPO-SETTINGS": "proxy ARP at host end of pod client: expected on, saw off"},
            under={"PATH-HTTP": "TOPO-SETTINGS", "PATH-BYSTANDER": "TOPO-SETTINGS"},
            follows=_PATHS | {"PATH-ARP", "PATH-GATEWAY"},
            after="""[ "$POD" != client ] || echo 0 >"/proc/sys/net/ipv4/conf/$HOST/proxy_arp" """,
        ),
        _calico(
            name="calico: one host end has a MAC address of its own",
            source="own",
            reds={"TOPO-MAC": "MAC address at node veth"},
            after="""[ "$POD" != client ] || {
              ip link set "$HOST" down; ip link set "$HOST" address 02:00:00:00:00:99 up
              ip route add "$IP" dev "$HOST" scope link
              result "s/\\($HOST\\",\\"mac\\":\\"\\)[^\\"]*/\\102:00:00:00:00:99/"; }""",
        ),
        _calico(
            name="calico: the node has no route to one pod",
            cause="sent it out by eth0, by its route 0.0.0.0/0",
            source="own",
            reds={"TOPO-NODE-ROUTE": "missing route at node 10.88.0."},
            under=dict.fromkeys(
                ("PATH-ICMP", "PATH-BYSTANDER", "PATH-CONCURRENT"),
                "TOPO-NODE-ROUTE",
            ),
            after='[ "$POD" != server ] || ip route del "$IP" dev "$HOST"',
        ),
        _calico(
            name="calico: the pod's address has the prefix length of the range",
            source="own",
            reds={"TOPO-ADDR": "prefix length at pod client"},
            under={"TOPO-ROUTE": "TOPO-ADDR", "TOPO-RESULT": "TOPO-ADDR"},
            follows=_PATHS | {"PATH-ARP", "PATH-CONCURRENT"},
            after="""[ "$POD" != client ] || { in_pod ip address add "$IP/24" dev eth0
              in_pod ip address del "$IP/32" dev eth0; }""",
        ),
    ),
    *_on(
        _AWS,
        _aws(
            name="aws: the gateway is no permanent neighbour",
            cause="no answer to",
            source="own",
            reds={"TOPO-ROUTE": "permanent neighbour at pod client 169.254.1.1"},
            under=dict.fromkeys((*_PATHS, "PATH-GATEWAY"), "TOPO-ROUTE"),
            after='[ "$POD" != client ] || in_pod ip neighbour del 169.254.1.1 dev eth0',
        ),
        _aws(
            name="aws: the permanent neighbour has a wrong MAC address",
            cause="the MAC address of another host",
            source="aws/amazon-vpc-cni-k8s issue 2103",
            reds={"TOPO-ROUTE": "permanent neighbour at pod client 169.254.1.1"},
            under={"PATH-ICMP": "TOPO-ROUTE"},
            follows=_PATHS | {"PATH-GATEWAY"},
            after="""[ "$POD" != client ] || in_pod ip neighbour replace 169.254.1.1 \\
              lladdr 02:00:00:00:00:99 dev eth0 nud permanent""",
        ),
        _aws(
            name="aws: the rule for a pod is deleted seconds after ADD",
            source="aws/amazon-vpc-cni-k8s issue 3309: systemd-networkd restarts",
            reds={"LIFE-PERSIST": "lost at rules of the node: expected IPv4 512: to 10.88.0."},
            untestable=ALL,
            after=later('ip rule del pref 512 to "$IP" lookup main'),
        ),
        _aws(
            name="aws: the node has no rule for one pod",
            source="own",
            reds={"TOPO-NODE-ROUTE": "missing rule at node to 10.88.0."},
            near=frozenset({"PATH-ICMP"}),
            after='[ "$POD" != client ] || ip rule del pref 512 to "$IP" lookup main',
        ),
    ),
)

#: Of the wiring and the paths; selftests/profiles runs all of the suite on another plugin.
_NEAR = frozenset(
    {
        *("TOPO-NODE-ROUTE", "PATH-HTTP", "PATH-UDP", "PATH-ARP", "PATH-BYSTANDER"),
        *("PATH-UNCHANGED", "PATH-GATEWAY", "LIFE-DELETE", "LIFE-REUSE"),
    }
)

PLUGINS = (
    *_on(
        _CALICO,
        _calico(
            name="in Calico's manner, dual stack",
            source="",
            reds={},
            near=_NEAR,
            network=_DUAL_STACK,
        ),
    ),
    *_on(_KINDNET, _kindnet(name="in kindnet's manner", source="", reds={}, near=_NEAR)),
    *_on(_AWS, _aws(name="in the AWS VPC CNI's manner", source="", reds={}, near=_NEAR)),
)
