"""Origin of a plugin: its package and code, as far as the system and the file know them."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from podpath.cni import code
from podpath.cni.code import Code, Origin
from podpath.nodes.cluster import host
from podpath.system import gobuild, programs

_SCRIPT = b"#!"
_MOST_SCRIPT = 2**16
_PATH = re.compile(r"/[\w.+/-]+")
#: Reference plugins that other plugins call for addresses alone.
_IPAM = ("host-local", "static", "dhcp")


def of(path: str) -> Origin:
    """Return the origin of a file, without running it.

    A script has the code of each plugin whose path it contains: it calls them. An IPAM plugin that
    it calls gives it addresses, and no other behaviour, unless the script stands in its place.

    Raises:
        OSError: the file cannot be read.
    """
    status = os.stat(path)
    return _origin(path, (status.st_ino, status.st_mtime_ns))


@cache
def _origin(path: str, _: tuple[int, int]) -> Origin:
    """Return the origin from a cache, as dpkg is slow. Inode and mtime distinguish files."""
    package = _package(path)
    codes = tuple(dict.fromkeys(c for file in (path, *_called(path)) for c in _codes(file)))
    return Origin(package, programs.checksum(path)[:16], codes, is_script=_is_script(path))


def _package(path: str) -> str:
    """Return the Debian package and version of a file; empty if none has it."""
    if not _has_dpkg():
        return ""
    # a file of the host belongs to a package of the host
    name = path.removeprefix(str(host.ROOT))
    known = f"--admindir={str(host.ROOT) if name != path else ''}/var/lib/dpkg"
    package = _owners(known, os.path.dirname(name)).get(name, "")
    if not package:
        return ""
    version = programs.first_line("dpkg-query", known, "--show", "--showformat=${Version}", package)
    return f"{package} {version}"


@cache
def _owners(known: str, directory: str) -> dict[str, str]:
    """Return the packages of all files below a directory: path -> package.

    dpkg-query reads the lists of all packages each time, so that one question for all plugins takes
    as long as one for each.
    """
    command = ("dpkg-query", known, "--search", f"{directory}/*")
    return dict(owned(programs.lines(*command)))


def owned(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield path and package of each line of `dpkg-query --search`. Pure.

    A line is "PACKAGE: PATH", with several packages separated by commas, and with an architecture
    behind a colon where several are installed. Others are about diversions.
    """
    for line in lines:
        packages, _, path = line.partition(": ")
        if path and "diversion " not in packages:
            yield path, packages.split(",")[0].partition(":")[0]


def _codes(path: str) -> tuple[Code, ...]:
    build = gobuild.read(path, code.SKEL_FUNCTIONS)
    return code.of(build, os.path.basename(path), _package(path)) if build else ()


def _is_script(path: str) -> bool:
    with Path(path).open("rb") as file:
        return file.read(len(_SCRIPT)) == _SCRIPT


def _called(path: str) -> Iterator[str]:
    """Yield the programs whose absolute paths a script contains, and whose behaviour it has."""
    if not _is_script(path):
        return
    with Path(path).open("rb") as file:
        text = file.read(_MOST_SCRIPT)
    for name in dict.fromkeys(_PATH.findall(text.decode(errors="replace"))):
        gives_addresses = os.path.basename(name) in _IPAM and not _has_name(path, name)
        if name != path and _is_readable(name) and not gives_addresses:
            yield name


def _is_readable(path: str) -> bool:
    """Return whether a script's word names a file that can be read, unlike some of /proc."""
    try:
        if not os.path.isfile(path):
            return False
        with Path(path).open("rb") as file:
            file.read(1)
    except OSError:
        return False
    return True


def _has_name(path: str, called: str) -> bool:
    return os.path.basename(path) == os.path.basename(called)


def _has_dpkg() -> bool:
    return shutil.which("dpkg-query") is not None
