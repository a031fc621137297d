"""Paths below another root."""

import os
from pathlib import Path

import pytest

from podpath.system import linux


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("/run/cni", "run/cni"),
        ("/var/run/cni/net", "run/cni/net"),  # an absolute link
        ("/relative/net", "run/cni/net"),
        ("/var/run/./cni", "run/cni"),
        ("/../run", "run"),
        ("/outside/run", "run"),
        ("/", ""),
    ],
)
def test_links_stay_below_the_root(tmp_path: Path, path: str, end: str) -> None:
    """Links lead where they lead a process whose root it is."""
    (tmp_path / "run/cni/net").mkdir(parents=True)
    (tmp_path / "var").mkdir()
    (tmp_path / "var/run").symlink_to("/run")
    (tmp_path / "relative").symlink_to("var/run/cni")
    (tmp_path / "outside").symlink_to("../../..")

    descriptor = linux.open_in_root(str(tmp_path), path, os.O_PATH | os.O_DIRECTORY)
    try:
        assert os.path.samefile(f"/proc/self/fd/{descriptor}", tmp_path / end)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("path", ["/circle/net", "/none/net"])
def test_path_that_leads_nowhere(tmp_path: Path, path: str) -> None:
    """A circle of links, or a missing directory, is an error."""
    (tmp_path / "circle").symlink_to("/circle")

    with pytest.raises(OSError, match="openat2"):
        linux.open_in_root(str(tmp_path), path, os.O_PATH | os.O_DIRECTORY)
