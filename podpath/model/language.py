"""Languages of the texts that people read. Pure.

Ids, names of options and the kernel's words are the same in each language, and so are reports.
"""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

#: Languages of texts, the default first.
LANGUAGES = ("en", "zh")

#: What stays together when a text is wrapped: a word, or a Chinese character with the punctuation
#: after it.
_UNIT = re.compile(r" +|[^ \u2e80-\uffff]+|[（“]*[^ ][，。：；、！？）”]*")

#: First code point from which a terminal takes two columns for a character.
_WIDE = 0x2E80


@dataclass(frozen=True, slots=True)
class Text:
    """One text in each language.

    Attributes:
        en: English.
        zh: Chinese.
    """

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """Return the text in a language of LANGUAGES."""
        return self.zh if language == "zh" else self.en


def choose(option: str | None, environment: Mapping[str, str]) -> str:
    """Return the language of LANGUAGES to use: the option's, else the locale's, else English.

    Args:
        option: value of --lang or --podpath-lang; None without one.
        environment: environment variables, of which LC_ALL, LC_MESSAGES and LANG count.
    """
    if option:
        return option
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next(filter(None, (environment.get(name) for name in names)), "")
    prefix = locale[:2].lower()
    return prefix if prefix in LANGUAGES else LANGUAGES[0]


def width(text: str) -> int:
    """Return the columns that a text takes in a terminal: Chinese characters take two."""
    return sum(2 if ord(letter) >= _WIDE else 1 for letter in text)


def padded(text: str, columns: int) -> str:
    """Fill a text with blanks to a width in columns."""
    return text + " " * max(columns - width(text), 0)


def wrapped(text: str, columns: int, head: str = "", indent: str = "") -> str:
    """Wrap a text to lines of a width in columns, of which a Chinese character takes two.

    Args:
        text: the text.
        columns: width of a line in columns.
        head: what the first line begins with.
        indent: what each further line begins with.
    """
    if width(text) == len(text):
        return textwrap.fill(text, columns, initial_indent=head, subsequent_indent=indent)
    lines, line = [], head
    for unit in _UNIT.findall(text):
        if width(line) + width(unit) > columns and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += unit if line != indent or unit.strip() else ""
    return "\n".join([*lines, line])
