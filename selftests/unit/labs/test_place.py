"""Directories of labs are removed, also those of processes that were killed."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from podpath.labs import place


def test_what_a_killed_process_left_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next lab sweeps; what is in use, or is no directory, stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    program = (
        f"import os, tempfile; tempfile.tempdir = {str(tmp_path)!r}\n"
        "from podpath.labs import place\n"
        "with place.temporary():\n"
        f"    os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    (tmp_path / "podpath-lab-link").symlink_to("/")

    with place.temporary() as first, place.temporary() as second:
        assert not left.exists()
        assert first.is_dir()
        assert second.is_dir()

    assert [path.name for path in tmp_path.iterdir()] == ["podpath-lab-link"]
