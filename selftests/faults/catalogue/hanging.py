"""Faults of plugins that do not end, or print without end: each is one violation, awaited once."""

from functools import partial
from typing import Any

from selftests.faults.catalogue.contract import speaking
from selftests.faults.fault import ALL, Fault

#: What must not be red as well: it calls the plugin again, or sees what was not deleted.
_NEAR = frozenset(
    {
        *("LIFE-ADD", "LIFE-DELETE", "LIFE-CHURN", "LIFE-OTHERS", "LIFE-PARALLEL", "LIFE-RESTART"),
        *("LIFE-REBOOT", "TOPO-BRIDGE-MEMBERS", "TOPO-NODE-LINKS", "PATH-ARP"),
        *("CNI-TIME", "CNI-DEL", "CNI-VERSION", "CNI-CHECK", "CNI-STATUS", "CNI-GC"),
    }
)


def _hangs(command: str, how: str = "sleep 600") -> str:
    """Shell: what the plugin does in place of a command."""
    return f'[ "$CNI_COMMAND" != {command} ] || {{ {how}; }}'


def _each_fifth(command: str) -> str:
    """Shell: one call of a command in five hangs."""
    count = f"/run/podpath/fault/count-{command}"
    counted = f"n=$(cat {count} 2>/dev/null || echo 0); echo $((n + 1)) >{count}"
    return _hangs(command, f"{counted}; [ $((n % 5)) != 4 ] || sleep 600")


def _row(red: str, says: str, **fields: Any) -> Fault:
    usual: dict[str, Any] = {"cases": "bridge-1.0.0*", "untestable": ALL, "announces": False}
    return Fault(reds={red: says}, near=_NEAR - {red}, **{**usual, **fields})


_added = partial(_row, "LIFE-ADD")
_deleted = partial(_row, "LIFE-DELETE")
_timed = partial(_row, "CNI-TIME", announces=True)

FAULTS = (
    _added(
        "holds the plugin's output open: sleep 600",
        name="a process without the plugin's environment keeps the output of ADD open",
        source="own: a daemon that clears its environment",
        after="env -i sleep 600 >&3 &",
    ),
    _added(
        "did not finish ADD for pod bystander in 20 s",
        name="every command hangs",
        source="containernetworking/plugins issue 561",
        first="sleep 600",
    ),
    _added(
        "printed more than 4 MiB, and was killed",
        name="ADD prints without end",
        source="own: a debugger's loop",
        first=_hangs("ADD", "exec cat /dev/zero >&3"),
    ),
    _deleted(
        "did not finish DEL for pod",
        name="DEL hangs",
        source="containernetworking/plugins issue 561; containerd/containerd issue 4666",
        first=_hangs("DEL"),
    ),
    _deleted(
        "did not finish DEL for pod",
        name="one DEL in five hangs",
        source="containerd/containerd issue 4666",
        first=_each_fifth("DEL"),
    ),
    _deleted(
        "printed more than 4 MiB, and was killed",
        name="DEL prints without end",
        source="own: a debugger's loop",
        first=_hangs("DEL", "exec yes >&3"),
    ),
    _timed(
        "bridge VERSION did not end within 10 s",
        name="VERSION hangs",
        source="own",
        first=_hangs("VERSION"),
    ),
    _timed(
        "bridge STATUS did not end within 10 s",
        name="STATUS hangs",
        source="own",
        **speaking(_hangs("STATUS", 'case "$real" in */bridge) sleep 600;; esac') + "\n"),
    ),
    _timed(
        "bridge GC ended, but another process held its output open for more than 10 s",
        name="a process keeps the output of GC open",
        source="own: a daemon that was started carelessly",
        **speaking(_hangs("GC", 'case "$real" in */bridge) sleep 600 >&3 & ;; esac') + "\n"),
    ),
)
