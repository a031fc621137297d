"""The language of texts, and their width in a terminal."""

import pytest

from podpath.model.language import choose, padded, width, wrapped


@pytest.mark.parametrize(
    ("option", "environment", "language"),
    [
        ("zh", {"LANG": "en_US.UTF-8"}, "zh"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {}, "en"),
    ],
)
def test_language(option: str | None, environment: dict[str, str], language: str) -> None:
    """The option comes first, then the locale, then English."""
    assert choose(option, environment) == language


def test_columns_of_chinese() -> None:
    """A Chinese character takes two columns."""
    assert padded("易", 4) == "易  "
    assert padded("easy", 6) == "easy  "


def test_english_is_wrapped_between_words() -> None:
    assert wrapped("ping takes the path", 12, "> ", "  ") == "> ping takes\n  the path"


def test_chinese_is_wrapped_between_characters() -> None:
    """Punctuation stays with the character before it, a word stays whole, no line is too long."""
    lines = wrapped("报文经过 eth0，再经过网桥。", 10, "- ", "  ").splitlines()

    assert lines == ["- 报文经过", "  eth0，再", "  经过网", "  桥。"]
    assert max(map(width, lines)) <= 10
