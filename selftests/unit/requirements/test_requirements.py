"""The catalogue of requirements: each is tested, told and documented."""

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from podpath import requirements
from podpath.model.language import LANGUAGES
from podpath.requirements import REQUIREMENTS, Level, in_language, zh
from selftests import marked
from selftests.suite import ROOT

#: A Chinese character beside punctuation of Latin texts.
_HALF_WIDTH = re.compile("[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]")


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


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("identifier", REQUIREMENTS)
def test_title_and_sentence_are_short(identifier: str, language: str) -> None:
    """A title fits into a table, and a sentence is read at once."""
    requirement = in_language(REQUIREMENTS[identifier], language)

    assert 0 < len(requirement.title) <= 40
    assert 0 < len(requirement.sentence) <= 120
    assert requirement.title[-1] not in ".。"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["title", "sentence"])
def test_no_two_requirements_read_alike(text: str, language: str) -> None:
    """A title or a sentence of two requirements would not say which of them failed."""
    texts = [getattr(in_language(r, language), text) for r in REQUIREMENTS.values()]

    assert [t for t, count in Counter(texts).items() if count > 1] == []


def test_chinese_has_each_requirement_and_group() -> None:
    """No text is missing, and none is left of a requirement that is gone."""
    assert list(zh.TEXTS) == list(REQUIREMENTS)
    assert list(zh.GROUPS) == list(requirements.GROUPS)


@pytest.mark.parametrize("identifier", REQUIREMENTS)
def test_chinese_is_chinese(identifier: str) -> None:
    """Sentences end as Chinese ones do, have no half-width punctuation, and no English is left."""
    texts = zh.TEXTS[identifier]

    assert [t for t in texts if not re.search("[\u4e00-\u9fff]", t)] == []
    assert [t for t in texts[1:] if not t.endswith("。")] == []
    assert [t for t in texts if _HALF_WIDTH.search(t)] == []


def test_a_vendors_own_requirement_has_one_language() -> None:
    """It has the texts that the vendor gives, in whatever language."""
    vendors = replace(REQUIREMENTS["PATH-ICMP"], id="ACME-1", feature=requirements.VENDOR)

    assert in_language(vendors, "zh") is vendors


@pytest.mark.parametrize("identifier", REQUIREMENTS)
def test_requirement_is_said_in_whole_sentences(identifier: str) -> None:
    """It, why, how it is checked and the usual cause end with a period; there is a way to look."""
    requirement = REQUIREMENTS[identifier]
    texts = (requirement.sentence, requirement.why, requirement.how, requirement.usually)

    assert [t for t in texts if not t.endswith(".") or "  " in t] == []
    assert requirement.look


@pytest.mark.parametrize("identifier", REQUIREMENTS)
def test_requirement_has_a_level_and_a_source(identifier: str) -> None:
    """A judgement of podpath's own says so, and what is required says by which document."""
    requirement = REQUIREMENTS[identifier]
    documents = ("specification", "documentation", "Kubernetes API", "CONVENTIONS.md")

    assert requirement.source
    assert not requirement.source.endswith(".")
    if requirement.level is Level.JUDGEMENT:
        assert "podpath's own judgement" in requirement.source
    else:
        assert any(document in requirement.source for document in documents)


def test_recommendations() -> None:
    """No other requirement may become one unnoticed: a failure would no longer be red."""
    assert [r.id for r in REQUIREMENTS.values() if r.level is Level.SHOULD] == [
        "CNI-CHECK-LISTED",
        "CNI-CHECK-STATE",
        "CNI-DELEGATE-ERROR",
        "CNI-DELEGATE-UNDO",
        "CNI-GC",
    ]


@pytest.mark.parametrize(
    ("version", "level"),
    [("0.4.0", Level.SHOULD), ("1.0.0", Level.MUST), ("1.1.0", Level.MUST), ("", Level.MUST)],
)
def test_level_depends_on_the_version(version: str, level: Level) -> None:
    assert REQUIREMENTS["CNI-DEL-IDEMPOTENT"].level_in(version) == level


def test_test_has_requirements_of_one_weight() -> None:
    """A test has one verdict: a recommendation and what is required need tests of their own."""
    recommended = {r.id for r in REQUIREMENTS.values() if r.level is Level.SHOULD}
    of_each = [set(test.requirements) for test in marked.tests()]

    assert [ids for ids in of_each if ids & recommended and ids - recommended] == []


def test_pages_are_what_requirements_tests_and_faults_say() -> None:
    """docs/requirements.md, and the pages of the groups."""
    command = [sys.executable, "docs/generate_requirements.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
