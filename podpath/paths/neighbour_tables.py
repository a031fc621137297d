"""The kernel's neighbour tables, which all network namespaces share.

With more entries than gc_thresh3 (1024 by default), the kernel drops packets to new neighbours,
in any namespace (net/core/neighbour.c, neigh_alloc). On a node with many pods that is no plugin's
fault.
"""

from pathlib import Path

from podpath.model import Family
from podpath.system import proc

_TABLES = {Family.IPV4: "arp_cache", Family.IPV6: "ndisc_cache"}


def refusals() -> dict[Family, int]:
    """Count how often each table was full, since the boot.

    Only the initial network namespace shows it; elsewhere the result is empty.
    """
    counts = {}
    for family, name in _TABLES.items():
        try:
            table = Path("/proc/net/stat", name).read_text()
            counts[family] = proc.column(table, "table_fulls")
        except (OSError, ValueError):
            continue
    return counts


def overflow(before: dict[Family, int], now: dict[Family, int]) -> str:
    """Explain that a table was full meanwhile; empty if none was, or if nobody knows. Pure."""
    full = [family for family, count in now.items() if count > before.get(family, count)]
    names = ", ".join(f"net.ipv{family.value}.neigh.default.gc_thresh3" for family in full)
    if not full:
        return ""
    return f"the kernel's neighbour table, which all namespaces share, was full: raise {names}"
