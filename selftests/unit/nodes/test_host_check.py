"""A machine whose process 1 podpath may not look into."""

import errno
import os
from pathlib import Path

import pytest

from podpath.errors import CouldNotTest
from podpath.nodes.cluster import host, kinds
from podpath.run import needs


def _denied(path: Path) -> bool:
    raise PermissionError(errno.EACCES, "Permission denied", str(path))


def test_the_file_that_was_denied_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root is told what it lacks, not to be root; the conflist's finding does not repeat it."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(Path, "is_socket", _denied)

    with pytest.raises(CouldNotTest) as refused:
        host.check()
    assert refused.value.message.startswith("podpath may not read /proc/1/root/run/")
    assert "CAP_SYS_PTRACE" in refused.value.remedy

    def read() -> None:
        host.conflist()

    findings = list(needs.examine(kinds.OnHost(), read))  # type: ignore[arg-type]
    assert sum(f.detail == refused.value.message for f in findings) == 1
