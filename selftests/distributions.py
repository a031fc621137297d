"""Run the suite on root file systems of other releases: their Python, runtime and plugins.

python -m selftests.distributions [--keep DIRECTORY] SUITE... [-- OPTIONS OF PYTEST]

SUITE is what debootstrap(8) calls a release: bookworm, trixie, sid. Each is made, becomes the root
of a process with namespaces of its own (no container engine is needed), and runs what the README
says, with this checkout. Exit status 0 if all of them are green. A directory to keep them in saves
the making the next time.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
_PACKAGES = ("ca-certificates", "python3", "python3-pip", "python3-venv")
#: How this machine reaches package registries.
_OF_THIS_MACHINE = (
    *("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/xdg/pip"),
    *("/etc/ssl/certs/ca-certificates.crt", "/etc/apt/apt.conf.d"),
    # ca-certificates, which is installed there later, makes its bundle of these
    "/usr/local/share/ca-certificates",
)
_CHECKOUT = "root/podpath"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Run by a process that has mount, pid, uts and ipc namespaces of its own.
_ENTER = r"""
set -eu
mount --bind "$1" "$1"; cd "$1"
mount -t proc proc proc; mount -t sysfs sysfs sys
for shown in dev sys/fs/cgroup; do mount --rbind "/$shown" "$shown"; done
mount -t tmpfs tmpfs run; mount -t tmpfs tmpfs tmp
mkdir -p .old; pivot_root . .old; umount -l /.old; rmdir /.old
shift
exec "$@"
"""
_RUN = """
set -eu
apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Check-Valid-Until=false "$@"; }
apt update
apt --no-install-recommends install @PACKAGES@ </dev/null
cd /root/podpath
[ -x /root/tox/bin/tox ] || { python3 -m venv /root/tox; /root/tox/bin/pip install -q tox; }
exec /root/tox/bin/tox -q -e embedded -- @OPTIONS@
"""


def make(suite: str, directory: Path) -> None:
    """Make the root file system of a release, unless it is there. Raises CalledProcessError."""
    if (directory / "etc/debian_version").exists():
        return
    subprocess.run(
        ["debootstrap", "--variant=minbase", suite, str(directory)],
        check=True,
        stdout=sys.stderr,
    )


def furnish(directory: Path) -> None:
    """Give it this checkout, and this machine's way to package registries."""
    for path in map(Path, _OF_THIS_MACHINE):
        there = directory / path.relative_to("/")
        if path.is_dir():
            shutil.copytree(path, there, dirs_exist_ok=True)
        elif path.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            there.unlink(missing_ok=True)
            shutil.copyfile(path, there)
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    names = [name for name in map(os.fsdecode, listed) if name and (ROOT / name).is_file()]
    for top in {name.partition("/")[0] for name in names if "/" in name}:
        # of an earlier checkout, whose files may have been removed since
        shutil.rmtree(directory / _CHECKOUT / top, ignore_errors=True)
    for name in names:
        target = directory / _CHECKOUT / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)


def enter(directory: Path, command: Sequence[str]) -> "subprocess.CompletedProcess[bytes]":
    """Run a command with that root, and namespaces of its own but for the network."""
    return subprocess.run(
        [
            *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc"),
            *("sh", "-c", _ENTER, "sh", str(directory), *command),
        ],
        env={"PATH": _PATH, "HOME": "/root"},
        stdin=subprocess.DEVNULL,
        check=False,
    )


def run(directory: Path, options: Sequence[str]) -> int:
    """Run the suite there as its README says; the exit status."""
    script = _RUN.replace("@OPTIONS@", shlex.join(options))
    script = script.replace("@PACKAGES@", " ".join(_PACKAGES))
    return enter(directory, ["sh", "-c", script]).returncode


@contextmanager
def place(kept: str | None) -> Iterator[Path]:
    """Where root file systems are: a directory that is kept, or one that is not."""
    if kept:
        yield Path(kept).absolute()
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def parsed(
    parser: argparse.ArgumentParser, arguments: Sequence[str]
) -> tuple[argparse.Namespace, list[str]]:
    """Our own arguments, and those behind `--`, which are pytest's."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return parser.parse_args(arguments[:end]), list(arguments[end + 1 :])


def main(arguments: Sequence[str]) -> int:
    """Run the suite on each release."""
    parser = argparse.ArgumentParser("python -m selftests.distributions")
    parser.add_argument("--keep", metavar="DIRECTORY")
    parser.add_argument("suites", nargs="+", metavar="SUITE")
    asked, options = parsed(parser, arguments)
    results = {}
    with place(asked.keep) as there:
        for suite in asked.suites:
            make(suite, there / suite)
            furnish(there / suite)
            began = time.monotonic()
            status = run(there / suite, options)
            results[suite] = f"exit status {status}, {time.monotonic() - began:.0f} s"
            print(f"{suite}: {results[suite]}", flush=True)
    print("\n".join(f"{suite}: {result}" for suite, result in results.items()))
    return 0 if all(r.startswith("exit status 0,") for r in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
