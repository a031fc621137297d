"""What a release is: the wheel of a commit is one, and its metadata and changelog are whole."""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

import podpath

from .conftest import CHECKOUT

_PROJECT: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
_CHANGELOG = (CHECKOUT / "CHANGELOG.md").read_text()
_WORKFLOW = CHECKOUT / ".github/workflows/release.yml"
#: Another machine, as far as a build sees it.
_ELSEWHERE = {"TZ": "Asia/Tokyo", "LANG": "C", "PYTHONHASHSEED": "7"}


def _build(out: Path, umask: str, **environment: str) -> "subprocess.Popen[str]":
    temporary = out.parent / f"{out.name}-tmp"
    temporary.mkdir()
    python = os.path.dirname(sys.executable)
    return subprocess.Popen(
        ["bash", "-c", f"umask {umask}; exec .ci/build {out}"],
        cwd=CHECKOUT,
        env={
            **os.environ,
            "PATH": f"{python}:{os.environ['PATH']}",
            "TMPDIR": str(temporary),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_wheel_of_a_commit_is_one(tmp_path: Path) -> None:
    """Another directory, umask, time zone and order of hashes change no byte of it."""
    builds = (
        _build(tmp_path / "here", "022"),
        _build(tmp_path / "elsewhere", "077", **_ELSEWHERE),
    )
    for build in builds:
        output, _ = build.communicate()
        assert build.returncode == 0, output
    wheels = sorted(tmp_path.glob("*/*.whl"))

    assert [w.name for w in wheels] == [f"podpath-{podpath.__version__}-py3-none-any.whl"] * 2
    assert len({hashlib.sha256(w.read_bytes()).hexdigest() for w in wheels}) == 1
    assert len(list(tmp_path.glob("*/*.tar.gz"))) == 2
    with zipfile.ZipFile(wheels[0]) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        readme = archive.read(name).decode()
    links = re.findall(r"\]\(([^)]+)\)", readme)
    assert links
    assert [link for link in links if not link.startswith("https://")] == []


def test_metadata_are_whole() -> None:
    """Whose it is, where it lives, and each Python from the first one on."""
    classifiers = _PROJECT["classifiers"]
    pythons = [c.rpartition(" ")[2] for c in classifiers if re.search(r":: 3\.\d+$", c)]
    first = int(_PROJECT["requires-python"].removeprefix(">=3."))

    assert _PROJECT["authors"]
    assert {"Homepage", "Documentation", "Changelog", "Issues", "Source"} <= set(_PROJECT["urls"])
    assert "Development Status :: 5 - Production/Stable" in classifiers
    assert pythons == [f"3.{first + number}" for number in range(len(pythons))]
    assert (
        pythons
        == yaml.safe_load(_WORKFLOW.read_text())["jobs"]["install"]["strategy"]["matrix"]["python"]
    )


def test_changelog_has_a_dated_section_of_each_release() -> None:
    """The newest one first, which is this one."""
    sections = re.findall(r"(?m)^## (.+)$", _CHANGELOG)
    releases = [s for s in sections if s != "[Unreleased]"]

    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", s) for s in releases), sections
    assert releases[0].startswith(f"[{podpath.__version__}]")
    assert releases == sorted(releases, reverse=True)


def test_changelog_says_each_thing_once() -> None:
    """No entry stands in two sections, or twice in one."""
    entries = re.findall(r"(?ms)^- (.+?)(?=^- |^#|\Z)", _CHANGELOG)
    beginnings = Counter(" ".join(entry.split())[:60] for entry in entries)

    assert [text for text, number in beginnings.items() if number > 1] == []


def test_changelog_has_each_heading_once_a_release() -> None:
    for section in re.split(r"(?m)^## ", _CHANGELOG)[1:]:
        headings = Counter(re.findall(r"(?m)^### (.+)$", section))
        assert [name for name, number in headings.items() if number > 1] == []


@pytest.mark.parametrize("job", ["build", "install", "publish", "announce"])
def test_only_the_publishing_job_has_an_identity(job: str) -> None:
    """Trusted publishing: no job has a password, and what builds cannot publish."""
    workflow = yaml.safe_load(_WORKFLOW.read_text())
    rights = workflow["jobs"][job].get("permissions", workflow["permissions"])

    assert ("id-token" in rights) is (job in ("publish", "announce"))
    assert "password" not in _WORKFLOW.read_text()
    assert "secrets." not in _WORKFLOW.read_text()
