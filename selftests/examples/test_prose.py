"""The check of prose finds what it is there for, on its line, and nothing in code."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from selftests.suite import ROOT


@pytest.fixture(scope="module")
def check() -> ModuleType:
    """docs/prose/check.py, which is no module of a package."""
    spec = importlib.util.spec_from_file_location("check", ROOT / "docs" / "prose" / "check.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.register()
    return module


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("The header tells which.", "podpath.verbs"),
        ("A file that nobody reads.", "podpath.subject"),
        ("Mend the node.", "podpath.fix"),
        ("It ends. What is left stays.", "podpath.question"),
        (f"A {'very ' * 50}long one.", "podpath.length"),
        ("A free gift.", "redundancy.misc.garner"),
    ],
)
def test_each_rule_finds_a_sentence(check: ModuleType, text: str, rule: str) -> None:
    """On the third line, after a heading and an empty line."""
    found = check.findings("page", check.prose(f"# What is left\n\n{text}\n"))

    assert rule in [result.check_result.check_path for result in found]
    assert {result.pos[0] for result in found} == {3}


@pytest.mark.parametrize(
    "text",
    [
        "`nobody` runs the plugin, as `tells` shows.",
        "```text\nnobody tells\n```",
        "What is a hop? An interface.",
        "A list of [links](what-nobody-reads.md).",
    ],
)
def test_code_links_and_questions_are_no_findings(check: ModuleType, text: str) -> None:
    assert check.findings("page", check.prose(text)) == []


def test_pages_are_those_of_people(check: ModuleType) -> None:
    names = {Path(page).name for page in check.pages()}

    assert {"README.md", "index.md", "first-hour.md", "options.md"} <= names
    assert not {"faults.md", "CHANGELOG.md", "lab.zh.md"} & names


def test_all_pages_read_well(check: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """README, docs and the requirements, as `tox -e docs` checks them."""
    assert check.main([]) == 0, capsys.readouterr().out
