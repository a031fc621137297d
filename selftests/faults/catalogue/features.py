"""Faults in what is tested where a conflist asks for it, and plugins that do it right."""

from functools import partial

from selftests.faults.fault import Fault, given, rule_of_iptables
from selftests.suite import ROOT

_FEATURES = ROOT / "examples/features.conflist"
#: Of a rule that is added for each pod, and stays.
_LEFT = frozenset(
    {
        *("LIFE-DELETE", "LIFE-CHURN", "LIFE-PORTMAP", "LIFE-PARALLEL"),
        *("CNI-DEL", "CNI-DEL-GONE", "CNI-PARALLEL"),
    }
)

_ISOLATE = 'bridge link set dev "$HOST" isolated on'
_WALL = """for x in iptables ip6tables; do
  $x -C CNI-ISOLATION-STAGE-1 -i cni0 -o cni0 -j DROP ||
    $x -I CNI-ISOLATION-STAGE-1 -i cni0 -o cni0 -j DROP; done"""
#: The reference plugin that is wrapped may be of a release without the key, or the value: the
#: wrapper isolates.
_isolated = partial(Fault, configure=lambda bridge: bridge.update(portIsolation=True))

_mapping = partial(Fault, wraps=("portmap",), announces=False)
_tuning = partial(Fault, wraps=("tuning",), announces=False, chain={"tuning": {"mtu": 1400}})
_limiting = partial(Fault, wraps=("bandwidth",), announces=False, network=_FEATURES)
_asked = partial(Fault, network=_FEATURES)
_walled = partial(
    Fault,
    wraps=("firewall",),
    announces=False,
    network=ROOT / "examples/dual-stack.conflist",
    chain={"firewall": {"ingressPolicy": "isolated"}},
    first=given('s/"ingressPolicy":"isolated"/"ingressPolicy":"same-bridge"/'),
)


FAULTS = (
    _isolated(
        name="port isolation is ignored",
        source="own: a release that does not know the key",
        reds={"TOPO-BRIDGE-PORT": "isolation at node"},
        under={"PATH-ISOLATION": "TOPO-BRIDGE-PORT"},
        near=frozenset({"PATH-GATEWAY"}),
        after='bridge link set dev "$HOST" isolated off',
    ),
    _isolated(
        name="the port of one pod is not isolated",
        source="own: it is enough for two pods to reach each other",
        reds={"TOPO-BRIDGE-PORT": "isolation at node"},
        under={"PATH-ISOLATION": "TOPO-BRIDGE-PORT"},
        near=frozenset({"PATH-GATEWAY"}),
        after=f'[ "$POD" = client ] || {_ISOLATE}',
    ),
    _isolated(
        name="the gateway hands on what isolated pods send each other",
        source="own: ports are isolated, and the node routes",
        reds={"TOPO-SETTINGS": "proxy ARP at node cni0"},
        under={"PATH-ISOLATION": "TOPO-SETTINGS"},
        near=frozenset({"TOPO-BRIDGE-PORT", "PATH-GATEWAY"}),
        after=f"{_ISOLATE}; sysctl -qw net.ipv4.conf.cni0.proxy_arp_pvlan=1",
    ),
    _walled(
        name="the policy that isolates pods is that of a bridge",
        source="own: a release that does not know the value",
        reds={"PATH-ISOLATION": "unexpected sighting at server eth0 in"},
        near=frozenset({"PATH-GATEWAY"}),
    ),
    _walled(
        name="the policy isolates pods in IPv4 alone",
        source="own: in the family that is looked at less",
        reds={"PATH-ISOLATION": "unexpected sighting"},
        near=frozenset({"PATH-GATEWAY"}),
        after=_WALL.replace(" ip6tables", ""),
    ),
    Fault(
        name="pods are not masqueraded",
        source="containernetworking/plugins issue 210",
        reds={"PATH-MASQUERADE": "address changed at node eth0 out: expected 192.0.2.2"},
        near=frozenset({"PATH-GATEWAY", "PATH-PORTMAP"}),
        after=rule_of_iptables("nat", "POSTROUTING -s 10.88.0.0/24 -o eth0 -j ACCEPT"),
    ),
    Fault(
        name="pods are masqueraded in IPv4 alone",
        source="containernetworking/plugins issue 210, in the family that is looked at less",
        reds={"PATH-MASQUERADE": "address changed at node eth0 out: expected 2001:db8:192:2::2"},
        follows=_LEFT,
        near=frozenset({"PATH-GATEWAY", "PATH-PORTMAP"}),
        network=ROOT / "examples/dual-stack.conflist",
        after="ip6tables -t nat -I POSTROUTING -s fd00:88::/64 -o eth0 -j ACCEPT",
    ),
    _mapping(
        name="a mapped port leads to another port of the pod",
        source="own",
        reds={"PATH-PORTMAP": "to 81 [S]"},
        near=frozenset({"PATH-HTTP", "PATH-MASQUERADE"}),
        before=given('s/"ContainerPort":80,/"ContainerPort":81,/'),
    ),
    _mapping(
        name="of mapped ports, only those of TCP are",
        cause="no program listens|sent it out by lo",
        source="own",
        reds={"PATH-PORTMAP": "to 29000"},
        near=frozenset({"PATH-UDP"}),
        before=given('s/,{"HostPort":29000[^}]*}//'),
    ),
    _mapping(
        name="whoever asks for a mapped port from beyond the node is masqueraded",
        source="containernetworking/plugins, portmap: its key masqueradeAll",
        reds={"PATH-PORTMAP": "address changed at node cni0 out: expected 192.0.2.1 port"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        after=rule_of_iptables("nat", "POSTROUTING -s 192.0.2.1 -o cni0 -j MASQUERADE"),
    ),
    _tuning(
        name="tuning ignores the MTU",
        source="own: a release that does not know the key",
        reds={"TOPO-MTU": "MTU at pod client eth0: expected 1400, saw 1500"},
        follows=frozenset({"CNI-CHECK", "CNI-CHECK-LATER"}),
        near=frozenset({"TOPO-SETTINGS", "PATH-SIZE"}),
        before="""input=$(flat "$input" | sed 's/"mtu":1400,*//; s/,}/}/')""",
    ),
    _mapping(
        name="the rules of mapped ports outlive their pod",
        source="containernetworking/plugins issue 810",
        reds={"LIFE-PORTMAP": "left behind at rules"},
        follows=frozenset({"PATH-PORTMAP"}),
        near=frozenset({"LIFE-DELETE"}),
        first='[ "$CNI_COMMAND" != DEL ] || exit 0',
    ),
    _mapping(
        name="a mapped port does not refuse when its pod is gone",
        source="own",
        reds={"LIFE-PORTMAP": "mapped port at tcp port 28080 of 192.0.2.2: expected refused"},
        near=frozenset({"LIFE-DELETE"}),
        after_del=f"""[ "$POD" != mapped ] ||
          {{ {rule_of_iptables("filter", "OUTPUT -p tcp --dport 28080 -j DROP")}; }}""",
    ),
    _limiting(
        name="a rate is ten times what was asked for",
        source="own: bits taken for bytes, or the other way round",
        reds={"PATH-BANDWIDTH": "rate at ingress of the container"},
        near=frozenset({"LIFE-BANDWIDTH"}),
        before=given('s/"\\(in\\|e\\)gressRate":16000000/"\\1gressRate":160000000/'),
    ),
    _limiting(
        name="a rate is a quarter of what was asked for",
        source="own",
        reds={"PATH-BANDWIDTH": "rate at ingress of the container"},
        before=given('s/"\\(in\\|e\\)gressRate":16000000/"\\1gressRate":4000000/'),
    ),
    _limiting(
        name="only what a container receives is limited",
        source="own",
        reds={"PATH-BANDWIDTH": "rate at egress of the container"},
        before=given('s/"egressRate":[0-9]*,"egressBurst":[0-9]*//'),
    ),
    _limiting(
        name="the interface of a limit outlives its container",
        source="kubernetes/kubernetes issue 56840",
        reds={"LIFE-BANDWIDTH": "left behind at interfaces: expected gone, saw bwp"},
        follows=frozenset({"TOPO-NODE-LINKS"}),
        near=frozenset({"PATH-BANDWIDTH", "LIFE-DELETE"}),
        first='[ "$CNI_COMMAND" != DEL ] || exit 0',
    ),
    _asked(
        name="the address that is asked for is ignored",
        source="own",
        reds={"CNI-STATIC-IP": "static IP at net1 in the kernel: expected 10.88.0.254/24"},
        before=given('s/"ips":\\["[^]]*\\]//'),
    ),
    _asked(
        name="the address that is asked for is given twice",
        source="own: IPAM that trusts the runtime",
        reds={"CNI-STATIC-IP": "static IP at ADD of a second container: expected an error"},
        before="""case "$(flat "$input")" in *'"ips":["10.88.0.254'*)
          rm -f /var/lib/cni/networks/podpath/10.88.0.254;; esac""",
    ),
    _asked(
        name="the MAC address that is asked for is ignored",
        source="own",
        reds={"CNI-STATIC-MAC": "static MAC at net1 in the kernel: expected 02:00:5e:10:00:01"},
        before=given('s/"mac":"[^"]*"//'),
    ),
    _asked(
        name="the result has another MAC address than was asked for and set",
        source="own",
        reds={"CNI-STATIC-MAC": "static MAC at the result: expected 02:00:5e:10:00:01"},
        follows=frozenset({"CNI-ADD-INTERFACE", "CNI-CHECK"}),
        after="result 's/02:00:5e:10:00:01/02:00:5e:10:00:02/'",
    ),
)

PLUGINS = (
    _isolated(
        name="port isolation",
        source="",
        reds={},
        near=frozenset(
            {
                *("TOPO-BRIDGE-PORT", "TOPO-FDB", "PATH-ISOLATION", "PATH-GATEWAY"),
                *("PATH-MASQUERADE", "PATH-ICMP", "LIFE-DELETE", "LIFE-OTHERS"),
            }
        ),
        after=_ISOLATE,
    ),
    _walled(
        name="a policy that isolates pods",
        source="",
        reds={},
        near=frozenset(
            {
                *("PATH-ISOLATION", "PATH-GATEWAY", "PATH-MASQUERADE", "PATH-PORTMAP"),
                *("TOPO-BRIDGE-PORT", "TOPO-FDB", "TOPO-HOOKS", "LIFE-DELETE", "LIFE-OTHERS"),
                *("LIFE-CHURN", "CNI-DEL", "CNI-DEL-GONE"),
            }
        ),
        after=_WALL,
    ),
    Fault(
        name="features as they are asked for",
        source="",
        reds={},
        network=_FEATURES,
        near=frozenset(
            {
                *("PATH-BANDWIDTH", "LIFE-BANDWIDTH", "CNI-STATIC-IP", "CNI-STATIC-MAC"),
                *("PATH-PORTMAP", "LIFE-PORTMAP", "TOPO-HOOKS"),
            }
        ),
    ),
    Fault(
        name="a chain with firewall and tuning",
        source="",
        reds={},
        network=ROOT / "examples/chain.conflist",
        near=frozenset(
            {
                *("TOPO-HOOKS", "TOPO-SETTINGS", "PATH-GATEWAY", "LIFE-DELETE", "LIFE-OTHERS"),
                *("CNI-DEL", "CNI-DEL-GONE", "CNI-CHECK"),
            }
        ),
    ),
    _tuning(
        name="tuning sets an MTU",
        source="",
        reds={},
        near=frozenset({"TOPO-MTU", "PATH-SIZE", "PATH-MTU", "PATH-GATEWAY", "CNI-CHECK"}),
    ),
    Fault(
        name="ports are mapped by a bridge that routes",
        source="",
        reds={},
        near=frozenset({"PATH-MASQUERADE", "PATH-PORTMAP", "LIFE-PORTMAP"}),
        after="echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables",
    ),
)
