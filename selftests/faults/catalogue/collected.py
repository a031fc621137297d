"""Faults of GC on links of valid attachments, and on what the node learned of them."""

from selftests.faults.catalogue.contract import speaking
from selftests.faults.fault import Fault

_PORTS = "for link in $(ls /sys/class/net/cni0/brif); do"


def _collecting(name: str, says: str, commands: str) -> Fault:
    """A GC of the bridge that runs commands first."""
    return Fault(
        name=name,
        source="own: links and entries that no list of leases names",
        reds={"CNI-GC-LISTED": says},
        **speaking(f'[ "$CNI_COMMAND$real" != "GC${{real%/*}}/bridge" ] || {{ {commands}; }}\n'),
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
)
