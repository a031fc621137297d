"""Write captures as pcapng files, with one named interface per (namespace, interface)."""

from collections.abc import Iterable
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.model import Direction, Sighting

_DIRECTIONS = {Direction.IN: 1, Direction.OUT: 2}  # pcapng, section 4.3.1, epb_flags


def write(path: Path, sightings: Iterable[Sighting]) -> None:
    """Write sightings, which are in order of time, to a pcapng file.

    Raises:
        CouldNotTest: the file cannot be written.
    """
    from scapy.data import DLT_EN10MB
    from scapy.layers.l2 import Ether
    from scapy.utils import PcapNgWriter

    class Writer(PcapNgWriter):  # type: ignore[misc]
        """Writer of scapy, without the nameless interface 0 with which it would begin."""

        def _write_header(self, pkt: object) -> None:  # noqa: ARG002
            if not getattr(self, "header_present", False):
                self.header_present = True
                self.linktype = DLT_EN10MB
                self.interfaces2id = {None: -1}
                self._write_block_shb()

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with Writer(str(path)) as writer:
            for sighting in sightings:
                packet = Ether(sighting.frame)
                packet.time = sighting.time / 1e9
                packet.direction = _DIRECTIONS[sighting.direction]
                packet.sniffed_on = f"{sighting.namespace}/{sighting.interface or '?'}"
                writer.write(packet)
    except OSError as error:
        raise CouldNotTest(
            f"the capture {path} cannot be written: {error.strerror}",
            "Name a writable directory with --podpath-report",
        ) from None
