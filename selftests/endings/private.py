"""A place of its own on a machine that others use: there the host's inventory is nobody else's.

    python -m selftests.endings.private pytest selftests/endings

runs a module of Python there, which needs no turn on the machine. The place has its own mounts,
network, processes and cgroups. All of them end with the program.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from podpath.nodes.embedded import cgroups
from podpath.system import linux, randomness
from selftests.suite import ROOT

#: Seconds until the kernel has removed what the last processes had.
_REMOVAL = 30.0
#: Variable of the environment that a program of such a place has.
_WITHIN = "PODPATH_SELFTESTS_PRIVATE"
#: Directories that the inventory has: they are empty at first.
_EMPTY = ("/run", "/tmp", "/dev/shm", "/etc/cni", "/var/lib/cni", "/var/lib/containerd")
#: Shell: $EMPTY are those directories, $KEPT has a line for each one below that stays visible. The
#: mounts are shared, as a host's are, so that one that a node passes on to its host is seen. The
#: shell stays, as process 1: it waits for all that lose their parent, as a host's does.
_SET_UP = r"""
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=0755 none /mnt
number=0
printf %s "$KEPT" | while read -r d; do
  number=$((number + 1)); mkdir /mnt/$number; mount --bind "$d" /mnt/$number
done
for d in $EMPTY; do
  [ ! -d $d ] || mount -t tmpfs -o mode=1777 none $d
done
number=0
printf %s "$KEPT" | while read -r d; do
  number=$((number + 1)); mkdir -p "$d"; mount --bind /mnt/$number "$d"; umount /mnt/$number
done
umount /mnt
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
mount --make-rshared /
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
    kept = "".join(f"{directory}\n" for directory in _hidden((ROOT, *_of_python())))
    groups = cgroups.create(f"private-{randomness.unique(4).hex()}")

    def enter() -> None:
        linux.die_with_parent()
        cgroups.join(groups)

    try:
        with subprocess.Popen(
            [*_UNSHARE, sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**_environment(), "EMPTY": " ".join(_EMPTY), "KEPT": kept, _WITHIN: "1"},
            preexec_fn=enter,  # noqa: PLW1509 - no thread runs here
        ) as process:
            try:
                return process.wait()
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
    finally:
        cgroups.remove(groups, _REMOVAL)


def is_here() -> bool:
    """Return whether this process runs in a place of its own."""
    return _WITHIN in os.environ


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "TMPDIR"}


def _of_python() -> Iterator[Path]:
    """Yield the directories of this Python, and of its virtual environment."""
    yield from (Path(prefix) for prefix in dict.fromkeys((sys.base_prefix, sys.prefix)))


def _hidden(directories: Iterable[Path]) -> list[Path]:
    """List those of the directories that would be hidden, as they are below an empty one. Pure."""
    return [d for d in directories if any(d.is_relative_to(empty) for empty in _EMPTY)]


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        prog="python -m selftests.endings.private",
        description="Run a module of Python in a place of its own.",
    )
    parser.add_argument("module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    return run(given.module, given.arguments)


if __name__ == "__main__":
    sys.exit(main())
