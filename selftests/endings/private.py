"""A place of its own on a machine that others use: there the host's inventory is nobody else's.

It has its own mounts, network, processes and cgroups. All of them end with the program.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from podpath.nodes.embedded import cgroups
from podpath.system import linux, randomness
from selftests.suite import ROOT

#: Seconds until the kernel has removed what the last processes had.
_REMOVAL = 30.0
#: Shell: directories that the inventory has are empty at first. The shell stays, as process 1: it
#: waits for all that lose their parent, as a host's does.
_SET_UP = r"""
set -e
mount --make-rprivate /
for d in /run /tmp /dev/shm /etc/cni /var/lib/cni /var/lib/containerd; do
  [ ! -d $d ] || mount -t tmpfs -o mode=1777 none $d
done
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=0755 none /sys/fs/cgroup
while IFS=: read -r _ controllers _; do
  case "$controllers" in
  "") name=unified; mkdir /sys/fs/cgroup/$name; mount -t cgroup2 none /sys/fs/cgroup/$name;;
  *) name=${controllers#name=}; mkdir /sys/fs/cgroup/$name
     mount -t cgroup -o "$controllers" none /sys/fs/cgroup/$name;;
  esac
done </proc/self/cgroup
ip link set lo up
set +e
"$@"
exit $?
"""
_UNSHARE = (
    *("unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup"),
    *("--mount-proc", "--fork", "--kill-child", "sh", "-c", _SET_UP, "sh"),
)


def run(module: str, arguments: Sequence[str]) -> int:
    """Run a module of the self-tests in a place of its own; return its exit status."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    groups = cgroups.create(f"private-{randomness.unique(4).hex()}")

    def enter() -> None:
        linux.die_with_parent()
        cgroups.join(groups)

    try:
        with subprocess.Popen(
            [*_UNSHARE, sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "TMPDIR"},
            preexec_fn=enter,  # noqa: PLW1509 - no thread runs here
        ) as process:
            try:
                return process.wait()
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
    finally:
        cgroups.remove(groups, _REMOVAL)
