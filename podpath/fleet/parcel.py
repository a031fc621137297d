"""The report of a node as lines of a container's log, and back.

A Job has no other way out that needs no rights and no storage: the API server gives the log of
each pod. The report's directory becomes a compressed archive, in lines of base64 that are numbered,
so that a log that was cut short is recognised; the last line has the archive's checksum.
"""

import base64
import hashlib
import io
import lzma
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from podpath.errors import CouldNotTest

#: Characters of base64 in a line. The container runtime splits lines of more than 16 KiB.
_LINE = 8000
#: Most bytes of an unpacked report, with its captures.
_MOST = 512 * 1024 * 1024
_PART = re.compile(r"podpath-part (\d+)/(\d+) ([A-Za-z0-9+/=]+)")
_END = re.compile(r"podpath-end (\d+) (sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a node sent.

    Attributes:
        files: path in the report's directory -> content.
        status: exit status of the run.
        log: other lines of the log.
    """

    files: Mapping[str, bytes]
    status: int
    log: tuple[str, ...]


def pack(files: Mapping[str, bytes], status: int) -> Iterator[str]:
    """Yield the lines for the files of a report's directory.

    Args:
        files: path in the directory -> content.
        status: exit status of the run.
    """
    archive = _archive(files)
    text = base64.b64encode(archive).decode()
    parts = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    for number, part in enumerate(parts, start=1):
        yield f"podpath-part {number}/{len(parts)} {part}"
    yield f"podpath-end {status} {_checksum(archive)}"


def unpack(lines: Iterable[str]) -> Parcel:
    """Read the lines of a log.

    Raises:
        CouldNotTest: the log has no whole report, or one that was changed on its way.
    """
    parts: dict[int, str] = {}
    total, end, log = 0, None, []
    for line in lines:
        if part := _PART.fullmatch(line):
            parts[int(part[1])], total = part[3], int(part[2])
        elif match := _END.fullmatch(line):
            end = match
        else:
            log.append(line)
    if end is None:
        last = "\n".join(log[-20:]).strip() or "(empty)"
        raise CouldNotTest(f"its log ends before the report; the last lines are:\n{last}")
    if missing := [n for n in range(1, total + 1) if n not in parts]:
        raise CouldNotTest(
            f"its report came back in part: {len(missing)} of {total} lines of the log are missing",
            "Raise containerLogMaxSize of the kubelet: it rotated the log of the Job's pod",
        )
    archive = base64.b64decode("".join(parts[n] for n in sorted(parts)))
    if _checksum(archive) != end[2]:
        raise CouldNotTest("its report was changed on its way: the checksum is another one")
    return Parcel(_files(archive), int(end[1]), tuple(log))


def _checksum(archive: bytes) -> str:
    return f"sha256:{hashlib.sha256(archive).hexdigest()}"


def _archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _files(archive: bytes) -> dict[str, bytes]:
    """Unpack an archive in memory. A node is not trusted: no path leaves the directory."""
    files, size = {}, 0
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:xz") as opened:
            for entry in opened:
                content = opened.extractfile(entry) if entry.isfile() else None
                size += entry.size
                if content is None or not _inside(entry.name) or size > _MOST:
                    raise CouldNotTest(f"its report has a file that it may not: {entry.name[:80]}")
                files[entry.name] = content.read()
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise CouldNotTest(f"its report cannot be unpacked: {error}") from None
    return files


def _inside(name: str) -> bool:
    """Return whether a path is a plain one within a directory."""
    return all(part not in ("", ".", "..") for part in name.split("/")) and "\0" not in name
