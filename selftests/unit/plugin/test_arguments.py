"""Options of podpath are written so that pytest takes no value for the path of a test."""

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


def test_value_that_stands_by_itself_misleads() -> None:
    """What does not exist yet, such as a report's directory, does when a worker is started."""
    assert arguments._misleads(("--podpath-report", "nowhere"))
    assert not arguments._misleads(("--podpath-report=nowhere", "tests"))
