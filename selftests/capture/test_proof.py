"""What the sniffers see, and that they never say "all" when it was not all."""

import contextlib
import os
import socket
import subprocess
from collections.abc import Callable, Iterator

import pytest

from podpath.errors import CouldNotTest
from podpath.model import Direction
from podpath.paths import capture, tap
from podpath.system import netns, waiting
from selftests.suite import HANG_SECONDS


def _until_up(namespace: str, interface: str) -> None:
    """Until then its queue silently drops what is sent (net/core/link_watch.c)."""
    show = ["nsenter", f"--net={namespace}", "ip", "-brief", "link", "show", interface]
    state = waiting.until(
        lambda: subprocess.run(show, capture_output=True, text=True, check=True).stdout.split()[1],
        lambda state: state == "UP",
        HANG_SECONDS,
    )
    assert state == "UP", f"waited for {interface} to be UP, it is {state}"


@pytest.fixture
def namespace() -> Iterator[str]:
    """A network namespace with lo up and a veth pair, one, other; its path."""
    process = subprocess.Popen(
        [
            "unshare",
            "--net",
            "sh",
            "-c",
            "ip link set lo up; ip link add one type veth peer other;"
            " ip link set one up; ip link set other up; echo; exec sleep infinity",
        ],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    path = f"/proc/{process.pid}/ns/net"
    try:
        _until_up(path, "one")
        yield path
    finally:
        process.kill()
        process.communicate()


def _send(namespace: str, interface: str, frames: int = 1, size: int = 60) -> None:
    """Send frames of an EtherType for experiments out of an interface."""

    def work() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
            for number in range(frames):
                frame = bytes(12) + b"\x88\xb6" + number.to_bytes(4, "big")
                sender.sendto(frame.ljust(size, b"\0"), (interface, 0x88B6))

    netns.run_in(namespace, work)


def _ip(namespace: str, *arguments: str) -> None:
    subprocess.run(["nsenter", f"--net={namespace}", "ip", *arguments], check=True)


def test_frame_is_seen_at_both_ends_in_order(namespace: str) -> None:
    """A frame over a veth pair is seen going out of one end and then into the other."""
    with capture.armed({"here": namespace}, "ether proto 0x88b6 or ether proto 0x88b5") as running:
        _send(namespace, "one")
        seen = running.collect()

    assert seen.gaps == ()
    assert [s.place for s in seen.sightings] == [
        ("here", "one", Direction.OUT),
        ("here", "other", Direction.IN),
    ]
    assert seen.sightings[0].time <= seen.sightings[1].time


def test_interface_that_appears_meanwhile_is_seen(namespace: str) -> None:
    """Interfaces are discovered: one that comes after the start is watched as well."""
    with capture.armed({"here": namespace}) as running:
        _ip(namespace, "link", "add", "late", "type", "veth", "peer", "later")
        _ip(namespace, "link", "set", "late", "up")
        _ip(namespace, "link", "set", "later", "up")
        _until_up(namespace, "late")
        _send(namespace, "late")
        seen = running.collect()

    marked = [s for s in seen.sightings if s.packet.kind == 0x88B6]
    assert {s.interface for s in marked} == {"late", "later"}


def test_interface_that_vanished_is_not_forgotten(namespace: str) -> None:
    """What crossed an interface is told even if the interface is gone when it is read."""
    with capture.armed({"here": namespace}) as running:
        _send(namespace, "one")
        _ip(namespace, "link", "delete", "one")
        seen = running.collect()

    marked = [s for s in seen.sightings if s.packet.kind == 0x88B6]
    assert [s.interface for s in marked] == ["", ""]


def test_kernel_filter_keeps_unrelated_frames_out(namespace: str) -> None:
    """A flood of other frames neither reaches us nor makes the socket drop any."""
    with capture.armed({"here": namespace}, "icmp or ether proto 0x88b5") as running:
        _send(namespace, "one", frames=50_000)
        seen = running.collect()

    assert seen.gaps == ()
    assert seen.sightings == ()


def test_dropped_frames_are_a_gap(
    namespace: str, monkeypatch: pytest.MonkeyPatch, limit: Callable[..., None]
) -> None:
    """Frames that the socket had no room for make the observation inconclusive."""
    monkeypatch.setattr(tap, "_BUFFER_BYTES", 16 * 1024)
    limit(canary=0.5)
    with capture.armed({"here": namespace}) as running:
        _send(namespace, "one", frames=2000, size=1400)
        seen = running.collect()

    assert any("dropped" in gap for gap in seen.gaps)


def test_interface_whose_name_is_no_text_is_a_gap(namespace: str) -> None:
    """A name may be any bytes; Python reads frames of such an interface, and loses them."""
    with capture.armed({"here": namespace}) as running:
        _ip(namespace, "link", "add", "x\udcff", "type", "veth", "peer", "late")
        _ip(namespace, "link", "set", "x\udcff", "up")
        _ip(namespace, "link", "set", "late", "up")
        _send(namespace, "late")
        seen = running.collect()

    assert r"the name of an interface in here is not UTF-8: b'x\xff'" in seen.gaps


def test_sniffer_cannot_start_without_lo(namespace: str) -> None:
    """Where no canary can be sent, nothing can be proven, and that is said."""
    _ip(namespace, "link", "set", "lo", "down")

    with pytest.raises(CouldNotTest, match="over lo in here"), capture.armed({"here": namespace}):
        pass


def test_lo_that_goes_down_meanwhile_is_a_gap(namespace: str) -> None:
    """Canaries that cannot be sent after the probe make the observation inconclusive."""
    with capture.armed({"here": namespace}) as running:
        _ip(namespace, "link", "set", "lo", "down")
        seen = running.collect()

    assert any("canary" in gap for gap in seen.gaps)


def test_canaries_that_are_lost_are_a_gap(
    namespace: str, monkeypatch: pytest.MonkeyPatch, limit: Callable[..., None]
) -> None:
    """Canaries that do not come back make the observation inconclusive."""
    limit(canary=0.2)
    with capture.armed({"here": namespace}) as running:
        _ip(namespace, "link", "set", "lo", "mtu", "68")  # as good as any other change
        monkeypatch.setattr(tap, "drain", lambda *_: None)
        seen = running.collect()

    assert any("did not come back" in gap for gap in seen.gaps)


def test_clock_step_is_a_gap(namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stamps across a step of the clock are no order, and that is said."""
    with capture.armed({"here": namespace}) as running:
        real = capture.clock_offset
        monkeypatch.setattr(capture, "clock_offset", lambda: real() + 2_000_000_000)
        seen = running.collect()

    assert any("clock was stepped" in gap for gap in seen.gaps)


def test_namespace_that_cannot_be_entered_is_said() -> None:
    """A path that is no namespace."""
    with pytest.raises(CouldNotTest, match="/no/such could not be entered"):
        netns.run_in("/no/such", os.getpid)


def test_no_thread_stays_in_the_namespace(namespace: str) -> None:
    """After work in a namespace, even if it fails, this process is where it was."""
    before = os.readlink("/proc/thread-self/ns/net")

    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        netns.run_in(namespace, fail)

    assert os.readlink("/proc/thread-self/ns/net") == before
    # a thread that has ended for Python has a moment yet to live for the kernel
    there = os.readlink(namespace)
    places = waiting.until(_namespaces_of_threads, lambda found: there not in found, HANG_SECONDS)
    assert there not in places


def _namespaces_of_threads() -> set[str]:
    found = set()
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/self/task/{thread}/ns/net"))
    return found
