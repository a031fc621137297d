"""The words of runs and reports in both languages."""

import string

import pytest

from podpath.report import words
from podpath.report.outcome import Verdict


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_has_a_name(verdict: Verdict) -> None:
    """In English it is the verdict itself, as reports have it."""
    assert words.verdict(verdict, "en") == verdict
    assert words.verdict(verdict, "zh") not in ("", verdict)


def test_other_names_stay() -> None:
    assert words.verdict("success", "zh") == "success"


@pytest.mark.parametrize("key", words._WORDS)
def test_both_languages_have_the_same_values(key: str) -> None:
    """No language lacks a value that the other one shows."""
    text = words._WORDS[key]
    fields = [{f for _, f, _, _ in string.Formatter().parse(t) if f} for t in (text.en, text.zh)]

    assert fields[0] == fields[1]
