"""The filter of a sniffer."""

import struct

from podpath.paths import tap

_RETURN = 0x06


def test_filter_keeps_the_whole_of_large_frames() -> None:
    """A segment may have more than 64 KiB ("BIG TCP"), the most that libpcap keeps by default."""
    instructions = struct.iter_unpack("HBBI", tap.compiled("tcp port 80"))

    assert {k for code, _, _, k in instructions if code == _RETURN} == {0, 256 * 1024}
