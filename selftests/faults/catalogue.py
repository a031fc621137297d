"""The faults: each a few lines of shell, with what must turn red, and why."""

from selftests.faults.fault import Fault

_PATH = "tests/test_path.py"
_TOPOLOGY = "tests/test_topology.py"
_LIFE = "tests/test_lifecycle.py"


def _path(*names: str) -> tuple[str, ...]:
    return tuple(f"{_PATH}::{name}" for name in names)


_PING = _path("test_ping_crosses_exactly_the_expected_interfaces")
_HTTP = _path("test_http_crosses_exactly_the_expected_interfaces")
_UDP = _path("test_udp_crosses_exactly_the_expected_interfaces")
_ARP = _path("test_arp_request_reaches_every_port_and_its_reply_only_the_path")
_SILENCE = _path("test_bystander_and_uplink_stay_silent")
_UNCHANGED = _path("test_packets_arrive_as_they_were_sent")
_MTU = _path("test_largest_packet_passes_and_one_byte_more_is_refused")
_GATEWAY = _path(
    "test_ping_from_pod_to_gateway_ends_at_the_bridge",
    "test_ping_from_node_to_pod_starts_at_the_bridge",
)
_SELF = _path("test_ping_to_oneself_stays_on_lo")

FAULTS = (
    Fault(
        "host end is not on the bridge",
        "containernetworking/cni issue 64",
        {
            "TOPO-BRIDGE-PORT": "master",
            "TOPO-BRIDGE-MEMBERS": "missing port",
            "TOPO-FDB": "FDB",
            "PATH-ICMP": "missing hop",
        },
        after='ip link set "$HOST" nomaster',
        tests=(_TOPOLOGY, *_PING),
    ),
    Fault(
        "MTU is set at one end only",
        "containernetworking/plugins issue 352",
        {"TOPO-MTU": "MTU at host end of pod client: expected 1400, saw 1500"},
        after="in_pod ip link set eth0 mtu 1400",
    ),
    Fault(
        "host end drops what is larger than its own MTU",
        "containernetworking/plugins issue 352",
        {"TOPO-MTU": "MTU", "PATH-MTU": "missing hop"},
        after='ip link set "$HOST" mtu 1400',
        tests=(_TOPOLOGY, *_MTU, *_PING),
    ),
    Fault(
        "configured MTU is ignored",
        "aws/amazon-vpc-cni-k8s issue 665",
        {"TOPO-MTU": "expected 1400, saw 1500"},
        before="""input=$(printf '%s' "$input" | sed 's/"mtu": *1400/"mtu":1500/')""",
        configure=lambda bridge: bridge.update(mtu=1400),
    ),
    Fault(
        "hairpin is on though not configured",
        "kubernetes/kubernetes issue 13375",
        {"TOPO-BRIDGE-PORT": "hairpin", "PATH-ARP": "unexpected sighting"},
        after='bridge link set dev "$HOST" hairpin on',
        tests=(_TOPOLOGY, *_ARP, *_PING),
    ),
    Fault(
        "lease is lost",
        "containernetworking/plugins issue 252",
        {"TOPO-ADDR": "lease"},
        after='rm "/var/lib/cni/networks/podpath/$IP"',
    ),
    Fault(
        "MAC changes after the plugin has read it",
        "systemd/systemd issue 21185",
        {"TOPO-MAC": "MAC in result"},
        after='in_pod ip link set eth0 address "02:00:00:00:00:${IP##*.}"',
    ),
    Fault(
        "bridge has no gateway address",
        "containerd/containerd issue 3507",
        {"TOPO-BRIDGE-GATEWAY": "gateway address", "PATH-GATEWAY": "missing hop"},
        after="ip address flush dev cni0 scope global",
        tests=(_TOPOLOGY, *_GATEWAY, *_PING),
    ),
    Fault(
        "node does not forward",
        "kubernetes/kubernetes issue 40761",
        {"TOPO-BRIDGE-GATEWAY": "forwarding"},
        after="echo 0 >/proc/sys/net/ipv4/conf/all/forwarding",
    ),
    Fault(
        "a route is added that nobody asked for",
        "own",
        {"TOPO-ROUTE": "unexpected route"},
        after='in_pod ip route add 198.51.100.0/24 via "${IP%.*}.1"',
    ),
    Fault(
        "a second interface is left in the pod",
        "own",
        {"TOPO-POD-LINKS": "unexpected interface"},
        after="in_pod ip link add left type veth peer name right",
    ),
    Fault(
        "an interface is left on the node",
        "kubernetes/kubernetes issue 56840",
        {"TOPO-NODE-LINKS": "unexpected interface"},
        after='ip link add "spare$$" type bridge',
    ),
    Fault(
        "traffic is copied to a bystander",
        "own",
        {"PATH-ICMP": "unexpected sighting", "PATH-BYSTANDER": "unexpected sighting"},
        after=(
            'echo "$HOST" >"/run/podpath/$POD";'
            " while [ ! -s /run/podpath/bystander ]; do sleep 0.05; done;"
            ' [ "$POD" = client ] && { tc qdisc add dev "$HOST" clsact;'
            ' tc filter add dev "$HOST" ingress protocol ip u32 match u32 0 0'
            ' action mirred egress mirror dev "$(cat /run/podpath/bystander)"; }; :'
        ),
        tests=(_TOPOLOGY, *_PING, *_SILENCE),
    ),
    Fault(
        "bridge does not learn, and so floods",
        "own",
        {
            "TOPO-BRIDGE-PORT": "learning",
            "TOPO-FDB": "FDB",
            "PATH-ICMP": "unexpected sighting",
            "PATH-BYSTANDER": "unexpected sighting",
        },
        after='ip link set "$HOST" type bridge_slave learning off fdb_flush',
        tests=(_TOPOLOGY, *_PING, *_SILENCE),
    ),
    Fault(
        "pods' traffic is routed by the node, in one direction",
        "own",
        {
            "TOPO-ROUTE": "missing route",
            "PATH-ICMP": "TTL changed",
            "PATH-UNCHANGED": "TTL changed",
        },
        after=(
            '[ "$POD" = client ] && { echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects;'
            " echo 0 >/proc/sys/net/ipv4/conf/cni0/send_redirects;"
            ' in_pod ip route add "${IP%.*}.1" dev eth0;'
            ' in_pod ip route change default via "${IP%.*}.1" dev eth0;'
            ' in_pod ip route del "${IP%.*}.0/24" dev eth0; }; :'
        ),
        tests=(_TOPOLOGY, *_PING, *_UNCHANGED),
    ),
    Fault(
        "UDP is dropped at the bridge",
        "containernetworking/plugins issue 430",
        {"PATH-UDP": "missing hop"},
        after=(
            "nft add table bridge broken;"
            " nft add chain bridge broken forward '{ type filter hook forward priority 0; }';"
            " nft add rule bridge broken forward ether type ip ip protocol udp drop"
        ),
        tests=(*_UDP, *_PING, *_HTTP),
    ),
    Fault(
        "lo is down in the pod",
        "own",
        # also: no sniffer can prove its completeness there, which is no verdict on the path
        {"TOPO-POD-LINKS": "interface down"},
        after="in_pod ip link set lo down",
    ),
    Fault(
        "a port is isolated though not configured",
        "own",
        {"TOPO-BRIDGE-PORT": "isolation", "PATH-ICMP": "missing hop", "PATH-ARP": "missing hop"},
        after='bridge link set dev "$HOST" isolated on',
        tests=(f"{_TOPOLOGY}::test_host_end_is_a_forwarding_port_of_the_bridge", *_PING, *_ARP),
    ),
    Fault(
        "deletion leaves a rule",
        "containernetworking/plugins issue 810",
        {"LIFE-DELETE": "left behind at rules"},
        after_del='iptables -t nat -A POSTROUTING -s "198.51.100.$$" -j ACCEPT 2>/dev/null ||'
        " iptables -t nat -A POSTROUTING -s 198.51.100.1 -j ACCEPT",
        tests=(f"{_LIFE}::test_deleted_pod_leaves_nothing",),
    ),
    Fault(
        "deletion does not release the address",
        "containernetworking/plugins issue 252",
        {"LIFE-DELETE": "left behind at leases"},
        instead="cp -r /var/lib/cni/networks/podpath /run/podpath/leases",
        after_del="cp -n /run/podpath/leases/[0-9]* /var/lib/cni/networks/podpath;"
        " rm -r /run/podpath/leases",
        tests=(f"{_LIFE}::test_deleted_pod_leaves_nothing",),
    ),
)
