"""Faults of masquerading and of mapped ports that depend on protocol, sender, or earlier pods."""

from functools import partial

from selftests.faults.catalogue.contract import no_masquerade
from selftests.faults.catalogue.ipv6 import dual_stack
from selftests.faults.fault import Fault, given, rule_of_iptables
from selftests.suite import ROOT

_mapping = partial(Fault, wraps=("portmap",), announces=False)
#: Whoever is beyond the node is excluded.
_conditional = partial(_mapping, chain={"portmap": {"conditionsV4": ["!", "-s", "192.0.2.1/32"]}})


def _unmasqueraded(match: str) -> str:
    """Shell: packets to beyond the node are left as they are."""
    return rule_of_iptables("nat", f"POSTROUTING -s 10.88.0.0/24 -o eth0 {match} -j ACCEPT")


def _anywhere(chain: str) -> str:
    """Shell: mapped ports are caught in a chain whatever the packets' destination."""
    rest = "-j CNI-HOSTPORT-DNAT"
    return f"""iptables -t nat -D {chain} -m addrtype --dst-type LOCAL {rest}
      {rule_of_iptables("nat", f"{chain} {rest}")}"""


def forget(chosen: str = 'b""') -> str:
    """Shell: tracked connections are forgotten, by IPCTNL_MSG_CT_DELETE (nfnetlink_conntrack.h).

    Args:
        chosen: attributes that choose them, as bytes in Python.
    """
    return f"""python3 -c '
import socket, struct
body = bytes(4) + {chosen}  # struct nfgenmsg
kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
kernel.send(struct.pack("=IHHII", 16 + len(body), 0x102, 5, 1, 0) + body)
kernel.recv(4096)'"""


#: CTA_MARK and CTA_MARK_MASK.
_MARKED = 'struct.pack("=HH", 8, 8) + bytes(3) + b"M" + struct.pack("=HH", 8, 21) + b"\xff" * 4'


#: Shell, once a node: a rule of the node's owner, for guests on a network of their own.
_OWNED = """[ -e /run/podpath/fault/owned ] || { : >/run/podpath/fault/owned
  iptables -t nat -A POSTROUTING -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE; }"""


def _deleting(program: str, chain: str, target: str) -> str:
    """Shell that deletes all rules of a chain of translation with one target, whose they may be."""
    return f"""{program}-save -t nat | sed -n 's/^-A \\({chain} .*-j {target}\\>.*\\)/-D \\1/p' |
          while read -r rule; do {program} -w -t nat $rule; done"""


FAULTS = (
    Fault(
        name="TCP is not masqueraded",
        source="moby/moby issue 18630",
        reds={"PATH-MASQUERADE": "expected 192.0.2.2 to 192.0.2.1, saw 10.88.0."},
        near=frozenset({"PATH-GATEWAY", "PATH-PORTMAP"}),
        after=_unmasqueraded("-p tcp"),
    ),
    Fault(
        name="UDP is not masqueraded",
        source="containernetworking/plugins issue 210, for one protocol",
        reds={"PATH-MASQUERADE": "expected 192.0.2.2 to 192.0.2.1, saw 10.88.0."},
        near=frozenset({"PATH-GATEWAY", "PATH-PORTMAP"}),
        after=_unmasqueraded("-p udp"),
    ),
    Fault(
        name="packets to other networks than the node's own are not masqueraded",
        source="cilium/cilium issue 10939: an exception for destinations that is too wide",
        reds={"PATH-MASQUERADE": "expected 192.0.2.2 for each of 65 source ports"},
        near=frozenset({"PATH-GATEWAY", "PATH-PORTMAP"}),
        after=_unmasqueraded("! -d 192.0.2.0/24"),
    ),
    Fault(
        name="large datagrams are not masqueraded",
        source="own: an exception for one program's traffic, by its size",
        reds={"PATH-MASQUERADE": "expected 192.0.2.2 to 192.0.2.1, saw 10.88.0."},
        near=frozenset({"PATH-GATEWAY", "PATH-PORTMAP"}),
        after=_unmasqueraded("-p udp -m length --length 400:65535"),
    ),
    Fault(
        name="large segments are not masqueraded",
        source="own: the same for packets of a connection that began well",
        reds={"PATH-MASQUERADE": "expected 192.0.2.2 to 192.0.2.1, saw 10.88.0."},
        near=frozenset({"PATH-GATEWAY"}),
        after=rule_of_iptables(
            "raw",
            "PREROUTING -s 10.88.0.0/24 -d 192.0.2.1 -p tcp -m length --length 400:65535"
            " -j NOTRACK",
        ),
    ),
    Fault(
        name="the last packets of a connection are not masqueraded",
        source="docker/for-linux issue 540; containernetworking/plugins issue 816",
        reds={"PATH-MASQUERADE": "expected 192.0.2.2 to 192.0.2.1, saw 10.88.0."},
        near=frozenset({"PATH-GATEWAY"}),
        after=rule_of_iptables(
            "raw", "PREROUTING -s 10.88.0.0/24 -d 192.0.2.1 -p tcp --tcp-flags FIN FIN -j NOTRACK"
        ),
    ),
    _mapping(
        name="the node itself does not reach mapped ports",
        cause="sent it out by lo",
        source="containernetworking/plugins issue 1234",
        reds={"PATH-PORTMAP": "missing hop at node cni0 out: expected the SYN of the request"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        after="iptables -t nat -D OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
    ),
    _mapping(
        name="mapped ports are not reached from 127.0.0.1",
        cause="route_localnet",
        source="kubernetes/kubernetes issue 73702",
        reds={"PATH-PORTMAP": "missing hop at node cni0 out: expected the SYN of the request"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        after="echo 0 >/proc/sys/net/ipv4/conf/cni0/route_localnet",
    ),
    _mapping(
        name="the host IP of a mapped port is ignored",
        source="containernetworking/plugins issue 1115",
        reds={"PATH-PORTMAP": "no answer, as the host IP is 127.0.0.1, saw a connection"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        before=given('s/"HostIP":"127.0.0.1"/"HostIP":""/'),
    ),
    _mapping(
        name="the host IP of a mapped UDP port is ignored",
        source="containernetworking/plugins issue 1115, for one protocol",
        reds={"PATH-PORTMAP": "nothing arrives, as the host IP is 127.0.0.1, saw a datagram"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        before=given('s/"Protocol":"udp","HostIP":"127.0.0.1"/"Protocol":"udp","HostIP":""/'),
    ),
    _mapping(
        name="datagrams to a port of 127.0.0.1 are not mapped",
        source="own: a rule for connections alone",
        reds={"PATH-PORTMAP": "udp port 29001 of 127.0.0.1, asked for from node: expected an"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        after="""iptables -t nat -C OUTPUT -p udp -d 127.0.0.1 --dport 29001 -j ACCEPT ||
          iptables -t nat -I OUTPUT -p udp -d 127.0.0.1 --dport 29001 -j ACCEPT""",
    ),
    _conditional(
        name="the conditions of mapped ports are ignored",
        source="own: an exception for an administrator's host that is none",
        reds={
            "PATH-PORTMAP": "asked for from beyond the node: expected no answer, as the conditions"
        },
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        before=given('s/"conditionsV4":\\["[^]]*\\]/"conditionsV4":[]/'),
    ),
    _mapping(
        name="a mapped port is caught on its way to other addresses",
        source="own: a rule that does not look whether the destination is the node",
        reds={"PATH-PORTMAP": "asked for from client: expected no answer, as this port is not"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        after=f"{_anywhere('PREROUTING')}; {_anywhere('OUTPUT')}",
    ),
    _mapping(
        name="the port beside a mapped one leads to the pod, too",
        source="own: a range of ports that ends one too late",
        reds={"PATH-PORTMAP": "tcp port 28081 of 192.0.2.2, asked for from node: expected no"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        after="""[ "$POD" != mapped ] || nft "add table ip mapped; flush table ip mapped
          add chain ip mapped out { type nat hook output priority -100; }
          add rule ip mapped out fib daddr type local tcp dport 28081 dnat to $IP:80" """,
        after_del='[ "$POD" != mapped ] || nft delete table ip mapped',
    ),
    Fault(
        name="a pod does not reach itself by its mapped port",
        cause="br_handle_frame_finish",
        source="containernetworking/plugins issue 68; hashicorp/nomad issue 13352",
        reds={"PATH-PORTMAP": "missing hop at node veth"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        configure=lambda bridge: bridge.update(hairpinMode=True),
        after='[ "$POD" != mapped ] || bridge link set dev "$HOST" hairpin off',
    ),
    _mapping(
        name="datagrams to a mapped port still go to the pod that had it before",
        source="containernetworking/plugins issue 123; kubernetes/kubernetes issue 59033",
        reds={"LIFE-PORTMAP": "address changed at node cni0 out"},
        near=frozenset({"LIFE-DELETE"}),
        follows=frozenset({"PATH-PORTMAP"}),  # nobody masquerades a pod that asks
        before=given('s/,{"HostPort":29000[^}]*}//'),
        after="""[ "$POD" != mapped ] || nft "add table ip mapped; flush table ip mapped
          add chain ip mapped in { type nat hook prerouting priority -100; }
          add chain ip mapped out { type nat hook output priority -100; }
          add rule ip mapped in fib daddr type local udp dport 29000 dnat to $IP:9000
          add rule ip mapped out fib daddr type local udp dport 29000 dnat to $IP:9000" """,
        after_del='[ "$POD" != mapped ] || nft delete table ip mapped',
    ),
    Fault(
        name="the end of one pod takes what masquerades for all",
        source="containers/podman issue 16805",
        reds={"LIFE-OTHERS": "address changed at node eth0 out: expected 192.0.2.2"},
        follows=frozenset({"PATH-MASQUERADE"}),  # of pods whose rule a test before took
        after_del='[ "$POD" != passer-1 ] || iptables -t nat -F POSTROUTING',
    ),
    Fault(
        name="the end of one pod takes rules of another program",
        source="containers/podman issue 16805, for rules that no plugin made",
        reds={"LIFE-OTHERS": "lost at rules: expected table ip filter chain FORWARD"},
        near=frozenset({"PATH-MASQUERADE"}),
        after_del='[ "$POD" != passer-1 ] || iptables -F FORWARD',
    ),
    Fault(
        name="the end of any pod takes what masquerades for others",
        source="containers/podman issue 16805, for rules that the node's owner made",
        reds={"LIFE-OTHERS": "ip saddr 203.0.113.77 "},
        near=frozenset({"PATH-MASQUERADE", "LIFE-DELETE", "LIFE-CHURN", "LIFE-REBOOT"}),
        after_del=_deleting("iptables", "POSTROUTING", "MASQUERADE"),
    ),
    Fault(
        name="the end of any pod takes what the node's owner has it masquerade",
        source="containers/podman issue 16805, for rules that the node's owner made",
        reds={"LIFE-OTHERS": "ip saddr 203.0.113.77 "},
        under={"LIFE-DELETE": "LIFE-OTHERS", "LIFE-REBOOT": "LIFE-OTHERS"},
        near=frozenset({"PATH-MASQUERADE"}),
        first=_OWNED,
        after_del=_deleting("iptables", "POSTROUTING", "MASQUERADE"),
    ),
    Fault(
        name="the end of any pod takes ports that others map",
        source="containers/podman issue 16805, for rules that the node's owner made",
        reds={"LIFE-OTHERS": "ip daddr 203.0.113.77 "},
        near=frozenset({"PATH-PORTMAP"}),
        after_del=_deleting("iptables", "PREROUTING", "DNAT"),
    ),
    Fault(
        name="the end of any pod empties the sets of others",
        source="own: a clean-up of addresses that goes through all sets",
        reds={"LIFE-OTHERS": "element 203.0.113.77"},
        near=frozenset({"PATH-MASQUERADE"}),
        after_del="""nft list sets | awk '/^table/ { t = $2 " " $3 } /set / { print t, $2 }' |
          while read -r set; do nft flush set $set; done""",
    ),
    Fault(
        name="the start of one pod deletes a table of another program",
        source="containers/podman issue 11123: nft flush ruleset",
        reds={"LIFE-OTHERS": "lost at rules: expected table ip podpath_other"},
        near=frozenset({"PATH-MASQUERADE"}),
        before='[ "$POD" != passer-1 ] || nft delete table ip podpath_other',
    ),
    Fault(
        name="the start of one pod deletes another program's table of both IP versions",
        source="containers/podman issue 11123, for tables that no old program has",
        reds={"LIFE-OTHERS": "lost at rules: expected table inet podpath_other"},
        before='[ "$POD" != passer-1 ] || nft delete table inet podpath_other',
    ),
    Fault(
        name="the end of one pod takes another program's rules of what the node gets",
        source="containers/podman issue 16805, for the chain INPUT",
        reds={"LIFE-OTHERS": "lost at rules: expected table ip filter chain INPUT"},
        after_del='[ "$POD" != passer-1 ] || iptables -F INPUT',
    ),
    Fault(
        name="the end of one pod takes another program's rules for IPv6",
        source="containers/podman issue 16805, in the family that is looked at less",
        reds={"LIFE-OTHERS": "lost at rules: expected table ip6 nat chain POSTROUTING"},
        follows=frozenset({"PATH-MASQUERADE"}),
        configure=dual_stack,
        after_del='[ "$POD" != passer-1 ] || ip6tables -t nat -F POSTROUTING',
    ),
    Fault(
        name="the end of one pod takes another program's routing rules",
        source="own: rules that are deleted by their table",
        reds={"LIFE-OTHERS": "from 203.0.113.77 lookup 7777"},
        after_del='[ "$POD" != passer-1 ] || { while ip rule delete lookup 7777; do :; done; }',
    ),
    Fault(
        name="the end of one pod ends the tracking of all connections",
        source="moby/moby issue 53384: entries of others go with those of a port",
        reds={"LIFE-OTHERS": "lost at tracked connections: expected TCP of 203.0.113.77"},
        near=frozenset({"LIFE-PORTMAP", "LIFE-DELETE"}),
        after_del=f'[ "$POD" != passer-1 ] || {forget()}',
    ),
    Fault(
        name="the end of one pod takes another program's routes",
        source="own: a table that the plugin takes for its own",
        reds={"LIFE-OTHERS": "lost at routing: expected blackhole 203.0.113.77"},
        after_del='[ "$POD" != passer-1 ] || ip route flush table 7777',
    ),
    Fault(
        name="the end of one pod makes the node forget its neighbours",
        source="own: ip neigh flush, of the wrong link",
        reds={"LIFE-OTHERS": "lost at neighbours of the node: expected 203.0.113.79 on eth0"},
        near=frozenset({"LIFE-DELETE", "LIFE-REUSE"}),
        after_del='[ "$POD" != passer-1 ] || ip neigh flush dev eth0',
    ),
    Fault(
        name="the end of one pod makes the node forget the neighbours of its bridge",
        source="own: the same for the link of all pods",
        reds={"LIFE-OTHERS": "lost at neighbours of the node: expected 203.0.113.80 on cni0"},
        near=frozenset({"LIFE-DELETE", "LIFE-REUSE"}),
        after_del='[ "$POD" != passer-1 ] || ip neigh flush dev cni0',
    ),
    Fault(
        name="the end of one pod deletes bridges that it does not know",
        source="own: all links of the kind are looked at, as by GC",
        reds={"LIFE-OTHERS": "lost at interfaces: expected podpath_other"},
        near=frozenset({"LIFE-DELETE"}),
        after_del="""[ "$POD" != passer-1 ] ||
          for b in $(ls -d /sys/class/net/*/bridge | cut -d/ -f5); do
            [ "$b" = cni0 ] || ip link delete "$b"; done""",
    ),
    Fault(
        name="the end of one pod takes another program's IPsec policies",
        source="cilium/cilium issue 26298, the other way round",
        reds={"LIFE-OTHERS": "lost at IPsec: expected IPsec: src 203.0.113.77/32"},
        near=frozenset({"LIFE-DELETE"}),
        after_del='[ "$POD" != passer-1 ] || ip xfrm policy flush',
    ),
    Fault(
        name="the end of one pod releases what another network holds",
        source="rancher/rancher issue 21348, for leases of another network",
        reds={"LIFE-OTHERS": "lost at files: expected /var/lib/cni/networks/podpath_other"},
        near=frozenset({"LIFE-DELETE"}),
        after_del="""[ "$POD" != passer-1 ] ||
          find /var/lib/cni/networks -name '203.*' -delete""",
    ),
    Fault(
        name="the end of one pod leaves traffic control on the uplink",
        source="own: a filter that an interface of the pod should have got",
        reds={"LIFE-OTHERS": "left behind at hooks of the node: expected none, saw clsact on eth0"},
        near=frozenset({"LIFE-DELETE"}),
        after_del="tc qdisc replace dev eth0 clsact",
    ),
    _mapping(
        name="the end of one pod takes the mapped ports of all",
        cause="no program listens",
        source="containers/podman issue 16805",
        reds={"LIFE-OTHERS": "missing hop at node cni0 out"},
        after_del='[ "$POD" != passer-1 ] || iptables -t nat -F CNI-HOSTPORT-DNAT',
    ),
)

PLUGINS = (
    _conditional(
        name="mapped ports with conditions",
        source="",
        reds={},
        near=frozenset({"PATH-PORTMAP", "LIFE-PORTMAP", "LIFE-OTHERS", "PATH-MASQUERADE"}),
    ),
    _mapping(
        name="all who use a mapped port are masqueraded",
        source="",
        reds={},
        near=frozenset({"PATH-PORTMAP", "LIFE-PORTMAP", "LIFE-DELETE"}),
        network=ROOT / "selftests/faults/masquerade-all.conflist",
        # the wrapped plugin may be of a release without the key masqAll
        after=rule_of_iptables(
            "nat", "POSTROUTING -d 10.88.0.0/24 -m conntrack --ctstate DNAT -j MASQUERADE"
        ),
    ),
    Fault(
        name="the end of a pod ends the tracking of connections with its mark",
        source="",
        reds={},
        near=frozenset({"LIFE-OTHERS", "LIFE-PORTMAP", "LIFE-DELETE"}),
        after_del=forget(_MARKED),
    ),
    Fault(
        name="each pod has a rule in POSTROUTING that masquerades it alone",
        source="",
        reds={},
        near=frozenset({"LIFE-OTHERS", "LIFE-DELETE", "LIFE-CHURN", "LIFE-REBOOT"}),
        configure=no_masquerade,
        after="""iptables -w -t nat -A POSTROUTING -s "$IP" ! -d 10.88.0.0/24 \\
            -m comment --comment "$CNI_CONTAINERID-$CNI_IFNAME" -j MASQUERADE""",
        after_del="""iptables-save -t nat | grep "^-A POSTROUTING.*$CNI_CONTAINERID-$CNI_IFNAME" |
          sed 's/^-A/-D/' | xargs -r -L 1 iptables -w -t nat""",
    ),
    Fault(
        name="masqueraded packets get any port",
        source="",
        reds={},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY", "LIFE-OTHERS", "LIFE-DELETE"}),
        after=rule_of_iptables(
            "nat", "POSTROUTING -s 10.88.0.0/24 -o eth0 -j MASQUERADE --random-fully"
        ),
    ),
    Fault(
        name="the node forwards what plugins allow alone",
        source="",
        reds={},
        near=frozenset(
            {
                *("PATH-HTTP", "PATH-UDP", "PATH-MASQUERADE", "PATH-PORTMAP", "PATH-GATEWAY"),
                *("LIFE-DELETE", "LIFE-OTHERS", "CNI-DEL-FAILED"),
            }
        ),
        network=ROOT / "examples/chain.conflist",
        # no test of a plugin's iptables, which it kills by PATH, kills that of the node's owner
        before="/usr/sbin/iptables -P FORWARD DROP",
    ),
)
