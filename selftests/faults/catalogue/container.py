"""Faults that only packets of a pod's containers meet, and other packets of the pod do not."""

import shlex
import struct
import sys

from selftests.faults.fault import Fault
from selftests.suite import ROOT

_ICMP, _UDP = 1, 17
_TYPE_CGROUP_SKB, _HOOK_EGRESS = 8, 1  # linux/bpf.h


def _instruction(code: int, to: int = 0, of: int = 0, offset: int = 0, value: int = 0) -> bytes:
    """One instruction of eBPF (RFC 9669)."""
    return struct.pack("=BBhi", code, of << 4 | to, offset, value)


#: Drop ICMP and UDP over IPv4, and let all else pass.
_DROP = b"".join(
    [
        _instruction(0xB7, 2, value=9),  # the protocol in the IP header ...
        _instruction(0xBF, 3, 10),
        _instruction(0x07, 3, value=-8),
        _instruction(0xB7, 4, value=1),
        _instruction(0x85, value=26),  # ... by bpf_skb_load_bytes()
        _instruction(0x71, 2, 10, -8),
        _instruction(0xB7, 0),
        _instruction(0x15, 2, offset=2, value=_ICMP),
        _instruction(0x15, 2, offset=1, value=_UDP),
        _instruction(0xB7, 0, value=1),
        _instruction(0x95),
    ]
)
_ATTACH = f"""import sys; sys.path.insert(0, {str(ROOT)!r})
from podpath.nodes.embedded.cgroups import hierarchies
from podpath.system.linux import attach_to_cgroup
(group,) = [h.mount for h in hierarchies() if h.kind == "cgroup2"]
attach_to_cgroup(group, {_TYPE_CGROUP_SKB}, {_HOOK_EGRESS}, bytes.fromhex("{_DROP.hex()}"))"""

FAULTS = (
    Fault(
        name="a program on the pods' cgroups drops what containers send",
        cause="BPF_CGROUP_EGRESS",
        source="own: an egress filter such as systemd's IPAddressDeny on the pods' slice",
        reds={"PATH-CONTAINER": "missing hop at client eth0 out"},
        near=frozenset({"PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-GATEWAY"}),
        # the program stays as long as its node does: no other fault shall be given that one
        after=f"""[ "$POD" != client ] || {{ mkdir /run/podpath/kept
          {shlex.quote(sys.executable)} -c {shlex.quote(_ATTACH)}; }}""",
    ),
)
