"""The catalogue of requirements: each is tested, told and documented."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from podpath import requirements
from podpath.requirements import REQUIREMENTS

CHECKOUT = Path(__file__).parents[2]
DOCUMENT = CHECKOUT / "docs" / "requirements.md"


def _marked() -> Iterator[tuple[str, str]]:
    """(test, id) for each requirement that a test of the suite is marked with."""
    for source in sorted((CHECKOUT / "tests").glob("test_*.py")):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for decorator in node.decorator_list:
                    if _is_requirement(decorator):
                        assert isinstance(decorator, ast.Call)
                        yield from (
                            (f"{source.name}::{node.name}", str(ast.literal_eval(argument)))
                            for argument in decorator.args
                        )


def _is_requirement(decorator: ast.expr) -> bool:
    if not isinstance(decorator, ast.Call):
        return False
    called = decorator.func
    name = called.attr if isinstance(called, ast.Attribute) else ""
    return "requirement" in (name, called.id if isinstance(called, ast.Name) else "")


def _tests() -> set[str]:
    return {
        f"{source.name}::{node.name}"
        for source in (CHECKOUT / "tests").glob("test_*.py")
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_each_requirement_has_a_test() -> None:
    """No requirement stands in the catalogue alone."""
    assert set(REQUIREMENTS) - {identifier for _, identifier in _marked()} == set()


def test_each_test_has_a_known_requirement() -> None:
    """No test is about something that the catalogue does not say."""
    assert {identifier for _, identifier in _marked()} - set(REQUIREMENTS) == set()
    assert _tests() - {test for test, _ in _marked()} == set()


def test_ids_are_unique_and_of_one_form() -> None:
    """Two requirements of one id would hide each other."""
    ids = [requirement.id for requirement in requirements._ALL]

    assert len(ids) == len(set(ids)) == len(REQUIREMENTS)
    assert [i for i in ids if not re.fullmatch(r"(TOPO|PATH|LIFE|K8S|CNI)(-[A-Z]+)+", i)] == []


@pytest.mark.parametrize("identifier", REQUIREMENTS)
def test_requirement_is_said_in_whole_sentences(identifier: str) -> None:
    """It, and what its failure usually means, end with a period; there is a way to look."""
    requirement = REQUIREMENTS[identifier]

    assert requirement.sentence.endswith(".")
    assert requirement.usually.endswith(".")
    assert "  " not in requirement.sentence + requirement.usually
    assert requirement.look


def test_every_requirement_is_documented() -> None:
    """The catalogue for people names every id with its sentence."""
    text = " ".join(DOCUMENT.read_text().split())
    absent = [r.id for r in REQUIREMENTS.values() if r.id not in text or r.sentence not in text]

    assert absent == []
