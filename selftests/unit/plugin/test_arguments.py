"""Options of podpath are written so that pytest takes no value for the path of a test."""

from pathlib import Path

import pytest

from podpath.plugin import arguments


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["--podpath-cni-bin", "/a", "-q"], ["--podpath-cni-bin=/a", "-q"]),
        (["--podpath-cni-bin=/a", "tests"], ["--podpath-cni-bin=/a", "tests"]),
        (
            ["--podpath-seed", "1", "--podpath-report", "r"],
            ["--podpath-seed=1", "--podpath-report=r"],
        ),
        (["-k", "a", "tests/test_x.py::test"], ["-k", "a", "tests/test_x.py::test"]),
        (["--podpath-cni-bin"], ["--podpath-cni-bin"]),
    ],
)
def test_option_and_value_are_one_argument(given: list[str], wanted: list[str]) -> None:
    assert arguments.joined(given) == wanted


def test_only_what_exists_misleads(tmp_path: Path) -> None:
    """pytest takes no other value for a path."""
    (tmp_path / "bin").mkdir()

    assert arguments._misleads(("--podpath-cni-bin", "bin"), tmp_path)
    assert not arguments._misleads(("--podpath-cni-bin", "nowhere"), tmp_path)
    assert not arguments._misleads(("--podpath-cni-bin=bin", "bin"), tmp_path)
