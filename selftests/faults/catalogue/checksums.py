"""Faults that a sniffer cannot see: packets that arrive with a wrong checksum."""

from typing import Any

from selftests.faults.catalogue.ipv6 import dual_stack
from selftests.faults.fault import Fault, bridge_rule

#: What shows that a packet filter is there at all.
# LIFE-RESTART makes another pod of that name on the same node, and so the rule is another one then.
_SHOWN = frozenset({"TOPO-HOOKS", "LIFE-PERSIST"})

#: Shell: turn offloads of a pod's eth0 off, by ETHTOOL_S* of linux/ethtool.h, as no node needs
#: ethtool itself: its kernel then computes checksums itself, and cuts segments to size.
WITHOUT_OFFLOADS = r"""in_pod python3 -c '
import array, fcntl, socket, struct
channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for command in (0x1F, 0x24, 0x2C, 0x19, 0x17, 0x15):  # TSO, GSO, GRO, SG, TX and RX checksums
    value = array.array("I", (command, 0))
    request = struct.pack("16sQ16x", b"eth0", value.buffer_info()[0])
    fcntl.ioctl(channel, 0x8946, request)  # SIOCETHTOOL
'"""


def _wrong(rule: str) -> str:
    """Shell: what the client sends gets a checksum that is wrong."""
    return f"""{WITHOUT_OFFLOADS}
      [ "$POD" != client ] || {{ {bridge_rule(f"ip saddr '$IP' {rule}")}; }}"""


_BETWEEN_PODS = (
    Fault(
        name="datagrams arrive with a wrong checksum",
        source="flannel-io/flannel issue 1279; k3s-io/k3s issue 2013",
        reds={"PATH-UDP": "wrong checksum at the kernel of server"},
        follows=_SHOWN,
        near=frozenset({"PATH-HTTP"}),
        after=_wrong("udp dport 9000 udp checksum set 0x1234"),
    ),
    Fault(
        name="segments arrive with a wrong checksum",
        cause=r"TCP_CSUM \(wrong checksum\)",
        source="cilium/cilium issue 26300; kubernetes/kubernetes issue 18898",
        reds={"PATH-HTTP": "wrong checksum at the kernel of server"},
        follows=_SHOWN,
        untestable=frozenset({"LIFE-SURVIVOR"}),
        near=frozenset({"PATH-UDP"}),
        after=_wrong("tcp dport 80 tcp checksum set 0x1234"),
    ),
    Fault(
        name="large segments alone arrive with a wrong checksum",
        source="cilium/cilium issue 26300",
        reds={"PATH-SIZE": "wrong checksum at the kernel of client"},
        follows=_SHOWN | {"PATH-HTTP", "PATH-PORTMAP"},
        untestable=frozenset({"LIFE-SURVIVOR"}),
        near=frozenset({"PATH-UDP", "PATH-ARP"}),
        after=f"""{WITHOUT_OFFLOADS}
          {bridge_rule("ip length gt 1400 tcp sport 80 tcp checksum set 0x1234")}""",
    ),
    Fault(
        name="echo requests arrive with a wrong checksum",
        cause=r"ICMP_CSUM \(wrong checksum\)",
        source="own",
        reds={"PATH-ICMP": "wrong checksum at the kernel of server"},
        follows=_SHOWN,
        after=_wrong("icmp type echo-request icmp checksum set 0x1234"),
    ),
)


#: Shell: the same for the bridge, which does not have all of them.
_BRIDGE_WITHOUT = (
    WITHOUT_OFFLOADS.replace("in_pod ", "")
    .replace('b"eth0"', 'b"cni0"')
    .replace("    fcntl.ioctl", "    with contextlib.suppress(OSError): fcntl.ioctl")
    .replace("import array", "import contextlib, array")
)

_OF_ONE_FAMILY_OR_END = (
    Fault(
        name="IPv6 datagrams arrive with a wrong checksum",
        source="flannel-io/flannel issue 1279, for IPv6",
        reds={"PATH-UDP": "dropped, by its Udp6InCsumErrors"},
        follows=_SHOWN,
        near=frozenset({"PATH-HTTP"}),
        configure=dual_stack,
        after=f"""{WITHOUT_OFFLOADS}
          {bridge_rule("ip6 nexthdr udp udp dport 9000 udp checksum set 0x1234")}""",
    ),
    Fault(
        name="datagrams of the node arrive at pods with a wrong checksum",
        source="kubernetes/kubernetes issue 18898; k3s-io/k3s issue 2013: from the node alone",
        reds={"PATH-GATEWAY": "wrong checksum at the kernel of"},
        near=frozenset({"PATH-UDP", "PATH-HTTP"}),
        after=f"""{_BRIDGE_WITHOUT}
          nft 'add table ip broken
            add chain ip broken post {{ type filter hook postrouting priority 300; }}
            flush chain ip broken post
            add rule ip broken post ip saddr 10.88.0.1 udp dport 1-65535 udp checksum set 1'""",
    ),
    Fault(
        name="datagrams of pods arrive at the node with a wrong checksum",
        source="kubernetes/kubernetes issue 18898: on the way to programs of the node alone",
        reds={"PATH-GATEWAY": "wrong checksum at the kernel of node"},
        near=frozenset({"PATH-UDP", "PATH-HTTP"}),
        after=f"""{WITHOUT_OFFLOADS}
          nft 'add table ip broken
            add chain ip broken pre {{ type filter hook prerouting priority -400; }}
            flush chain ip broken pre
            add rule ip broken pre ip saddr 10.88.0.0/24 ip daddr 10.88.0.1 \\
              udp dport 1-65535 udp checksum set 1'""",
    ),
    Fault(
        name="answers from beyond the node have a wrong checksum",
        source="flannel-io/flannel issue 1279, on the way back",
        reds={"PATH-MASQUERADE": "wrong checksum at the kernel of bystander"},
        near=frozenset({"PATH-GATEWAY"}),
        after="""nft 'add table ip broken
            add chain ip broken post { type filter hook postrouting priority 300; }
            flush chain ip broken post
            add rule ip broken post iif eth0 meta l4proto udp udp checksum set 0x1234'""",
    ),
)


def _beyond(name: str, requirement: str, says: str, rule: str, **more: Any) -> Fault:
    """What the node translates leaves it with a wrong checksum.

    Without offload in pods: otherwise the link computes the checksum after the rule.
    """
    return Fault(
        name=name,
        source="flannel-io/flannel issue 1279; cilium/cilium issue 26300: after translation",
        reds={requirement: f"wrong checksum at the kernel of {says}"},
        cause=r"CSUM \(wrong checksum\)",
        after=f"""{WITHOUT_OFFLOADS}
          nft 'add table ip broken
            add chain ip broken post {{ type filter hook postrouting priority 300; }}
            flush chain ip broken post
            add rule ip broken post {rule}'""",
        **more,
    )


_TRANSLATED = (
    _beyond(
        "masqueraded datagrams have a wrong checksum",
        "PATH-MASQUERADE",
        "beyond the node",
        "oif eth0 meta l4proto udp udp checksum set 0x1234",
    ),
    _beyond(
        "masqueraded segments have a wrong checksum",
        "PATH-MASQUERADE",
        "beyond the node",
        "oif eth0 tcp dport 1-65535 ct status snat tcp checksum set 0x1234",
    ),
    _beyond(
        "datagrams to mapped ports have a wrong checksum",
        "PATH-PORTMAP",
        "mapped",
        "oif cni0 udp dport 9000 ct status dnat udp checksum set 0x1234",
        wraps=("portmap",),
        announces=False,
    ),
    _beyond(
        "segments to mapped ports have a wrong checksum",
        "PATH-PORTMAP",
        "mapped",
        "oif cni0 tcp dport 80 ct status dnat tcp checksum set 0x1234",
        wraps=("portmap",),
        announces=False,
    ),
)

FAULTS = (*_BETWEEN_PODS, *_OF_ONE_FAMILY_OR_END, *_TRANSLATED)

PLUGINS = (
    Fault(
        name="pods without checksum and segmentation offload",
        source="",
        reds={},
        near=frozenset(
            {
                *("PATH-HTTP", "PATH-UDP", "PATH-SIZE", "PATH-MTU", "PATH-UNCHANGED"),
                *("PATH-MASQUERADE", "PATH-PORTMAP", "PATH-BYSTANDER", "LIFE-SURVIVOR"),
            }
        ),
        after=WITHOUT_OFFLOADS,
    ),
)
