"""What a report says of whose plugin it is, and of how to repeat the run."""

import subprocess
from pathlib import Path

import pytest

from podpath import cli
from podpath.errors import CouldNotTest
from podpath.report.document import build, write
from podpath.run import provenance

_WHOSE = """\
[tool.podpath]
organisation = "Acme"
project = "acme-cni"
contact = ["net@acme.example", "@acme"]
"""


def test_implementation_is_read_from_the_nearest_settings(tmp_path: Path) -> None:
    """Of the directory that pytest was started in, or of one above it."""
    (tmp_path / "pyproject.toml").write_text(_WHOSE)
    (tmp_path / "ci").mkdir()

    assert provenance.implementation(tmp_path / "ci", []) == {
        "organisation": "Acme",
        "project": "acme-cni",
        "contact": ["net@acme.example", "@acme"],
    }


def test_options_come_before_settings(tmp_path: Path) -> None:
    """A release's version is known to CI alone."""
    (tmp_path / "pyproject.toml").write_text(_WHOSE)
    given = ["version=1.2", "project=fork", "contact=me", "url=https://a.example/?a=b"]
    implementation = provenance.implementation(tmp_path, given)

    assert implementation == {
        "organisation": "Acme",
        "project": "fork",
        "contact": ["me"],
        "version": "1.2",
        "url": "https://a.example/?a=b",
    }


def test_settings_of_others_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')

    assert provenance.implementation(tmp_path, []) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.podpath]\norganization = 'Acme'\n", "organization = 'Acme'"),
        ("[tool.podpath]\nversion = 1.2\n", "version = 1.2"),
        ("[tool.podpath]\nproject = ['a']\n", "project = \\['a'\\]"),
        ("[tool]\npodpath = 1\n", "no table"),
        ("[tool.podpath", "cannot be read"),
    ],
)
def test_malformed_settings_are_told(tmp_path: Path, text: str, message: str) -> None:
    """With the file, and what it may say."""
    (tmp_path / "pyproject.toml").write_text(text)

    with pytest.raises(CouldNotTest, match=message) as caught:
        provenance.implementation(tmp_path, [])
    assert str(tmp_path / "pyproject.toml") in str(caught.value)


@pytest.mark.parametrize("given", ["version", "colour=red", "=x"])
def test_malformed_option_is_told(tmp_path: Path, given: str) -> None:
    with pytest.raises(CouldNotTest, match=f"--podpath-implementation {given} is not understood"):
        provenance.implementation(tmp_path, [given])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "pytest --podpath-seed 7"),
        (["-k", "a b", "--podpath-report", "out"], "pytest -k 'a b' --podpath-seed 7"),
        (["--podpath-report=out", "-n", "2"], "pytest -n 2 --podpath-seed 7"),
        (["--podpath-seed", "5", "tests"], "pytest tests --podpath-seed 7"),
    ],
)
def test_command_repeats_the_run(arguments: list[str], expected: str) -> None:
    """With its seed, and without the place of its report."""
    assert provenance.command(arguments, 7) == expected


def test_commit_is_the_checkouts() -> None:
    """As git has it, "-dirty" if files differ from it; nothing where git knows of none."""
    checkout = Path(__file__).parents[3]
    command = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    head = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    assert provenance.commit().removesuffix("-dirty") == head


def test_report_is_verified(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """As it was written, and not with another digest."""
    document = build([], {"profile": "bridge"}, "1.2")
    write(tmp_path, document)
    verify = ["report", "verify", str(tmp_path)]

    assert cli.main(verify) == 0
    assert cli.main([*verify, "--digest", document["digest"]]) == 0
    assert document["digest"] in capsys.readouterr().out
    assert cli.main([*verify, "--digest", "sha256:0"]) == 1
    assert "and not sha256:0" in capsys.readouterr().out
    path = tmp_path / "report.json"
    path.write_text(path.read_text().replace("not run", "conforms", 1))
    assert cli.main([*verify, "--json"]) == 1
    assert "it was edited" in capsys.readouterr().out
