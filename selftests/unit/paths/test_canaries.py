"""Which CPU sends a canary in which namespace, and how long they are waited for."""

import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from podpath.paths import tap
from podpath.paths.canaries import errands, handshake
from podpath.system import netns

_MANY = [(1, 1), (1, 3), (2, 3), (3, 2), (4, 4), (64, 110), (110, 64), (6, 4)]


@pytest.mark.parametrize(("cpus", "count"), _MANY)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_each_cpu_and_each_namespace_has_one(cpus: int, count: int, number: int) -> None:
    """No more of them than there are of the more frequent: the sum, and not the product, counts."""
    pairs = errands([10 * n for n in range(cpus)], count, number)

    assert {cpu for cpu, _ in pairs} == {10 * n for n in range(cpus)}
    assert {tap for _, tap in pairs} == set(range(count))
    assert len(pairs) == max(cpus, count)


def test_each_round_begins_where_the_last_one_ended() -> None:
    """To move to another CPU takes time; all canaries of a CPU are sent one after the other."""
    rounds = [[cpu for cpu, _ in errands([0, 1, 2], 7, number)] for number in range(3)]

    assert rounds[0] == sorted(rounds[0])
    assert [cpus[0] for cpus in rounds[1:]] == [cpus[-1] for cpus in rounds[:-1]]


def test_rounds_pair_others() -> None:
    assert set(errands([0, 1], 2, 0)).isdisjoint(errands([0, 1], 2, 1))


def test_nothing_to_watch() -> None:
    assert errands([0, 1], 0, 0) == []


@pytest.fixture
def namespaces() -> Iterator[list[str]]:
    """Paths of network namespaces whose lo is up."""
    script = "ip link set lo up; echo; exec sleep 60"
    command = ["unshare", "-n", "sh", "-c", script]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(5)]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        yield [f"/proc/{process.pid}/ns/net" for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _open(paths: list[str], code: bytes) -> list[tap.Tap]:
    return [
        netns.run_in(path, partial(tap.open_here, f"pod-{number}", path, code, ()))
        for number, path in enumerate(paths)
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_canaries_that_came_back_count_however_late_they_are_read(
    namespaces: list[str], limit: Callable[..., None]
) -> None:
    """On a busy machine, to send those of 250 namespaces may take all the time."""
    limit(canary=0.0)
    opened = _open(namespaces, b"")
    try:
        assert handshake(opened) == []
    finally:
        for one in opened:
            one.sniffer.close()
            one.watch.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_sniffers_that_are_behind_are_not_deaf(
    namespaces: list[str], limit: Callable[..., None]
) -> None:
    """A large transfer is read slowly on a busy machine: the canaries wait behind its frames."""
    limit(canary=0.0)
    opened = _open(namespaces, b"")
    try:
        for busy in (opened[0], opened[-1]):
            for _ in range(3000):
                busy.sniffer.sendto(bytes(12) + b"\x88\xb6" + bytes(1400), ("lo", 0x88B6))
        assert handshake(opened) == []
    finally:
        for one in opened:
            one.sniffer.close()
            one.watch.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_missing_canaries_are_one_sentence(
    namespaces: list[str], limit: Callable[..., None]
) -> None:
    """The filter keeps them out; of many namespaces, three are named."""
    limit(canary=0.1)
    opened = _open(namespaces, tap.compiled("icmp"))
    try:
        (gap,) = handshake(opened)
    finally:
        for one in opened:
            one.sniffer.close()
            one.watch.close()

    assert gap == "5 of 5 canaries did not come back in pod-0, pod-1, pod-2 and 2 more"
