"""Read whether netfilter filters bridged packets."""

from pathlib import Path

from podpath.model import Family
from podpath.topology.reading.inside import inside


def filters_bridged(namespace: str, family: Family = Family.IPV4) -> bool:
    """Return whether iptables filters bridged packets in the namespace at a path (br_netfilter).

    Raises:
        CouldNotTest: The namespace cannot be entered, or its setting cannot be read.
    """
    tables = "iptables" if family is Family.IPV4 else "ip6tables"

    def work() -> bool:
        try:
            return Path(f"/proc/sys/net/bridge/bridge-nf-call-{tables}").read_text().strip() != "0"
        except FileNotFoundError:
            return False

    return inside(namespace, work)
