"""Check that this kernel can make file systems, links and queueing disciplines."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.model import STACKED
from podpath.system import programs

_TBF = "root tbf rate 1mbit burst 10kb latency 1s"
#: Kinds of link and queueing disciplines that the limit of a rate needs, for each direction.
_SHAPING = {
    "ingress": ((), (_TBF,)),
    "egress": (("ifb",), (_TBF, "ingress")),
}


def check_file_system(name: str) -> None:
    """Check that the kernel has a kind of file system, and load its module if necessary.

    Raises:
        CouldNotTest: The kernel does not have it.
    """
    known = Path("/proc/filesystems").read_text().split()
    if name not in known and not _loaded(name):
        raise CouldNotTest(f'this kernel has no file system "{name}"', f"Load it: modprobe {name}")


@cache
def check_link(kind: str) -> None:
    """Check that the kernel can make a kind of link.

    Raises:
        CouldNotTest: The kernel cannot make it.
    """
    ip = programs.locate("ip")
    make = f"{ip} link add podpath0 type {kind}"
    if kind in STACKED:
        make = f"{ip} link add podpath1 type bridge && {ip} link add link podpath1 type {kind}"
    if refusal := _refusal(make):
        raise CouldNotTest(
            f'this kernel cannot make a link of type "{kind}" ({refusal})',
            f"Load it: modprobe {kind}",
        )


@cache
def check_vlan_filtering() -> None:
    """Check that the kernel can keep VLANs apart on a bridge.

    Raises:
        CouldNotTest: The kernel cannot.
    """
    make = f"{programs.locate('ip')} link add name podpath0 type bridge vlan_filtering 1"
    if refusal := _refusal(make):
        raise CouldNotTest(
            f"this kernel cannot filter VLANs on a bridge ({refusal})",
            "Use a kernel built with CONFIG_BRIDGE_VLAN_FILTERING, as those of distributions are",
        )


def _refusal(make: str) -> str:
    """Run a command in a new network namespace; return its error, empty if it succeeded.

    Raises:
        CouldNotTest: This process may make no network namespace.
    """
    ended = subprocess.run(
        ["unshare", "--net", "sh", "-c", make], capture_output=True, text=True, check=False
    )
    if ended.stderr.startswith("unshare:"):
        raise CouldNotTest(
            f"no network namespace can be made ({ended.stderr.strip()})",
            "Run as root with all capabilities (in a container: --privileged)",
        )
    return "" if ended.returncode == 0 else ended.stderr.strip() or f"status {ended.returncode}"


def check_queue(discipline: str) -> None:
    """Check that the kernel can make a queueing discipline.

    Args:
        discipline: The discipline, as the arguments of tc(8).

    Raises:
        CouldNotTest: The kernel cannot make it.
    """
    ip, tc = programs.locate("ip"), shutil.which("tc", path=programs.search_path()) or "tc"
    make = f"{ip} link add podpath0 type bridge && {tc} qdisc add dev podpath0 {discipline}"
    if refusal := _refusal(make):
        raise CouldNotTest(
            f'this kernel cannot make the queueing discipline "{discipline}" ({refusal})',
            "Use a kernel with sch_tbf and sch_ingress, as the bandwidth plugin needs them",
        )


def check_shaping(direction: str) -> None:
    """Check that the kernel can limit the rate of a direction, ingress or egress.

    Raises:
        CouldNotTest: The kernel lacks a kind of link or a queueing discipline for it.
    """
    links, disciplines = _SHAPING[direction]
    for link in links:
        check_link(link)
    for discipline in disciplines:
        check_queue(discipline)


def _loaded(module: str) -> bool:
    modprobe = shutil.which("modprobe", path=programs.search_path())
    if modprobe is None:
        return False
    return subprocess.run([modprobe, module], capture_output=True, check=False).returncode == 0
