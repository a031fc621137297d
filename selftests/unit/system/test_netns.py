"""Work in network namespaces."""

import os
from pathlib import Path

import pytest

from podpath.errors import CouldNotTest
from podpath.system import netns

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="enters network namespaces")


def _own() -> str:
    return os.readlink("/proc/thread-self/ns/net")


def test_one_thread_visits_all_in_order() -> None:
    here = "/proc/self/ns/net"

    def visit() -> list[str]:
        new = (
            f"/proc/{os.getpid()}/task/{os.path.basename(os.readlink('/proc/thread-self'))}/ns/net"
        )
        return netns.run_in_each([here, new, here], _own)

    first, second, third = netns.run_in_new(here, visit)

    assert first == third == _own() != second


def test_work_ends_where_a_namespace_cannot_be_entered(tmp_path: Path) -> None:
    """What was done until then is the work's own affair."""
    done: list[str] = []

    with pytest.raises(CouldNotTest, match="could not be entered"):
        netns.run_in_each(
            ["/proc/self/ns/net", str(tmp_path), "/proc/self/ns/net"],
            lambda: done.append(_own()),
        )

    assert len(done) == 1


def test_no_namespace_is_no_work() -> None:
    assert netns.run_in_each([], _own) == []
