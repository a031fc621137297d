"""The sniffer of one namespace: one socket for all of its interfaces, and a watch for changes.

An unbound AF_PACKET socket sees the frames of all interfaces of its namespace, including
interfaces that appear later (packet(7)). The kernel keeps the frames until they are read.
"""

import select
import socket
import struct
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from podpath.errors import CouldNotTest
from podpath.model import Direction, Sighting
from podpath.paths.dissect import dissect
from podpath.system import netns
from podpath.system.netlink.watch import Watch

CANARY_TYPE = 0x88B5  # local experimental EtherType 1 (IEEE 802)
_ETH_P_ALL = 0x0003
_SO_ATTACH_FILTER = 26
_BPF_RETURN = 0x06  # BPF_RET | BPF_K (linux/bpf_common.h)
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP, _PACKET_DROP_MEMBERSHIP = 1, 2
_PACKET_STATISTICS = 6
_PACKET_AUXDATA = 8
_AUXDATA = struct.Struct("=IIIHHHH")  # struct tpacket_auxdata (linux/if_packet.h)
_VLAN_VALID = 1 << 4  # TP_STATUS_VLAN_VALID
_MACS = 12  # bytes before a VLAN tag
#: Room for the ancillary data of a frame: its time stamp and its VLAN tag.
_ANCILLARY = 128
_PACKET_MR_PROMISC = 1
_BUFFER_BYTES = 64 * 1024 * 1024
_LARGEST_FRAME = 256 * 1024
#: Largest number of frames kept for one namespace: more than any probe causes, yet within memory.
_MOST_FRAMES = 100_000


@dataclass
class Tap:
    """The socket of one namespace, and the frames read from it so far.

    Attributes:
        namespace: Name of the namespace.
        path: Path of the namespace.
        sniffer: The socket.
        watch: Reports changes of the namespace's interfaces, addresses and routes.
        promiscuous: Names of the interfaces that are promiscuous meanwhile, and the kernel's
            request for each.
        sightings: All frames but canaries.
        canaries_sent: Marks of the canaries sent.
        canaries_seen: Marks of the canaries that came back.
        unreadable: Interface names that are not UTF-8.
        stamped: The kernel has stamped a canary on arrival, and not only when it was read.
        ready: The sniffer worked before the probe began.
        failure: Reason why the sniffer stopped working; empty if it works.
    """

    namespace: str
    path: str
    sniffer: socket.socket
    watch: Watch
    promiscuous: dict[str, bytes]
    sightings: list[Sighting] = field(default_factory=list)
    canaries_sent: set[bytes] = field(default_factory=set)
    canaries_seen: set[bytes] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    stamped: bool = False
    ready: bool = False
    failure: str = ""

    @property
    def waiting(self) -> bool:
        """Whether a canary has not come back yet."""
        return not self.canaries_sent <= self.canaries_seen

    def is_behind(self, since: int) -> bool:
        """Whether the last frame that was read, if any, is older than a time in ns."""
        return not self.sightings or self.sightings[-1].time < since

    def calm(self) -> None:
        """End the promiscuous mode of interfaces at once, and not when the socket is closed."""
        for request in self.promiscuous.values():
            try:
                self.sniffer.setsockopt(_SOL_PACKET, _PACKET_DROP_MEMBERSHIP, request)
            except OSError:
                continue  # the interface or the socket is gone, and with it the mode

    def misplaced(self) -> str:
        """Explain why the socket may be outside the namespace of its name; empty if it is not."""
        try:
            if netns.inode_of_socket(self.sniffer) == netns.inode(self.path):
                return ""
            return f"the sniffer of {self.namespace} is in another namespace"
        except (OSError, ValueError, CouldNotTest) as error:
            return f"it cannot be told where the sniffer of {self.namespace} is: {error}"


def open_here(namespace: str, path: str, code: bytes, promiscuous: Sequence[str]) -> Tap:
    """Open the socket in the namespace of this thread.

    Args:
        namespace: Name of the namespace.
        path: Path of the namespace.
        code: The filter, from compiled(); empty for all frames. Frames that arrive before the
            filter is attached are kept, too.
        promiscuous: Names of interfaces to make promiscuous meanwhile.

    Raises:
        CouldNotTest: The kernel refuses the socket.
    """
    try:
        with ExitStack() as undo:
            everything = socket.htons(_ETH_P_ALL)
            sniffer = undo.enter_context(
                socket.socket(socket.AF_PACKET, socket.SOCK_RAW, everything)
            )
            sniffer.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
            sniffer.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            sniffer.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
            if code:
                _attach(sniffer, code)
            sniffer.setblocking(False)
            requests = {name: _promiscuity(name) for name in promiscuous}
            for request in requests.values():
                sniffer.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, request)
            watch = Watch()
            undo.pop_all()
            return Tap(namespace, path, sniffer, watch, requests)
    except OSError as error:
        raise CouldNotTest(
            f"no sniffer could be opened in namespace {namespace}: {error.strerror or error}"
        ) from None


def _promiscuity(interface: str) -> bytes:
    """Build a struct packet_mreq (packet(7))."""
    return struct.pack("iHH8s", socket.if_nametoindex(interface), _PACKET_MR_PROMISC, 0, b"")


def _attach(sniffer: socket.socket, code: bytes) -> None:
    """Attach a classic BPF program."""
    import ctypes

    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HL", len(code) // 8, ctypes.addressof(buffer))
    sniffer.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


_compiled: dict[str, bytes] = {}
_compiling = threading.Lock()


def compiled(expression: str) -> bytes:
    """Compile a pcap-filter(7) to an array of struct sock_filter (linux/filter.h).

    Raises:
        CouldNotTest: libpcap is missing.
    """
    from scapy.arch.common import compile_filter
    from scapy.data import DLT_EN10MB

    with _compiling:
        if expression not in _compiled:
            try:
                program = compile_filter(expression, linktype=DLT_EN10MB)
            except ImportError:
                raise CouldNotTest(
                    "libpcap is missing", "Install it (Debian: apt-get install libpcap0.8)"
                ) from None
            _compiled[expression] = b"".join(
                struct.pack("HBBI", i.code, i.jt, i.jf, _operand(i.code, i.k))
                for i in program.bf_insns[: program.bf_len]
            )
        return _compiled[expression]


def _operand(code: int, value: int) -> int:
    """Return an instruction's operand; what keeps a frame keeps all of it, not 64 KiB."""
    if code == _BPF_RETURN and value:
        return _LARGEST_FRAME
    return value & 0xFFFFFFFF  # scapy reads it signed


def wait_for_frames(all_taps: Sequence[Tap], seconds: float) -> None:
    """Wait until one of the sockets has a frame, or the time has passed."""
    poll = select.poll()
    try:
        for tap in all_taps:
            poll.register(tap.sniffer, select.POLLIN)
        poll.poll(seconds * 1000)
    except (OSError, ValueError):
        return  # the next read reports the failure


def drain(tap: Tap, deadline: float) -> bool:
    """Read all frames that the kernel holds for this socket, or as many as the time allows.

    Frames may arrive faster than they can be read.

    Args:
        tap: The sniffer.
        deadline: When to stop, of the monotonic clock.

    Returns:
        Whether there may be more, as the time passed.
    """
    try:
        while time.monotonic() < deadline and len(tap.sightings) < _MOST_FRAMES:
            _take(tap)
    except BlockingIOError:
        return False
    except (OSError, ValueError) as error:
        tap.failure = f"the sniffer in {tap.namespace} failed: {error}"
    if len(tap.sightings) >= _MOST_FRAMES:
        tap.failure = f"the sniffer in {tap.namespace} saw more than {_MOST_FRAMES} frames"
    return not tap.failure


def _take(tap: Tap) -> None:
    """Read one frame."""
    now = time.time_ns()
    try:
        frame, ancillary, _, address = tap.sniffer.recvmsg(_LARGEST_FRAME, _ANCILLARY)
    except UnicodeDecodeError as error:
        # Python has read the frame and lost it, as it cannot decode the interface's name.
        tap.unreadable.add(repr(error.object))
        return
    interface, protocol, kind = address[:3]
    stamp = _time(ancillary)
    if protocol == CANARY_TYPE:
        # canaries of another capture in the same namespace prove nothing here
        tap.canaries_seen |= {frame[14:30]} & tap.canaries_sent
        tap.stamped |= stamp < now
        return
    frame = _with_tag(frame, ancillary)
    tap.sightings.append(
        Sighting(
            tap.namespace,
            interface,
            Direction.OUT if kind == socket.PACKET_OUTGOING else Direction.IN,
            stamp,
            dissect(frame),
            frame,
        )
    )


def _time(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("ll", data[: struct.calcsize("ll")])
            return int(seconds * 1_000_000_000 + nanoseconds)
    raise CouldNotTest("the kernel gave a frame without a time stamp")


def _with_tag(frame: bytes, ancillary: list[tuple[int, int, bytes]]) -> bytes:
    """Return a frame with the VLAN tag that the kernel keeps beside it, if it has one."""
    for level, kind, data in ancillary:
        if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
            status, *_, tag, protocol = _AUXDATA.unpack_from(data)
            if status & _VLAN_VALID:
                return frame[:_MACS] + struct.pack("!HH", protocol, tag) + frame[_MACS:]
    return frame


def counted(tap: Tap) -> tuple[tuple[int, int], list[str]]:
    """Count the frames received and dropped since the last call; with why, if it is unknown."""
    try:
        return _statistics(tap.sniffer), []
    except OSError as error:
        why = error.strerror or error
        return (0, 0), [f"what the sniffer in {tap.namespace} dropped cannot be told: {why}"]


def _statistics(sniffer: socket.socket) -> tuple[int, int]:
    """Count the frames received and dropped since the last call (PACKET_STATISTICS)."""
    received, dropped = struct.unpack("II", sniffer.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
    return received, dropped


_stamping: list[int] = []


def keep_stamping() -> None:
    """Have the kernel stamp all frames from now on until this process ends.

    It stamps them as long as any socket asks for it. Without a socket that stays, each capture
    would wait until the kernel has changed its code again (net/core/dev.c, net_enable_timestamp).
    """
    if not _stamping:
        kept = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        kept.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        _stamping.append(kept.detach())  # the end of the process closes it
