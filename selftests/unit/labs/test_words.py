"""The command's texts in both languages."""

import string

import pytest

from podpath.labs import words


@pytest.mark.parametrize(
    ("option", "environment", "language"),
    [
        ("zh", {"LANG": "en_US.UTF-8"}, "zh"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        (None, {}, "en"),
    ],
)
def test_language(option: str | None, environment: dict[str, str], language: str) -> None:
    """The option comes first, then the locale, then English."""
    assert words.language(option, environment) == language


@pytest.mark.parametrize("key", words._WORDS)
def test_both_languages_have_the_same_values(key: str) -> None:
    """No language lacks a value that the other one shows."""
    text = words._WORDS[key]
    fields = [{f for _, f, _, _ in string.Formatter().parse(t) if f} for t in (text.en, text.zh)]

    assert fields[0] == fields[1]


def test_columns_of_chinese() -> None:
    """A Chinese character takes two columns."""
    assert words.padded("易", 4) == "易  "
    assert words.padded("easy", 6) == "easy  "
