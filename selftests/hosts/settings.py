"""Settings of this host, for the length of a block."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path("/proc/sys/net")


def exist(names: Mapping[str, int]) -> bool:
    """Whether this kernel has all of them."""
    return all((_ROOT / name).exists() for name in names)


@contextmanager
def changed(values: Mapping[str, int]) -> Iterator[None]:
    """Set what is below /proc/sys/net, such as ipv4/ip_forward, and set it back."""
    before: dict[str, str] = {}
    try:
        for name, value in values.items():
            before[name] = (_ROOT / name).read_text()
            (_ROOT / name).write_text(str(value))
        yield
    finally:
        for name, text in reversed(before.items()):
            (_ROOT / name).write_text(text)


def is_on(name: str) -> bool:
    """Whether it is set to anything but 0."""
    return (_ROOT / name).read_text().strip() != "0"


def turn_on(name: str) -> None:
    """Set it to 1, within a block that sets it back."""
    (_ROOT / name).write_text("1")


@contextmanager
def forwarding_dropped() -> Iterator[None]:
    """A rule as a Docker engine's policy: this host forwards nothing that is not allowed."""
    table = "inet podpath-selftest"
    rule = "type filter hook forward priority 0; policy drop;"
    subprocess.run(["nft", f"add table {table}"], check=True)
    try:
        subprocess.run(["nft", f"add chain {table} forward {{ {rule} }}"], check=True)
        yield
    finally:
        subprocess.run(["nft", f"delete table {table}"], check=True)


def of_ipv4(**values: int) -> dict[str, int]:
    """Settings of all links and of new ones."""
    return {f"ipv4/conf/{s}/{name}": v for name, v in values.items() for s in ("all", "default")}


def of_ipv6(**values: int) -> dict[str, int]:
    """The same of IPv6, which new namespaces copy only if they are told to."""
    copied = {"core/devconf_inherit_init_net": 1}
    links = ("all", "default")
    return copied | {f"ipv6/conf/{s}/{name}": v for name, v in values.items() for s in links}
