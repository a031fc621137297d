"""Sentences in another language: found by the English one, whose values are filled in again. Pure.

Messages are made in English, where the facts are, and reports and logs of machines keep them so.
What a person reads is translated where it is printed. A catalogue names the English sentence as the
source has it, with {} for each value; podpath.model.zh has the catalogues.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from podpath.model.language import LANGUAGES

#: End of the last sentence and of the others, and beginning of a line of a list.
_END, _SENTENCE, _ENTRY = ".", ". ", "- "


@dataclass(frozen=True, slots=True)
class _Entry:
    """One sentence of a catalogue.

    Attributes:
        pattern: English sentence, with a group for each value.
        template: the translation, with {0}, {1} ... for the values.
    """

    pattern: re.Pattern[str]
    template: str


def translated(text: str, language: str) -> str:
    """Return a text in a language, as far as its sentences are known; the others as they are.

    Args:
        text: English text: a sentence, several, or a list with a sentence a line.
        language: a language of podpath.model.language.LANGUAGES.
    """
    if language == LANGUAGES[0] or not text:
        return text
    whole = _known(text)
    return whole if whole is not None else "\n".join(map(_of_line, text.split("\n")))


def _of_line(line: str) -> str:
    """Translate a line of a list, as far as its sentences are known."""
    text = line.removeprefix(_ENTRY)
    return line[: len(line) - len(text)] + (_known(text) or _beginning(text))


def _beginning(text: str) -> str:
    """Translate the sentences that a text begins with."""
    end = text.find(_SENTENCE)
    while end >= 0:
        if (first := _known(text[:end])) is not None:
            return f"{first}。{_beginning(text[end + len(_SENTENCE) :])}"
        end = text.find(_SENTENCE, end + 1)
    return text


@lru_cache(1024)
def _known(text: str) -> str | None:
    """Translate one or several sentences, and those among their values; None if one is unknown."""
    exact, entries = _catalogue()
    if text in exact:
        return exact[text]
    if text.endswith(_END):
        only = _known(text.removesuffix(_END))
        return None if only is None else f"{only}。"
    end = text.rfind(_SENTENCE)
    while end >= 0:  # a value at the end of the first sentence must not take the second one
        rest = _known(text[end + len(_SENTENCE) :])
        if rest is not None and (first := _known(text[:end])) is not None:
            return f"{first}。{rest}"
        end = text.rfind(_SENTENCE, 0, end)
    for entry in entries:
        if match := entry.pattern.fullmatch(text):
            return entry.template.format(*(_known(value) or value for value in match.groups()))
    return None


@cache
def _catalogue() -> tuple[Mapping[str, str], list[_Entry]]:
    """Return the sentences without values, and those with values, the most specific ones first.

    A sentence that begins with its own words is more specific than one that begins with a value,
    which may be any other sentence's beginning.
    """
    from podpath.model import zh

    exact = {text: other.format() for text, other in zh.TEXTS.items() if "{}" not in text}
    others = sorted((t for t in zh.TEXTS if "{}" in t), key=_weight, reverse=True)
    return exact, [_Entry(pattern(text), zh.TEXTS[text]) for text in others]


def _weight(text: str) -> tuple[bool, int]:
    return not text.startswith("{}"), len(text.replace("{}", ""))


def pattern(text: str) -> re.Pattern[str]:
    """Return a pattern of the sentences that a template stands for, with a group for each {}."""
    return re.compile("(.*?)".join(map(re.escape, text.split("{}"))), re.DOTALL)


def templates(texts: Mapping[str, str]) -> Iterator[tuple[str, int, set[int]]]:
    """Yield each sentence with its number of values, and the values that its translation has."""
    for text, other in texts.items():
        yield text, text.count("{}"), {int(n) for n in re.findall(r"\{(\d+)\}", other)}
