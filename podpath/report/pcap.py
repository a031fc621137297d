"""Write captures as pcapng files, with one named interface per (namespace, interface).

Format: IETF draft-ietf-opsawg-pcapng. scapy has a writer, too, but reads each frame before it
writes it, which takes longer than all else of a failure, and fails for the shortest frames.
"""

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.model import Direction, Sighting

#: Types of blocks (section 11.1).
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER, _VERSION, _LENGTH_UNKNOWN = 0x1A2B3C4D, (1, 0), -1
_ETHERNET = 1  # LINKTYPE_ETHERNET
#: Options: the interface's name, the unit of its time stamps, and the flags of a packet.
_NAME, _TIME_UNIT, _FLAGS = 2, 9, 2
_NANOSECONDS = b"\x09"  # 10 to the power of -9 seconds
_DIRECTIONS = {Direction.IN: 1, Direction.OUT: 2}  # section 4.3.1, epb_flags


def write(path: Path, sightings: Iterable[Sighting]) -> None:
    """Write sightings, which are in order of time, to a pcapng file.

    Raises:
        CouldNotTest: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(blocks(sightings))
    except OSError as error:
        raise CouldNotTest(
            f"the capture {path} cannot be written: {error.strerror}",
            "Name a writable directory with --podpath-report",
        ) from None


def blocks(sightings: Iterable[Sighting]) -> Iterator[bytes]:
    """Yield the blocks of a capture: its header, and interfaces before their first frames. Pure."""
    yield _block(_SECTION, struct.pack("=IHHq", _BYTE_ORDER, *_VERSION, _LENGTH_UNKNOWN))
    numbers: dict[str, int] = {}
    for sighting in sightings:
        name = f"{sighting.namespace}/{sighting.interface or '?'}"
        if name not in numbers:
            numbers[name] = len(numbers)
            yield _block(
                _INTERFACE,
                struct.pack("=HHI", _ETHERNET, 0, 0),
                _option(_NAME, name.encode(errors="replace")),
                _option(_TIME_UNIT, _NANOSECONDS),
                _option(0, b""),
            )
        frame = sighting.frame
        high, low = divmod(sighting.time, 1 << 32)
        yield _block(
            _PACKET,
            struct.pack("=IIIII", numbers[name], high, low, len(frame), len(frame)),
            _padded(frame),
            _option(_FLAGS, struct.pack("=I", _DIRECTIONS[sighting.direction])),
            _option(0, b""),
        )


def _block(kind: int, *parts: bytes) -> bytes:
    """Return a block: its length, in bytes, is at its beginning and at its end."""
    body = b"".join(parts)
    length = len(body) + 12
    return struct.pack("=II", kind, length) + body + struct.pack("=I", length)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("=HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
