"""The catalogue of requirements: each is tested, told and documented."""

import re
import subprocess
import sys

import pytest

from podpath import requirements
from podpath.requirements import REQUIREMENTS
from selftests import marked
from selftests.suite import ROOT


def test_each_requirement_has_a_test() -> None:
    """No requirement stands in the catalogue alone."""
    assert set(REQUIREMENTS) - {i for test in marked.tests() for i in test.requirements} == set()


def test_each_test_has_a_known_requirement() -> None:
    """No test is about something that the catalogue does not say."""
    of_each = {test.name: set(test.requirements) for test in marked.tests()}

    assert [t for t, ids in of_each.items() if not ids or ids - set(REQUIREMENTS)] == []


def test_ids_are_unique_and_of_one_form() -> None:
    """Two requirements of one id would hide each other."""
    ids = [requirement.id for requirement in requirements._ALL]

    assert len(ids) == len(set(ids)) == len(REQUIREMENTS)
    assert [i for i in ids if not re.fullmatch(r"(TOPO|PATH|LIFE|K8S|CNI)(-[A-Z]+)+", i)] == []


@pytest.mark.parametrize("identifier", REQUIREMENTS)
def test_requirement_is_said_in_whole_sentences(identifier: str) -> None:
    """It, why, how it is checked and the usual cause end with a period; there is a way to look."""
    requirement = REQUIREMENTS[identifier]
    texts = (requirement.sentence, requirement.why, requirement.how, requirement.usually)

    assert [t for t in texts if not t.endswith(".") or "  " in t] == []
    assert requirement.look


def test_pages_are_what_requirements_tests_and_faults_say() -> None:
    """docs/requirements.md, and the pages of the groups."""
    command = [sys.executable, "docs/generate_requirements.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
