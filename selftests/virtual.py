"""Run the suite in a virtual machine: another kernel, with modules, cgroup v2 and AppArmor.

python -m selftests.virtual [--keep DIRECTORY] [--module NAME]... [--set NAME=VALUE]...
    [--seconds N] SUITE
    [-- OPTIONS OF PYTEST]...

SUITE is a release as selftests.distributions has it; its kernel is booted with qemu, in software:
no hardware support is needed, and it takes minutes. Only what the kernel loads by itself, or is
named with --module, is loaded. Each group of options after a -- is a run of its own in the same
machine. Exit status 0 if all runs are green.

The faults that need modules, which other kernels may not have:

python -m selftests.virtual --module ipvlan trixie -- selftests/faults --of-modules
"""

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from selftests import distributions

_SIZE = "8G"
_MEMORY = "6G"
_SECONDS = 3600
#: A CPU that is emulated in software is slow; options of the command line override it.
_PATIENCE = ("--podpath-patience", "4")
_PREPARE = """
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q -y --no-install-recommends install linux-image-amd64 kmod apparmor python3-venv
cd /root/podpath
[ -x /root/tox/bin/tox ] || { python3 -m venv /root/tox; /root/tox/bin/pip install -q tox; }
/root/tox/bin/tox -q -e embedded --notest
.tox/embedded/bin/podpath doctor --install
"""
_RUN = """.tox/embedded/bin/python -m pytest -n auto -p no:cacheprovider @OPTIONS@
echo "podpath-exit-status $?"
"""
_INIT = """#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm; mount -t devpts devpts /dev/pts; mount -t tmpfs shm /dev/shm
mount -t tmpfs run /run; mount -t tmpfs tmp /tmp; mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t securityfs securityfs /sys/kernel/security
ip link set lo up
@MODULES@
cd /root/podpath
uname -r; cat /sys/kernel/security/lsm; echo
@RUNS@
lsmod | cut -d ' ' -f 1 | sort | tr '\\n' ' '; echo
sync; echo o >/proc/sysrq-trigger; sleep 60
"""


def image(suite: str, place: Path, init: str) -> Path:
    """A disk with the release, its kernel and this checkout, installed and ready."""
    tree, disk = place / suite, place / f"{suite}.img"
    distributions.make(suite, tree)
    distributions.furnish(tree)
    distributions.enter(tree, ["sh", "-c", _PREPARE]).check_returncode()
    (tree / "podpath-init").write_text(init)
    (tree / "podpath-init").chmod(0o755)
    disk.unlink(missing_ok=True)
    subprocess.run(["mkfs.ext4", "-q", "-d", str(tree), str(disk), _SIZE], check=True)
    return disk


def boot(disk: Path, tree: Path, seconds: int) -> int:
    """Boot it, show its console, and give the highest exit status of the runs; 1 without any.

    Args:
        disk: the disk of the machine.
        tree: the release, whose kernel is booted.
        seconds: time limit of all runs together.
    """
    kernel, initrd = (max((tree / "boot").glob(f"{name}-*")) for name in ("vmlinuz", "initrd.img"))
    command = [
        *("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"),
        *("-m", _MEMORY, "-kernel", str(kernel), "-initrd", str(initrd)),
        *("-append", "root=/dev/vda rw console=ttyS0 init=/podpath-init quiet"),
        *("-nographic", "-no-reboot", "-net", "none"),
        *("-drive", f"file={disk},if=virtio,format=raw"),
    ]
    statuses = []
    with subprocess.Popen(
        ["timeout", str(seconds), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as machine:
        assert machine.stdout is not None
        for line in machine.stdout:
            print(line, end="", flush=True)
            if found := re.search(r"podpath-exit-status (\d+)", line):
                statuses.append(int(found[1]))
    return max(statuses, default=1)


def _runs(options: Sequence[str]) -> str:
    """The commands of the runs, whose options are separated by --."""
    groups: list[list[str]] = [[]]
    for option in options:
        if option == "--":
            groups.append([])
        else:
            groups[-1].append(option)
    return "".join(_RUN.replace("@OPTIONS@", shlex.join([*_PATIENCE, *g])) for g in groups)


def main(arguments: Sequence[str]) -> int:
    """Make the machine, and run the suite in it."""
    parser = argparse.ArgumentParser("python -m selftests.virtual")
    parser.add_argument("--keep", metavar="DIRECTORY")
    parser.add_argument("--module", action="append", default=[], metavar="NAME")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--seconds", type=int, default=_SECONDS, metavar="N")
    parser.add_argument("suite", metavar="SUITE")
    asked, options = distributions.parsed(parser, arguments)
    lines = [f"modprobe {shlex.quote(name)}" for name in asked.module]
    lines += [f"sysctl -w {shlex.quote(setting)}" for setting in asked.set]
    init = _INIT.replace("@MODULES@", "\n".join(lines))
    init = init.replace("@RUNS@", _runs(options))
    with distributions.place(asked.keep) as place:
        disk = image(asked.suite, place, init)
        return boot(disk, place / asked.suite, asked.seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
