"""Paths below another root."""

from pathlib import Path

import pytest

from podpath.system import files


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("/run/cni", "run/cni"),
        ("/var/run/cni/net", "run/cni/net"),  # an absolute link
        ("/relative/net", "run/cni/net"),
        ("/var/run/none/./net", "run/none/net"),
        ("/../run", "run"),
        ("/outside/run", "run"),
        ("/", ""),
    ],
)
def test_links_stay_below_the_root(tmp_path: Path, path: str, end: str) -> None:
    """Links lead where they lead a process whose root it is."""
    (tmp_path / "run/cni").mkdir(parents=True)
    (tmp_path / "var").mkdir()
    (tmp_path / "var/run").symlink_to("/run")
    (tmp_path / "relative").symlink_to("var/run/cni")
    (tmp_path / "outside").symlink_to("../../..")

    assert files.below(tmp_path, path) == tmp_path / end


def test_circle_of_links_ends(tmp_path: Path) -> None:
    """As many links are followed as the kernel follows."""
    (tmp_path / "circle").symlink_to("/circle")

    assert files.below(tmp_path, "/circle/net") == tmp_path / "circle/net"
