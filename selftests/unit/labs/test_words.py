"""The command's texts in both languages."""

import string

import pytest

from podpath.labs import words


@pytest.mark.parametrize("key", words._WORDS)
def test_both_languages_have_the_same_values(key: str) -> None:
    """No language lacks a value that the other one shows."""
    text = words._WORDS[key]
    fields = [{f for _, f, _, _ in string.Formatter().parse(t) if f} for t in (text.en, text.zh)]

    assert fields[0] == fields[1]
