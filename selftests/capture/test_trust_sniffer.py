"""No verdict rests on a sniffer that is deaf, late, elsewhere or full, or on a clock that jumps."""

import errno
import os
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from podpath.errors import CouldNotTest, Inconclusive
from podpath.model import PodNetwork
from podpath.nodes.base import Node
from podpath.nodes.deployment import BYSTANDER, CLIENT, SERVER
from podpath.paths import capture, tap
from podpath.paths.capture import Capture
from podpath.paths.observe import Observer
from podpath.paths.tap import Tap
from podpath.paths.traffic import Traffic, Traffics
from podpath.system import netns
from podpath.system.netlink import questions
from podpath.system.netlink.message import Message
from podpath.system.netlink.questions import Question
from podpath.topology import reading
from selftests.capture.disturb import Disturb, then

pytestmark = [pytest.mark.xdist_group("one-node"), pytest.mark.usefixtures("impatient")]


def _tap(captures: list[Capture], namespace: str) -> Tap:
    return next(one for one in captures[-1]._taps if one.namespace == namespace)


def test_undisturbed_ping_conforms(observer: Observer, ping: Traffic) -> None:
    """What the disturbances are compared with."""
    assert observer.observe(ping).differences == []


def _close(tap: Tap) -> None:
    tap.sniffer.close()


def _become_a_file(tap: Tap) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, tap.sniffer.fileno())
    os.close(nowhere)


@pytest.mark.parametrize("end", [_close, _become_a_file])
@pytest.mark.parametrize("namespace", ["node", SERVER])
def test_sniffer_that_died_half_way(
    observer: Observer,
    ping: Traffic,
    captures: list[Capture],
    end: Callable[[Tap], None],
    namespace: str,
) -> None:
    with pytest.raises(Inconclusive, match=rf"the sniffer in {namespace} failed: "):
        observer.observe(then(ping, lambda: end(_tap(captures, namespace))))


def test_sniffer_whose_reading_fails(
    observer: Observer, ping: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Tap) -> None:
        raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))

    with pytest.raises(Inconclusive, match=r"the sniffer in node failed: .*Network is down"):
        observer.observe(then(ping, lambda: monkeypatch.setattr(tap, "_take", fail)))


@pytest.mark.parametrize("protocol", ["ping", "http", "udp"])
def test_sniffers_that_all_started_after_the_traffic(
    observer: Observer, traffic: Traffics, protocol: str
) -> None:
    sent = getattr(traffic, protocol)(CLIENT, SERVER)
    result = sent.send()

    with pytest.raises(Inconclusive, match="no packet of its was seen on any interface"):
        observer.observe(replace(sent, send=lambda: result))


def test_one_sniffer_that_started_after_the_traffic(
    observer: Observer, ping: Traffic, captures: list[Capture]
) -> None:
    def restart() -> None:
        old = _tap(captures, SERVER)
        code = tap.compiled(ping.probe.filter)
        new = netns.run_in(old.path, lambda: tap.open_here(SERVER, old.path, code, ()))
        taps = captures[-1]._taps
        taps[taps.index(old)] = new
        old.sniffer.close()
        old.watch.close()

    with pytest.raises(Inconclusive, match="sniffer in server was not up when the traffic began"):
        observer.observe(then(ping, restart))


def test_sniffer_in_another_namespace_than_it_says(
    observer: Observer, ping: Traffic, disturb: Disturb, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, other = disturb.namespace(SERVER), disturb.namespace(BYSTANDER)
    real = netns._enter
    monkeypatch.setattr(netns, "_enter", lambda path: real(other if path == server else path))

    with pytest.raises(CouldNotTest, match="the sniffer of server is in another namespace"):
        observer.observe(ping)


def test_socket_buffer_that_overflowed(
    observer: Observer, traffic: Traffics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tap, "_BUFFER_BYTES", 64 * 1024)

    with pytest.raises(Inconclusive, match=r"the sniffer in node dropped \d+ frames"):
        observer.observe(traffic.http(CLIENT, SERVER, size=4 << 20))


def test_drop_counter_that_cannot_be_read(
    observer: Observer, ping: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> tuple[int, int]:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    with pytest.raises(Inconclusive, match="dropped cannot be told: Operation not permitted"):
        observer.observe(then(ping, lambda: monkeypatch.setattr(tap, "_statistics", fail)))


def test_more_frames_than_are_kept(
    observer: Observer, traffic: Traffics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tap, "_MOST_FRAMES", 20)

    with pytest.raises(Inconclusive, match="the sniffer in node saw more than 20 frames"):
        observer.observe(traffic.ping(CLIENT, SERVER, count=20))


def test_filter_that_keeps_the_canaries_out(
    observer: Observer, ping: Traffic, limit: Callable[..., None]
) -> None:
    limit(canary=0.1)

    with pytest.raises(CouldNotTest, match="canaries did not come back in node"):
        observer.observe(ping, expression="icmp")


def test_clock_that_was_stepped(
    observer: Observer, ping: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = capture.clock_offset
    later = lambda: real() + 2_000_000_000  # noqa: E731

    with pytest.raises(Inconclusive, match="the clock was stepped by 2000 ms"):
        observer.observe(then(ping, lambda: monkeypatch.setattr(capture, "clock_offset", later)))


def test_clock_that_was_stepped_and_back(
    observer: Observer, ping: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after it is the same; the frames between have time stamps of another time."""
    real = tap._time
    earlier = lambda ancillary: real(ancillary) - 3_600_000_000_000  # noqa: E731

    with pytest.raises(Inconclusive, match=r"the clock was stepped, and back: .* time stamps"):
        observer.observe(then(ping, lambda: monkeypatch.setattr(tap, "_time", earlier)))


def test_kernel_that_does_not_stamp_frames(
    observer: Observer,
    ping: Traffic,
    monkeypatch: pytest.MonkeyPatch,
    limit: Callable[..., None],
) -> None:
    limit(canary=1.0)
    monkeypatch.setattr(tap, "_time", lambda _: time.time_ns())

    with pytest.raises(CouldNotTest, match="does not stamp frames when they arrive"):
        observer.observe(ping)


def test_file_that_is_no_namespace(observer: Observer, ping: Traffic, node: Node) -> None:
    """No packet passes there."""
    stray = node.root("/run/netns/stray")
    stray.touch()
    try:
        assert observer.observe(ping).differences == []
    finally:
        stray.unlink()


def test_namespace_that_is_gone_when_it_is_entered(
    observer: Observer, ping: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = observer._namespaces()
    monkeypatch.setattr(observer, "_namespaces", lambda: {**real, "gone": "/run/netns/gone"})

    with pytest.raises(CouldNotTest, match="/run/netns/gone could not be entered: No such file"):
        observer.observe(ping)


def test_namespace_that_vanishes_while_the_topology_is_read(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pod's own is missed; another one, as on a node that others use, is left out."""
    monkeypatch.setattr(netns, "inode", lambda _: 1)
    pod, named = PodNetwork("pod", "gone", (), "sandbox"), {"gone": "/run/netns/gone"}

    with pytest.raises(CouldNotTest, match=r"did not tell of the namespace at .*: .*gone"):
        reading.read(node.network_namespace(), named, [pod])
    assert reading.read(node.network_namespace(), named, []).named == {}


def test_kernel_that_refuses_netlink(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unknown(Message):
        NEW = 9996  # the kernel has no such table, so it refuses a question about it

    for name in ("LINKS", "NEIGHBOURS"):
        monkeypatch.setattr(questions, name, Question(Unknown, bytes(16)))

    with pytest.raises(CouldNotTest, match="did not tell of the namespace"):
        reading.read(node.network_namespace(), {}, [])
    with pytest.raises(CouldNotTest, match="did not tell of the namespace"):
        reading.forget_neighbours(node.network_namespace())
