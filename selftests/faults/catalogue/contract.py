"""Faults of what plugins owe a runtime: the CNI contract."""

from typing import Any

from selftests.faults.fault import ALL, Fault

_ADD = "CNI-ADD-RESULT"
#: What CHECK is called for.
_CALLING_CHECK = frozenset(
    {
        *("CNI-CHECK", "CNI-CHECK-PREVIOUS", "CNI-CHECK-LISTED", "CNI-CHECK-STATE"),
        *("CNI-CHECK-LATER", "CNI-DEL-IDEMPOTENT", "CNI-DELEGATE", "CNI-DELEGATE-ERROR"),
    }
)

#: Of a plugin whose ADD a runtime does not take for one that was done.
_NO_PODS = ALL
#: What errors are looked at for.
_ERRORS = frozenset(
    {
        *("CNI-VERSION-UNSUPPORTED", "CNI-ADD-TAKEN", "CNI-ENVIRONMENT", "CNI-CONFIGURATION"),
        *("CNI-CHECK-PREVIOUS", "CNI-CHECK-LISTED", "CNI-CHECK-STATE", "CNI-DELEGATE-ERROR"),
        "CNI-DELEGATE-UNDO",
    }
)
#: What deletes pods.
_DELETING = frozenset(
    {
        *("LIFE-DELETE", "LIFE-CHURN", "LIFE-OTHERS", "LIFE-SURVIVOR", "LIFE-REUSE"),
        *("LIFE-PORTMAP", "LIFE-PARALLEL", "TOPO-FDB", "PATH-PORTMAP"),
    }
)


#: Shell, before DEL: a container that had its DEL is not known any more.
_GONE = """gone="/run/podpath/fault/gone-$CNI_CONTAINERID"
          [ ! -e "$gone" ] || fail 3 "unknown container"; touch "$gone\""""


# Without masquerading the reference plugin leaves nothing when the namespace is gone.
def no_masquerade(bridge: dict[str, Any]) -> None:
    """Turn masquerading off."""
    bridge["ipMasq"] = False


#: Wraps plugins of 1.0.0 so that they speak 1.1.0, with GC and STATUS: of leases, no more.
_SPEAK = r"""valid() { tr -d '\r' <"$1" | { read -r id; read -r interface
    [ "$by" != container ] || interface='.*'
    echo "$input" | grep -q "\"containerID\":\"$id\",\"ifname\":\"$interface\""; }; }
  input=$(flat "$input" | sed 's/"cniVersion":"1.1.0"/"cniVersion":"1.0.0"/g')
  case "$CNI_COMMAND $real" in
  "GC "*/bridge | "STATUS "*/bridge) delegate >&3; exit $?;;
  "GC "*) for f in /var/lib/cni/networks/podpath/10.*; do [ ! -e "$f" ] || valid "$f" || rm "$f"
      done; exit 0;;
  STATUS*) exit 0;;
  esac
"""
_SPOKEN = r"""case "$CNI_COMMAND" in
  VERSION) result 's/"1.0.0"\]/"1.0.0","1.1.0"]/';;
  *) [ "$asked" != 1.1.0 ] || result 's/"cniVersion":"1.0.0"/"cniVersion":"1.1.0"/';;
  esac
"""


def speaking(first: str = "") -> dict[str, Any]:
    """A plugin that speaks CNI 1.1.0, but for what is done first."""
    return {
        "wraps": ("bridge", "host-local"),
        "cases": "*-1.1.0*",
        "configure": no_masquerade,
        "first": first + _SPEAK,
        "last": _SPOKEN,
    }


FAULTS = (
    Fault(
        name="a command hangs",
        source="containernetworking/plugins issue 561",
        reds={"CNI-TIME": "did not end within 10 s"},
        follows=frozenset({_ADD, "CNI-ADD-INTERFACE", "CNI-DEL", *_CALLING_CHECK}),
        cases="bridge-1.0.0*",
        first='[ "$CNI_COMMAND" != CHECK ] || sleep 60',
    ),
    Fault(
        name="a process keeps the plugin's output open",
        source="own: a daemon that was started carelessly",
        reds={"LIFE-ADD": "did not finish ADD for pod bystander in 20 s"},
        follows=_NO_PODS,
        untestable=_NO_PODS,
        cases="bridge-1.0.0*",
        after="sleep 60 >&3 &",
    ),
    Fault(
        name="the node's uplink is moved into the pod",
        source="s-matyukevich/bash-cni-plugin: it makes its pair under the name of the uplink",
        reds={"LIFE-ADD": "the node's uplink eth0 is now in the pod's namespace"},
        follows=_NO_PODS,
        cases="bridge-1.0.0*",
        after='[ "$POD" = contract ] || ip link set eth0 name up0 netns "$CNI_NETNS"',
    ),
    Fault(
        name="versions are of long ago",
        source="containerd/containerd issue 6876",
        reds={"CNI-VERSION": "supported versions at bridge VERSION: expected 1.0.0"},
        last="""[ "$CNI_COMMAND" != VERSION ] || result 's/,"1.0.0"//'""",
    ),
    Fault(
        name="VERSION lists no version, and CHECK prints",
        source="yoav-klein/cni-plugin",
        reds={
            "CNI-VERSION": "saw 0.1 is not of type 'object'",
            "CNI-CHECK": "output at bridge CHECK: expected nothing on stdout",
        },
        follows=_CALLING_CHECK,
        near=frozenset({"CNI-VERSION-ECHO"}),
        first="""[ "$CNI_COMMAND" != VERSION ] || { echo 0.1 >&3; exit 0; }
  [ "$CNI_COMMAND" != CHECK ] || echo healthy >&3""",
    ),
    Fault(
        name="the reference plugin as it is",
        source="containernetworking/cni pkg/skel",
        reds={
            "CNI-VERSION-ECHO": "cniVersion at bridge VERSION: expected 0.4.0, saw 1.0.0",
            "CNI-ENVIRONMENT": "expected CNI_IFNAME in it",
            "CNI-DELEGATE-UNDO": "expected ADD, DEL, saw ADD",
        },
        mended=False,
        undeclared=frozenset({"CNI-VERSION-ECHO", "CNI-ENVIRONMENT", "CNI-DELEGATE-UNDO"}),
    ),
    Fault(
        name="any version will do",
        source="own",
        reds={"CNI-VERSION-UNSUPPORTED": "error code at bridge ADD: expected 1"},
        first="""input=$(echo "$input" | sed 's/99.99.99/1.0.0/g')""",
    ),
    Fault(
        name="a log goes to stdout",
        source="aws/amazon-vpc-cni-k8s issue 1248",
        reds={_ADD: "expected one JSON document on stdout, saw adding"},
        follows=_NO_PODS,
        untestable=_NO_PODS,
        before="echo adding >&3",
        cases="bridge-1.0.0*",
    ),
    Fault(
        name="the result is empty",
        source="containernetworking/cni issue 670",
        reds={_ADD: "expected one JSON document on stdout, saw empty"},
        follows=_NO_PODS,
        untestable=_NO_PODS,
        after="output=",
        cases="bridge-1.0.0*",
    ),
    Fault(
        name="the result is of another version",
        source="containerd/containerd issue 6876",
        reds={_ADD: "cniVersion at bridge ADD: expected 1.0.0, saw 0.4.0"},
        follows=_NO_PODS,
        untestable=_NO_PODS,
        after="""result 's/"cniVersion":"1.0.0"/"cniVersion":"0.4.0"/'""",
        cases="bridge-1.0.0*",
    ),
    Fault(
        name="the result has keys of an older version",
        source="own",
        reds={_ADD: "document at bridge ADD $.ips[0].version"},
        after="""result 's/"address":/"version":"4","address":/'""",
        cases="bridge-1.0.0*",
    ),
    Fault(
        name="the interface has a name of its own",
        source="own",
        reds={"CNI-ADD-INTERFACE": "expected net1, saw other"},
        follows=frozenset({"CNI-CHECK", "CNI-DEL", "CNI-DEL-GONE", "CNI-PARALLEL"}),
        untestable=frozenset({"CNI-CHECK-LISTED", "CNI-CHECK-STATE", "CNI-CHECK-LATER"}),
        after="""[ "$CNI_IFNAME" != net1 ] || { in_pod ip link set net1 down
          in_pod ip link set net1 name other; in_pod ip link set other up
          result 's/"name":"net1"/"name":"other"/'; }""",
    ),
    Fault(
        name="the result's MAC is that of before",
        source="systemd/systemd issue 21185",
        reds={"TOPO-MAC": "MAC in result at pod"},
        under={"CNI-ADD-INTERFACE": "TOPO-MAC", "CNI-CHECK": "TOPO-MAC"},
        follows=_DELETING,
        untestable=frozenset({"CNI-CHECK-STATE"}),
        after="""in_pod ip link set "$CNI_IFNAME" address "02:$(printf %s "$CNI_CONTAINERID" |
          cut -c 1-10 | sed 's/../&:/g; s/:$//')\"""",
        cases="bridge-1.0.0*",
    ),
    Fault(
        name="an interface of that name is replaced",
        source="own",
        reds={"CNI-ADD-TAKEN": "success at bridge ADD"},
        before='in_pod ip link delete "$CNI_IFNAME"',
    ),
    Fault(
        name="a chained plugin drops the addresses",
        source="containernetworking/plugins issue 360",
        reds={"CNI-ADD-PREVIOUS": "lost at portmap ADD ips"},
        follows=_NO_PODS,
        untestable=_NO_PODS,
        wraps=("portmap",),
        after="""result 's/"ips":\\[[^]]*\\]/"ips":[]/'""",
    ),
    Fault(
        name="unknown arguments are refused",
        source="own",
        reds={"CNI-ADD-ARGS": "failure at bridge ADD"},
        before='case "$CNI_ARGS" in *PODPATH_UNKNOWN*) fail 2 PODPATH_UNKNOWN=1;; esac',
    ),
    Fault(
        name="errors are plain text",
        source="containernetworking/cni issue 732",
        reds={"CNI-ERROR": "expected one JSON document on stdout, saw error"},
        follows=_ERRORS,
        last='[ $status = 0 ] || output="error: $output"',
    ),
    Fault(
        name="errors exit with 0",
        source="containernetworking/cni issue 732",
        reds={"CNI-ERROR": "success at bridge ADD"},
        follows=_ERRORS,
        under=dict.fromkeys(("CNI-ADD-EXHAUSTED",), "CNI-ERROR"),
        # a DEL that fails, as is known, does not say so
        untestable=frozenset({"CNI-CHECK-LATER", "CNI-INTERFACES"}),
        last="status=0",
    ),
    Fault(
        name="error codes are made up",
        source="own",
        reds={"CNI-ERROR": "error code at bridge ADD"},
        under=dict.fromkeys(
            (
                *("CNI-VERSION-UNSUPPORTED", "CNI-ENVIRONMENT", "CNI-CONFIGURATION"),
                *("CNI-ADD-TAKEN", "CNI-ADD-EXHAUSTED", "CNI-CHECK-LISTED", "CNI-DELEGATE-ERROR"),
            ),
            "CNI-ERROR",
        ),
        last="""[ $status = 0 ] || result 's/"code":[0-9]*/"code":42/'""",
    ),
    Fault(
        name="bad input has the code of any error",
        source="own",
        reds={"CNI-CONFIGURATION": "error code at bridge ADD: expected 6"},
        last="""[ $status = 0 ] || result 's/"code":6/"code":100/'""",
    ),
    Fault(
        name="DEL leaves a rule",
        source="containernetworking/plugins issue 810",
        reds={"LIFE-DELETE": "left behind at rules"},
        under={"CNI-DEL": "LIFE-DELETE"}
        | dict.fromkeys(("CNI-DEL-GONE", "CNI-DEL-FAILED", "CNI-PARALLEL"), "CNI-DEL"),
        follows=_DELETING,
        after_del="iptables -t nat -A POSTROUTING -s 198.51.100.1 -j ACCEPT",
    ),
    Fault(
        name="DEL of any interface but eth0 leaves a rule",
        source="containernetworking/plugins issue 810, of a second network of a pod",
        reds={"CNI-DEL": "left behind at rules"},
        under=dict.fromkeys(("CNI-DEL-GONE", "CNI-DEL-FAILED", "CNI-PARALLEL"), "CNI-DEL"),
        near=frozenset({"LIFE-DELETE"}),
        after_del="""[ "$CNI_IFNAME" = eth0 ] ||
          iptables -t nat -A POSTROUTING -s 198.51.100.1 -j ACCEPT""",
    ),
    Fault(
        name="a second DEL fails",
        source="kubernetes/kubernetes issue 44100",
        reds={"LIFE-DELETE": "the plugin failed a second DEL for pod transient"},
        under={"CNI-DEL-IDEMPOTENT": "LIFE-DELETE"},
        follows=_DELETING,
        before_del=_GONE,
    ),
    Fault(
        name="a second DEL of any interface but eth0 fails",
        source="kubernetes/kubernetes issue 44100, of a second network of a pod",
        reds={"CNI-DEL-IDEMPOTENT": "failure at bridge DEL"},
        near=frozenset({"LIFE-DELETE"}),
        before_del=f'[ "$CNI_IFNAME" = eth0 ] || {{ {_GONE}; }}',
    ),
    Fault(
        name="DEL fails without the namespace",
        source="kubernetes/kubernetes issue 57465",
        reds={"CNI-DEL-GONE": "no namespace"},
        follows=_DELETING,
        configure=no_masquerade,
        undeclared=frozenset({"CNI-DEL-GONE"}),
        before_del='[ -e "$CNI_NETNS" ] || fail 100 "no namespace"',
    ),
    Fault(
        name="DEL needs the previous result",
        source="own",
        reds={"CNI-DEL-GONE": "prevResult is missing", "CNI-DEL-FAILED": "prevResult is missing"},
        follows=_DELETING,
        before_del='case "$input" in *prevResult*) ;; *) fail 7 "prevResult is missing";; esac',
    ),
    Fault(
        name="CHECK fails on a healthy network",
        source="containernetworking/plugins issue 809",
        reds={"CNI-CHECK": "failure at bridge CHECK"},
        follows=frozenset({"CNI-DELEGATE"}),
        untestable=frozenset({"CNI-CHECK-STATE"}),
        near=frozenset(
            {"CNI-CHECK-LATER", "CNI-INTERFACES", "LIFE-REBOOT"}
        ),  # whose CHECK says nothing, then
        first='[ "$CNI_COMMAND" != CHECK ] || fail 100 "MAC address of bridge"',
    ),
    Fault(
        name="CHECK prints",
        source="own",
        reds={"CNI-CHECK": "output at bridge CHECK: expected nothing on stdout"},
        follows=_CALLING_CHECK,
        first='[ "$CNI_COMMAND" != CHECK ] || echo healthy >&3',
    ),
    Fault(
        name="CHECK does nothing",
        source="containernetworking/plugins issue 707",
        reds={
            "CNI-CHECK-PREVIOUS": "success at bridge CHECK",
            "CNI-CHECK-LISTED": "success at bridge CHECK",
            "CNI-CHECK-STATE": "success at bridge CHECK",
            "CNI-DELEGATE": "expected ADD, CHECK, DEL, saw ADD, DEL",
            "CNI-DELEGATE-ERROR": "success at bridge CHECK",
        },
        untestable=frozenset({"CNI-CHECK-LATER"}),
        first='[ "$CNI_COMMAND" != CHECK ] || exit 0',
    ),
    Fault(
        name="CHECK wants no route that it does not know",
        source="own",
        reds={"CNI-CHECK-LATER": "failure at bridge CHECK"},
        first="""[ "$CNI_COMMAND" != CHECK ] || ! in_pod ip route | grep 198.51.100.0 ||
          fail 100 "unknown route" """,
    ),
    Fault(
        name="DEL does not call IPAM",
        source="containernetworking/plugins issue 252",
        reds={"LIFE-DELETE": "left behind at leases"},
        under=dict.fromkeys(("CNI-DEL", "CNI-DELEGATE"), "LIFE-DELETE")
        | dict.fromkeys(("CNI-DEL-GONE", "CNI-PARALLEL"), "CNI-DEL"),
        follows=_DELETING | {"CNI-DELEGATE-ERROR"},
        untestable=frozenset({"LIFE-REUSE"}),
        configure=no_masquerade,
        before_del='in_pod ip link delete "$CNI_IFNAME"; exit 0',
    ),
    Fault(
        name="DEL releases the address in IPAM's place",
        source="own: a plugin that knows where its IPAM plugin keeps leases",
        reds={"CNI-DELEGATE": "expected ADD, CHECK, DEL, saw ADD, CHECK"},
        near=frozenset({"LIFE-DELETE", "CNI-DEL"}),
        follows=frozenset({"CNI-DELEGATE-ERROR"}),
        configure=no_masquerade,
        before_del="""in_pod ip link delete "$CNI_IFNAME"
          cd /var/lib/cni/networks/podpath
          for f in $(grep -l "^$CNI_CONTAINERID" 10.*); do
            ! grep -q "^$CNI_IFNAME" "$f" || rm "$f"; done; exit 0""",
    ),
    Fault(
        name="errors of IPAM are dropped",
        source="own",
        reds={"CNI-DELEGATE-ERROR": "success at bridge DEL"},
        # DEL of the second interface fails no more, which is a known deviation
        untestable=frozenset({"CNI-DEL-FAILED", "CNI-INTERFACES"}),
        after_del="status=0; output=",
    ),
    Fault(
        name="one container at a time",
        source="containernetworking/plugins issue 366",
        reds={"CNI-PARALLEL": "failure at bridge ADD"},
        follows=_NO_PODS,
        untestable=_NO_PODS,
        before='mkdir /run/podpath/fault/busy || fail 11 "busy"; sleep 0.3',
        last='[ "$CNI_COMMAND" != ADD ] || rmdir /run/podpath/fault/busy',
    ),
    Fault(
        name="GC does nothing",
        source="own",
        reds={"CNI-GC": "left behind at leases", "CNI-GC-DELEGATE": "expected GC, saw not called"},
        **speaking('[ "$CNI_COMMAND" != GC ] || exit 0\n'),
    ),
    Fault(
        name="GC releases all",
        source="own",
        reds={"CNI-GC-LISTED": "failure at bridge CHECK"},
        **speaking('[ "$CNI_COMMAND" != GC ] || input={}\n'),
    ),
    Fault(
        name="STATUS is not known",
        source="own",
        reds={"CNI-STATUS": "failure at bridge STATUS"},
        follows=frozenset({"CNI-STATUS-DELEGATE"}),
        **speaking('[ "$CNI_COMMAND" != STATUS ] || fail 4 "unknown CNI_COMMAND"\n'),
    ),
    Fault(
        name="STATUS does not ask IPAM",
        source="own",
        reds={"CNI-STATUS-DELEGATE": "expected STATUS, saw not called"},
        **speaking('[ "$CNI_COMMAND" != STATUS ] || exit 0\n'),
    ),
)

#: Speaks CNI 1.1.0, which no plugin of Debian 12 does.
PLUGINS = (
    Fault(
        name="CNI 1.1.0",
        source="",
        reds={},
        near=frozenset(
            {
                *("CNI-GC", "CNI-GC-DELEGATE", "CNI-GC-LISTED"),
                *("CNI-STATUS", "CNI-STATUS-DELEGATE", "CNI-DELEGATE-ERROR"),
            }
        ),
        undeclared=frozenset({"CNI-DEL-FAILED"}),
        **speaking(),
    ),
)
