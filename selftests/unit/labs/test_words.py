"""The command's texts in both languages."""

import string
from dataclasses import replace

import pytest

from podpath.labs import story, words
from podpath.labs.grading import Grade, Mark, Verdict
from podpath.labs.lab import Hint
from podpath.testing.language import Text

from . import lab_text

_HINT = Text("Look.", "看。")


@pytest.mark.parametrize("key", words._WORDS)
def test_both_languages_have_the_same_values(key: str) -> None:
    """No language lacks a value that the other one shows."""
    text = words._WORDS[key]
    fields = [{f for _, f, _, _ in string.Formatter().parse(t) if f} for t in (text.en, text.zh)]

    assert fields[0] == fields[1]


@pytest.mark.parametrize(
    ("taken", "english", "chinese"),
    [
        (0, "the next one is free", "下一个不扣分"),
        (1, "the next one costs 1 point", "下一个扣 1 分"),
        (2, "there is no further hint", "没有更多提示了"),
    ],
)
def test_the_price_of_a_hint_is_known_before(taken: int, english: str, chinese: str) -> None:
    """A student decides with the price in view."""
    lab = replace(lab_text.lab(), hints=(Hint(_HINT, 0), Hint(_HINT, 1)))

    assert [story.price(lab, taken, language) for language in ("en", "zh")] == [english, chinese]


@pytest.mark.parametrize(
    ("cost", "total"),
    [
        (0, "10 of 10 points"),
        (1, "9 of 10 points (1 point for hints)"),
        (3, "7 of 10 points (3 "),
    ],
)
def test_points_for_hints_are_in_the_right_number(cost: int, total: str) -> None:
    """One point is no points."""
    marks = (Mark("hop", 3, Verdict.PASSED), Mark("path", 7, Verdict.PASSED))
    grade = Grade("ping", "", marks, 1, cost)

    assert story.table(lab_text.lab(), grade, "en")[-1].startswith(total)
