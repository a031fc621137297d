"""Faults of GC on links of valid attachments, and on what the node learned of them."""

from typing import Any

from selftests.faults.catalogue.contract import speaking
from selftests.faults.catalogue.translation import forget
from selftests.faults.fault import Fault

_PORTS = "for link in $(ls /sys/class/net/cni0/brif); do"


def _collecting(name: str, says: str, commands: str, **more: Any) -> Fault:
    """A GC of the bridge that runs commands first."""
    first = f'[ "$CNI_COMMAND$real" != "GC${{real%/*}}/bridge" ] || {{ {commands}; }}\n'
    return Fault(
        name=name,
        source="own: links and entries that no list of leases names",
        reds={"CNI-GC-LISTED": says},
        **(speaking(first) | more),
    )


FAULTS = (
    _collecting(
        "GC sets host ends down", "state: expected up", f"{_PORTS} ip link set $link down; done"
    ),
    _collecting(
        "GC takes host ends off the bridge",
        "master: expected",
        f"{_PORTS} ip link set $link nomaster; done",
    ),
    _collecting(
        "GC sets ports back to what a bridge gives them",
        "hairpin: expected False, saw True",
        f"{_PORTS} bridge link set dev $link hairpin on; done",
    ),
    _collecting(
        "GC makes the bridge forget where containers are",
        "expected FDB entry",
        f"{_PORTS} echo 1 >/sys/class/net/$link/brport/flush; done",
    ),
    _collecting(
        "GC makes the node forget its neighbours",
        "expected neighbour 10.88.0.",
        "ip neigh flush dev cni0",
    ),
    _collecting(
        "GC deletes the gateway's address",
        "addresses: expected 10.88.0.1/24",
        "ip address flush dev cni0 scope global",
    ),
    _collecting(
        "GC deletes the routes by the bridge",
        "node cni0 routes: expected 10.88.0.0/24",
        "ip route flush dev cni0",
    ),
    _collecting(
        "GC takes the mapped ports of all containers",
        "lost at rules: expected table ip nat chain CNI-HOSTPORT-DNAT",
        "iptables -t nat -F CNI-HOSTPORT-DNAT",
        wraps=("bridge", "portmap", "host-local"),
    ),
    _collecting(
        "GC deletes network namespaces",
        "lost at namespaces: expected contract-",
        "for name in $(ls /run/netns); do ip netns delete $name; done",
    ),
    _collecting(
        "GC deletes what masquerades valid attachments",
        "lost at rules: expected table ip nat chain POSTROUTING",
        "iptables -t nat -F POSTROUTING",
        configure=None,
    ),
    _collecting(
        "GC ends the tracking of all connections",
        "lost at tracked connections: expected TCP of 203.0.113.77",
        forget(),
    ),
)
