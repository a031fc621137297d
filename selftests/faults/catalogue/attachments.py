"""Faults of attachments: two of one container, an ADD that failed, and GC."""

from typing import Any

from selftests.faults.catalogue.contract import no_masquerade, speaking
from selftests.faults.catalogue.ipv6 import dual_stack
from selftests.faults.fault import Fault

_LEASES = "/var/lib/cni/networks/podpath"
#: Shell: whether the interface is the last one that ADD was called for, of this container.
_LAST = '[ "$(cat "/run/podpath/fault/last-$CNI_CONTAINERID")" = "$CNI_IFNAME" ]'
_REMEMBER = 'echo "$CNI_IFNAME" >"/run/podpath/fault/last-$CNI_CONTAINERID"'
#: Shell, within GC: whether it is of the bridge, which is called before IPAM.
_COLLECTING = '[ "$CNI_COMMAND$real" != "GC${real%/*}/bridge" ] ||'


def _beside(name: str, says: str, commands: str, source: str) -> Fault:
    """ADD of a second interface does something to the first one, net1, whose host end is $END."""
    return Fault(
        name=name,
        source=source,
        reds={"CNI-INTERFACES": f"changed at {says}"},
        configure=no_masquerade,
        after=f"""end="/run/podpath/fault/end-$CNI_CONTAINERID"
          case "$CNI_IFNAME" in net1) echo "$HOST" >"$end";;
            net2) END=$(cat "$end"); {commands};; esac""",
    )


_TWO = (
    Fault(
        name="DEL of an interface releases the container's other address",
        source="containernetworking/plugins pull request 1289; host-local before it kept names",
        reds={"CNI-INTERFACES": "lost at leases"},
        configure=no_masquerade,
        after_del=f'grep -ls "$CNI_CONTAINERID" {_LEASES}/10.* | xargs -r rm',
    ),
    Fault(
        name="DEL of an interface deletes the container's other one",
        source="own: a plugin that deletes the namespace's links",
        reds={"CNI-INTERFACES": "changed at link net"},
        configure=no_masquerade,
        after_del="in_pod ip link delete net1; in_pod ip link delete net2",
    ),
    Fault(
        name="CHECK knows the container's last interface only",
        source="own: a state that is kept by container",
        reds={"CNI-INTERFACES": "failure at bridge CHECK"},
        configure=no_masquerade,
        after=_REMEMBER,
        first=f'[ "$CNI_COMMAND" != CHECK ] || {_LAST} || fail 100 "unknown interface"',
    ),
    Fault(
        name="DEL of an interface forgets the container",
        source="flannel-io/cni-plugin: its state is one file for each container",
        reds={"CNI-INTERFACES": "left behind at leases"},
        # a DEL that IPAM refused at first is a second one for it
        follows=frozenset({"CNI-DEL-GONE"}),
        configure=no_masquerade,
        after=f"{_REMEMBER}; rm -f /run/podpath/fault/gone-$CNI_CONTAINERID",
        before_del="""gone="/run/podpath/fault/gone-$CNI_CONTAINERID"
          [ ! -e "$gone" ] || exit 0; touch "$gone" """,
    ),
    Fault(
        name="ADD of an interface takes the default route of the container's other one",
        source="k8snetworkplumbingwg/multus-cni issue 1011",
        reds={"CNI-INTERFACES": "lost at routes of the container: expected default"},
        configure=no_masquerade,
        after='[ "$CNI_IFNAME" != net2 ] || in_pod ip route delete default dev net1',
    ),
    Fault(
        name="DEL of an interface takes the routes of the container's other one",
        source="own: a plugin that flushes what it did not count",
        reds={"CNI-INTERFACES": "lost at routes of the container"},
        configure=no_masquerade,
        after_del="in_pod ip route flush table main",
    ),
    Fault(
        name="ADD of an interface changes the MTU of the container's other one",
        source="own: a setting of all links of a namespace",
        reds={"CNI-INTERFACES": "changed at link net"},
        configure=no_masquerade,
        after='[ "$CNI_IFNAME" != net2 ] || in_pod ip link set net1 mtu 1400',
    ),
    _beside(
        "ADD of an interface ends ARP of the container's other one",
        "container net1 flags: expected usual, saw no ARP",
        "in_pod ip link set net1 arp off",
        "k8snetworkplumbingwg/multus-cni issue 664: eth0 does not reach its gateway any more",
    ),
    _beside(
        "ADD of an interface makes the container's other one promiscuous",
        "container net1 promiscuous: expected False, saw True",
        "in_pod ip link set net1 promisc on",
        "own: a mode of all links of a namespace",
    ),
    _beside(
        "ADD of an interface lets the container's other one ignore ARP",
        "a container's setting ipv4/conf/net1/arp_ignore: expected 0, saw 8",
        "in_pod sh -c 'echo 8 >/proc/sys/net/ipv4/conf/net1/arp_ignore'",
        "own: a setting of all links of a namespace",
    ),
    _beside(
        "ADD of an interface isolates the port of the container's other one",
        "node veth",
        'bridge link set dev "$END" isolated on',
        "own: a setting of all ports of a container",
    ),
    _beside(
        "ADD of an interface ends learning for the container's other one",
        "node veth",
        'bridge link set dev "$END" learning off',
        "own: a setting of all ports of a container",
    ),
    _beside(
        "ADD of an interface turns on hairpin for the container's other one",
        "node veth",
        'bridge link set dev "$END" hairpin on',
        "own: a setting of all ports of a container",
    ),
    Fault(
        name="a container gets one interface only",
        source="own: a lease that is kept by container",
        reds={"CNI-INTERFACES": "failure at bridge ADD"},
        configure=no_masquerade,
        before=f"""[ -z "$CNI_CONTAINERID" ] || ! grep -qs "$CNI_CONTAINERID" {_LEASES}/10.* ||
          fail 100 "already attached" """,
    ),
)

#: A pod's old container, and the next one of the same name.
_LATE = (
    Fault(
        name="DEL of a pod's old container deletes the interface of its next one",
        source="projectcalico/calico issue 10375; Azure/azure-container-networking pull request"
        " 775: links are found by the pod's name",
        reds={"CNI-DEL-IDEMPOTENT": "changed at link net"},
        near=frozenset({"CNI-DEL-GONE"}),
        configure=no_masquerade,
        after='echo "$HOST" >"/run/podpath/fault/end-$NAME-$CNI_IFNAME"',
        after_del="""end=$(cat "/run/podpath/fault/end-$NAME-$CNI_IFNAME")
          ip link delete "$end" """,
    ),
    Fault(
        name="a second DEL releases the address of whoever has it now",
        source="own: leases are found by the addresses in prevResult",
        reds={"CNI-DEL-IDEMPOTENT": "lost at leases"},
        near=frozenset({"CNI-DEL-GONE"}),
        configure=no_masquerade,
        after_del=r"""ip=$(flat "$input" | sed -n 's/.*"address":"\(10[.][0-9.]*\).*/\1/p')
          [ -z "$ip" ] || rm -f """
        + f'"{_LEASES}/$ip"',
    ),
)

_FAILED = (
    Fault(
        name="an ADD that failed keeps its lock",
        source="containernetworking/plugins issue 620",
        reds={"CNI-ADD-AGAIN": "bridge is locked"},
        before='[ ! -e /run/podpath/fault/locked ] || fail 11 "bridge is locked"',
        last="""[ "$CNI_COMMAND $status" != "ADD 1" ] || [ ! -e "$CNI_NETNS" ] ||
          echo "$CNI_CONTAINERID" >/run/podpath/fault/locked""",
        after_del='grep -qs "$CNI_CONTAINERID" /run/podpath/fault/locked && '
        "rm /run/podpath/fault/locked",
    ),
    Fault(
        name="an ADD that failed leaves the bridge promiscuous",
        source="own: a mode for the length of an ADD",
        reds={"CNI-ADD-AGAIN": "left behind at links: expected gone, saw cni0 promiscuous"},
        follows=frozenset({"CNI-ADD-EXHAUSTED", "CNI-CHECK", "CNI-CHECK-LATER"}),
        last='[ "$CNI_COMMAND $status" != "ADD 1" ] || ip link set cni0 promisc on',
    ),
    Fault(
        name="an ADD that failed takes the gateway's address",
        source="own: a bridge that is set back, though others use it",
        reds={"CNI-ADD-AGAIN": "changed at node cni0 addresses: expected 10.88.0.1/24, saw none"},
        under={"CNI-ADD-EXHAUSTED": "CNI-ADD-AGAIN"},
        follows=frozenset({"CNI-DEL-FAILED"}),
        last='[ "$CNI_COMMAND $status" != "ADD 1" ] || ip address flush dev cni0 scope global',
    ),
    Fault(
        name="an ADD that failed sets the bridge down",
        source="own: a bridge that is set back, though others use it",
        reds={"CNI-ADD-AGAIN": "changed at node cni0 state: expected up, saw down"},
        under={"CNI-ADD-EXHAUSTED": "CNI-ADD-AGAIN"},
        near=frozenset({"CNI-ERROR", "CNI-DEL-FAILED"}),
        last='[ "$CNI_COMMAND $status" != "ADD 1" ] || ip link set cni0 down',
    ),
    Fault(
        name="an ADD that failed isolates the ports of others",
        source="own: all ports of the bridge are set back",
        reds={"CNI-ADD-AGAIN": "isolated: expected False, saw True"},
        under={"CNI-ADD-EXHAUSTED": "CNI-ADD-AGAIN"},
        near=frozenset({"CNI-ERROR", "CNI-DEL-FAILED"}),
        last="""[ "$CNI_COMMAND $status" != "ADD 1" ] ||
          for port in /sys/class/net/cni0/brif/*; do
            bridge link set dev "${port##*/}" isolated on; done""",
    ),
    Fault(
        name="an ADD with unknown arguments lets the bridge forget early",
        source="own: a bridge that is set back, though others use it",
        reds={"CNI-ADD-AGAIN": "changed at node cni0 ageing: expected 300 s, saw 10 s"},
        near=frozenset({"CNI-ADD-ARGS", "CNI-ADD-EXHAUSTED", "CNI-ERROR", "CNI-DEL-FAILED"}),
        last="""[ "$CNI_COMMAND $status" != "ADD 1" ] || case "$CNI_ARGS" in
          *IgnoreUnknown*) ;; *) ip link set cni0 type bridge ageing_time 1000;; esac""",
    ),
    Fault(
        name="an ADD that found no address sets the bridge down",
        source="own: a bridge that is set back, though others use it",
        reds={"CNI-ADD-EXHAUSTED": "changed at node cni0 state: expected up, saw down"},
        near=frozenset({"CNI-ADD-AGAIN", "CNI-ERROR", "CNI-DEL-FAILED"}),
        last="""case "$CNI_COMMAND $output" in ADD*"noIPaddresses"*)
          ip link set cni0 down;; esac""",
    ),
    Fault(
        name="an ADD that found no address ends learning at the ports of others",
        source="own: all ports of the bridge are set back",
        reds={"CNI-ADD-EXHAUSTED": "learning: expected True, saw False"},
        near=frozenset({"CNI-ADD-AGAIN", "CNI-ERROR", "CNI-DEL-FAILED"}),
        last="""case "$CNI_COMMAND $output" in ADD*"noIPaddresses"*)
          for port in /sys/class/net/cni0/brif/*; do
            bridge link set dev "${port##*/}" learning off; done;; esac""",
    ),
    Fault(
        name="a DEL that IPAM refused is not repeated",
        source="own: an attachment that is forgotten before all of it is released",
        reds={"CNI-DEL-GONE": "left behind at leases"},
        near=frozenset({"CNI-DELEGATE-ERROR", "CNI-DEL-FAILED", "CNI-DEL-IDEMPOTENT"}),
        configure=no_masquerade,
        cases="bridge-1.0.0*",
        before_del='[ ! -e "/run/podpath/fault/tried-$CNI_CONTAINERID" ] || exit 0',
        after_del='[ $status = 0 ] || touch "/run/podpath/fault/tried-$CNI_CONTAINERID"',
    ),
    Fault(
        name="a container whose ADD failed is never attached",
        source="own: a mark of failure that DEL does not delete",
        reds={"CNI-ADD-AGAIN": "failed before"},
        follows=frozenset({"CNI-ADD-EXHAUSTED"}),  # once an address is free, the same is attached
        before='[ ! -e "/run/podpath/fault/failed-$CNI_CONTAINERID" ] || fail 11 "failed before"',
        last="""[ "$CNI_COMMAND $status" != "ADD 1" ] || [ ! -e "$CNI_NETNS" ] ||
          touch "/run/podpath/fault/failed-$CNI_CONTAINERID" """,
    ),
    Fault(
        name="an ADD that found no address leaves a lease of no container",
        source="k3s-io/k3s issue 5885",
        reds={"CNI-ADD-EXHAUSTED": "left behind at leases"},
        configure=no_masquerade,
        wraps=("host-local",),
        last=f"""case "$output" in *"noIPaddresses"*) echo nobody >{_LEASES}/10.88.0.77;; esac""",
    ),
    Fault(
        name="an ADD that found no IPv6 address keeps the IPv4 one",
        source="k3s-io/k3s issue 5885",
        reds={"CNI-ADD-EXHAUSTED": "left behind at leases"},
        configure=dual_stack,
        wraps=("host-local",),
        last=f"""case "$output" in *"noIPaddresses"*"fd00:"*)
          echo nobody >{_LEASES}/10.88.0.78;; esac""",
    ),
    Fault(
        name="an ADD that found no address is not undone",
        source="containernetworking/plugins issue 29",
        reds={"CNI-ADD-EXHAUSTED": "left behind at interfaces"},
        configure=no_masquerade,
        last="""case "$CNI_COMMAND $output" in ADD*"noIPaddresses"*)
          touch "/run/podpath/fault/half-$CNI_CONTAINERID";; esac""",
        before_del='[ ! -e "/run/podpath/fault/half-$CNI_CONTAINERID" ] || exit 0',
    ),
    Fault(
        name="an ADD that found no address is no error",
        source="own",
        reds={"CNI-ADD-EXHAUSTED": "success at bridge ADD"},
        configure=no_masquerade,
        last="""case "$CNI_COMMAND $output" in ADD*"noIPaddresses"*) status=0
          output='{"cniVersion":"1.0.0","interfaces":[],"ips":[]}';; esac""",
    ),
    Fault(
        name="the error without an address is plain text",
        source="containernetworking/cni issue 732",
        reds={"CNI-ADD-EXHAUSTED": "expected one JSON document on stdout"},
        configure=no_masquerade,
        last="""case "$CNI_COMMAND $output" in ADD*"noIPaddresses"*)
          output="range full";; esac""",
    ),
    Fault(
        name="the error of a late step is plain text",
        source="containernetworking/cni issue 732",
        reds={"CNI-ERROR": "expected one JSON document on stdout, saw iptables"},
        last="""case "$CNI_COMMAND $status $output" in "ADD 1 "*iptables*|"ADD 1 "*tables*)
          output="iptables: no";; esac""",
    ),
)

_COLLECTED = (
    Fault(
        name="GC keeps one interface of a container",
        source="containernetworking/plugins pull request 1289",
        reds={"CNI-GC-LISTED": "lost at leases"},
        **speaking(
            f"""{_COLLECTING} for f in $(grep -ls . {_LEASES}/10.*); do
              grep -q net2 "$f" && rm "$f"; done\n"""
        ),
    ),
    Fault(
        name="GC keeps all interfaces of a valid container",
        source="containernetworking/plugins pull request 1289",
        reds={"CNI-GC": "left behind at leases"},
        **speaking("by=container\n"),
    ),
    Fault(
        name="GC deletes the files that IPAM counts with",
        source="containernetworking/plugins pull request 1289",
        reds={"CNI-GC-LISTED": "lost at files"},
        **speaking(f"{_COLLECTING} rm -f {_LEASES}/last_reserved_ip.* {_LEASES}/lock\n"),
    ),
    Fault(
        name="GC without valid attachments does nothing",
        source="containernetworking/plugins pull request 1289",
        reds={"CNI-GC": "left behind at leases"},
        **speaking(
            """[ "$CNI_COMMAND" != GC ] || case "$(flat "$input")" in
              *'attachments":[]'*) exit 0;; esac\n"""
        ),
    ),
    Fault(
        name="GC without valid attachments deletes the state of all networks",
        source="containernetworking/plugins pull request 1289",
        reds={"CNI-GC-LISTED": "lost at"},
        **speaking(
            f"""{_COLLECTING} case "$(flat "$input")" in
              *'attachments":[]'*) rm -rf /var/lib/cni/networks/*;; esac\n"""
        ),
    ),
    Fault(
        name="GC deletes the runtime's results",
        source="own: a directory that is another program's",
        reds={"CNI-GC-LISTED": "lost at cached results"},
        **speaking(f"{_COLLECTING} rm -rf /var/lib/cni/results\n"),
    ),
    Fault(
        name="GC deletes bridges that it does not know",
        source="own: all links of the kind are looked at",
        reds={"CNI-GC-LISTED": "lost at interfaces: expected podpath-other"},
        **speaking(
            f"""{_COLLECTING} for b in $(ls -d /sys/class/net/*/bridge | cut -d/ -f5); do
              [ "$b" = cni0 ] || ip link delete "$b"; done\n"""
        ),
    ),
    Fault(
        name="GC releases what other networks hold",
        source="own: all leases of the node are looked at",
        reds={"CNI-GC-LISTED": "lost at files: expected /var/lib/cni/networks/podpath-other/"},
        **speaking(
            f"""{_COLLECTING} for f in $(ls -d /var/lib/cni/networks/*/10.* | grep -v {_LEASES}/)
              do rm "$f"; done\n"""
        ),
    ),
)

FAULTS = (*_TWO, *_LATE, *_FAILED, *_COLLECTED)


def _both_families(bridge: dict[str, Any]) -> None:
    dual_stack(bridge)
    no_masquerade(bridge)


def _hairpin(bridge: dict[str, Any]) -> None:
    bridge["hairpinMode"] = True
    no_masquerade(bridge)


_NEAR = frozenset(
    {"CNI-INTERFACES", "CNI-ADD-AGAIN", "CNI-ADD-EXHAUSTED", "CNI-ERROR", "CNI-DEL-IDEMPOTENT"}
)

PLUGINS = (
    Fault(
        name="two interfaces, without masquerading",
        source="",
        reds={},
        near=_NEAR,
        configure=no_masquerade,
    ),
    Fault(
        name="two interfaces of both families",
        source="",
        reds={},
        near=_NEAR,
        configure=_both_families,
    ),
    Fault(
        name="an ADD that failed sets the bridge up again",
        source="",
        reds={},
        near=_NEAR,
        last="""[ "$CNI_COMMAND $status" != "ADD 1" ] || [ ! -e /sys/class/net/cni0 ] || {
          ip link set cni0 promisc on; ip link set cni0 promisc off; ip link set cni0 up; }""",
    ),
    Fault(
        name="two interfaces, each with settings of its own",
        source="",
        reds={},
        near=_NEAR,
        configure=_hairpin,
        after="in_pod sh -c 'echo 1 >/proc/sys/net/ipv4/conf/$CNI_IFNAME/arp_notify'",
    ),
)
