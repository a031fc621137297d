"""Files of the node itself that the first ADDs wrote."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from podpath.nodes import own_files, state_files
from podpath.nodes.base import Node


def _node(tmp_path: Path, *written: str) -> Node:
    """A node of podpath's own with files that were written since it started."""
    for path in written:
        (tmp_path / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path[1:]).write_text(path)
    fields: dict[str, Any] = {"shared": False, "pid": 1, "written": lambda: written}
    fields["root"] = lambda path: tmp_path / path[1:]
    fields["read"] = lambda path: (tmp_path / path[1:]).read_text()
    return cast("Node", SimpleNamespace(**fields))


@pytest.fixture(autouse=True)
def _no_configurations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_files, "names_in", lambda *_: [])


def test_files_of_the_administrator_count(tmp_path: Path) -> None:
    """A plugin's own do not: state, settings, names of tables."""
    own = ("/var/lib/cni/own", "/etc/cni/own.conf", "/run/own", "/etc/iproute2/rt_tables")
    foreign = ("/etc/hosts", "/usr/sbin/tool", "/etc/cni/net.d/99-own.conflist")
    node = _node(tmp_path, *own, *foreign)

    assert set(own_files.read(node)) == set(foreign)


def test_file_that_was_written_is_listed(tmp_path: Path) -> None:
    before = own_files.read(_node(tmp_path, "/etc/hosts"))
    (tmp_path / "etc/hosts").write_text("changed")
    now = own_files.read(_node(tmp_path, "/etc/resolv.conf")) | {"/etc/hosts": "other"}

    assert [str(d) for d in own_files.changes(before, now)] == [
        "changed at node file /etc/hosts: expected as before the first pod, saw written",
        "changed at node file /etc/resolv.conf: expected as before the first pod, saw written",
    ]
    assert own_files.changes(before, before) == []


def test_file_that_went_is_listed() -> None:
    (difference,) = own_files.changes({"/etc/hosts": "digest"}, {})

    assert difference.seen == "deleted"


def test_shared_node_has_none() -> None:
    assert own_files.read(cast("Node", SimpleNamespace(shared=True))) == {}
