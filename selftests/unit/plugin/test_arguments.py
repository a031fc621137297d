"""Options of podpath are written so that pytest takes no value for the path of a test."""

import sys
from pathlib import Path

import pytest

from podpath.plugin import arguments


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        (["--podpath-cni-bin", "/a", "-q"], ["--podpath-cni-bin=/a", "-q"]),
        (["--podpath-cni-bin=/a", "tests"], ["--podpath-cni-bin=/a", "tests"]),
        (
            ["--podpath-seed", "1", "--podpath-report", "r"],
            ["--podpath-seed=1", "--podpath-report=r"],
        ),
        (["--kind-bin", "/a", "-k", "b"], ["--kind-bin=/a", "-k", "b"]),
        (["-k", "a", "tests/test_x.py::test"], ["-k", "a", "tests/test_x.py::test"]),
        (["--podpath-cni-bin"], ["--podpath-cni-bin"]),
        (["--podpath-cni-bin", "-q"], ["--podpath-cni-bin", "-q"]),
    ],
)
def test_option_and_value_are_one_argument(given: list[str], complete: list[str]) -> None:
    assert arguments.joined(given) == complete


class Starts:
    """Plugin that counts the starts of pytest, and keeps the directories of the last start."""

    def __init__(self) -> None:
        self.count = 0
        self.rootdir: Path | None = None
        self.path: list[str] = []

    def pytest_load_initial_conftests(self) -> None:
        self.count += 1

    def pytest_configure(self, config: pytest.Config) -> None:
        self.rootdir = config.rootpath
        self.path = [*sys.path]


@pytest.fixture
def project(pytester: pytest.Pytester) -> Path:
    """Project of a user, beside a directory with settings and a conftest that nobody may read."""
    other = pytester.mkdir("other")
    (other / "bin").mkdir()
    (other / "pytest.ini").write_text("[pytest]\naddopts = --frobnicate\npythonpath = other-lib\n")
    (other / "conftest.py").write_text("raise RuntimeError\n")
    project = pytester.mkdir("project")
    (project / "pytest.ini").write_text("[pytest]\n")
    (project / "test_it.py").write_text("def test_it(): pass\n")
    pytester.chdir()
    return project


_BIN = ("--podpath-cni-bin", "../other/bin")


@pytest.mark.parametrize(
    ("given", "added", "count"),
    [
        (_BIN, "", 2),
        (("--kind-bin", "../other/bin"), "", 2),
        (("test_it.py", *_BIN), "", 2),
        ((), " ".join(_BIN), 2),
        (("--podpath-report", "../other/pytest.ini::x"), "", 2),
        (("-n", "2", "--podpath-report", "absent"), "", 2),
        (("--podpath-report", "absent"), "-n 2", 2),
        (("--podpath-report", "absent"), "", 1),
        (("--podpath-report", "x" * 5000), "", 1),
        (("=".join(_BIN),), "", 1),
        (("-c", "pytest.ini", *_BIN), "", 1),
        (("-n", "2", *_BIN), "-c pytest.ini", 1),
    ],
    ids=[
        *(
            "alone",
            "of-pytest-kind",
            "after-path",
            "environment",
            "node-id",
            "workers",
            "workers-environment",
        ),
        *("absent", "long", "joined", "settings-given", "settings-environment"),
    ],
)
def test_value_moves_no_rootdir(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    project: Path,
    given: tuple[str, ...],
    added: str,
    count: int,
) -> None:
    """pytest starts again only if it would take the value for a path.

    With workers it may do so later: the directory of a report exists by then.
    """
    monkeypatch.chdir(project)
    monkeypatch.setenv("PYTEST_ADDOPTS", added)
    starts = Starts()
    status = pytester.inline_run("--collect-only", *given, plugins=[starts]).ret

    assert (status, starts.count, starts.rootdir) == (0, count, project)
    assert [entry for entry in starts.path if "other-lib" in entry] == []


def test_usage_names_the_program(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    """The user's program, also after the second start."""
    monkeypatch.chdir(project)
    monkeypatch.setenv("PYTEST_ADDOPTS", f"--podpath-report {project}")
    command = (sys.executable, "-m", "pytest", "--help", *_BIN)
    printed = pytester.run(*command).outlines

    assert printed[0] == "usage: python -m pytest [options] [file_or_dir] [file_or_dir] [...]"


@pytest.mark.parametrize("options", [("--version",), ("--version", "--version")])
def test_version_is_printed_once(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    project: Path,
    options: tuple[str, ...],
) -> None:
    monkeypatch.chdir(project)
    status = pytest.main([*options, *_BIN, "-p", "no:cacheprovider"])
    printed = "".join(capsys.readouterr())

    assert status == 0
    assert printed.count(f"pytest {pytest.__version__}") + printed.count("pytest version") == 1
