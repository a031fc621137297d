"""The host's inventory: all that a run of podpath could leave there."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from podpath.system import waiting

_DIRECTORIES = ("/run", "/var/lib/cni", "/etc/cni", "/var/lib/containerd", "/dev/shm")
_NAMESPACES = ("net", "mnt", "pid", "uts", "ipc", "cgroup")
#: How long what ends is given to be gone.
_SETTLE_SECONDS = 60.0
_RULES = (("nft", "--stateless", "list", "ruleset"), ("iptables-legacy-save",))

Inventory = dict[str, frozenset[str]]


def read(ignored: Path) -> Inventory:
    """What there is on the host now, by kind; `ignored` is the tests' own directory."""
    return {
        "namespaces": _namespaces(),
        "links": frozenset(os.listdir("/sys/class/net")),
        "mounts": frozenset(_lines(Path("/proc/self/mountinfo").read_text())),
        "cgroups": frozenset(_cgroups()),
        "processes": frozenset(_processes()),
        "files": frozenset(_files(ignored)),
        "rules": frozenset(line for command in _RULES for line in _output(command)),
    }


def new_since(before: Inventory, ignored: Path) -> dict[str, set[str]]:
    """What is there that was not, by kind, once that has settled."""

    def look() -> dict[str, set[str]]:
        now = read(ignored)
        return {kind: set(now[kind] - before[kind]) for kind in now if now[kind] - before[kind]}

    return waiting.until(look, lambda more: not more, _SETTLE_SECONDS)


def _cgroups() -> Iterable[str]:
    # They go while we look, which os.walk takes for nothing.
    for directory, names, _ in os.walk("/sys/fs/cgroup"):
        yield from (f"{directory}/{name}" for name in names if name.startswith("podpath"))


def _processes() -> Iterable[str]:
    """Processes that are podpath's or a node's, as pid and command line."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if any(
            word in command
            for word in ("containerd", "podpath.nodes", "selftests.repeat", "httpd -f", "/bin/nc")
        ):
            yield f"{process.name} {command}"


def _namespaces() -> frozenset[str]:
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        for kind in _NAMESPACES:
            try:
                found.add(os.readlink(process / "ns" / kind))
            except OSError:
                continue
    return frozenset(found)


def _files(ignored: Path) -> Iterable[str]:
    # Of /tmp only what is new in itself: whatever is in there before has an owner who uses it.
    yield from (f"/tmp/{name}" for name in os.listdir("/tmp"))
    for top in _DIRECTORIES:
        for directory, names, files in os.walk(top):
            inside = Path(directory)
            if inside == ignored or ignored in inside.parents:
                names.clear()
                continue
            yield from (os.path.join(directory, name) for name in (*names, *files))


def _output(command: tuple[str, ...]) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line for line in _lines(done.stdout) if not line.startswith("#")]


def _lines(text: str) -> list[str]:
    return text.splitlines()
