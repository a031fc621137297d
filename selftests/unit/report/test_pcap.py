"""Captures as pcapng: what is written is what scapy reads."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podpath.errors import CouldNotTest
from podpath.model import Direction, Sighting
from podpath.paths.dissect import dissect
from podpath.report import pcap

_TIME = 1_790_000_000_123_456_789


def sighting(frame: bytes, interface: str, direction: Direction, later: int) -> Sighting:
    return Sighting("client", interface, direction, _TIME + later, dissect(frame), frame)


@given(
    st.lists(
        st.builds(
            sighting,
            st.binary(max_size=100),
            st.sampled_from(["eth0", "lo", ""]),
            st.sampled_from(Direction),
            st.integers(0, 2**40),
        )
    )
)
def test_any_frames_are_read_again(sightings: list[Sighting]) -> None:
    """With their interfaces, directions and times, which are of nanoseconds."""
    from scapy.utils import RawPcapNgReader

    written = io.BytesIO(b"".join(pcap.blocks(sightings)))
    read = [
        (frame, about.ifname, about.direction, (about.tshigh << 32) + about.tslow)
        for frame, about in RawPcapNgReader(written)
    ]

    assert read == [
        (
            s.frame,
            f"client/{s.interface or '?'}".encode(),
            1 + (s.direction is Direction.OUT),
            s.time,
        )
        for s in sightings
    ]


def test_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "captures").touch()

    with pytest.raises(CouldNotTest, match="cannot be written: "):
        pcap.write(tmp_path / "captures" / "test.pcapng", [])
