"""What a run found, as the lines that it ends with: red findings first. Pure.

A line is a text with a style: "red", "yellow", "green", "cyan", "bold", or "" for none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from podpath.model.language import LANGUAGES, padded
from podpath.model.language import width as text_width
from podpath.model.translation import translated
from podpath.report import folding, words
from podpath.report.outcome import Verdict
from podpath.requirements import REQUIREMENTS, in_language

Line = tuple[str, str]
#: Function that returns the name of a test for the user, by its id.
Name = Callable[[str], str]

#: Findings that are shown with their picture, cause and commands; of the others, the first line.
_MOST_WHOLE = 3
#: Requirements of a selection that are few enough to be listed.
_MOST_LISTED = 12
#: Lines of a summary: verdict of the tests -> how many reasons are shown.
_FOLDED = {Verdict.KNOWN_DEVIATION: 6, Verdict.RECOMMENDED: 3, Verdict.NOT_APPLICABLE: 5}
#: Columns of their labels.
_LABEL = 20
_STYLES = {Verdict.CONFORMS: "green", Verdict.DOES_NOT_CONFORM: "red"}
#: Beginning of a line of a failure -> its style.
_MARKS = {
    "  > ": "red",
    "  Why: ": "bold",
    "Usually: ": "yellow",
    "Perhaps: ": "yellow",
    "  podpath ": "cyan",
}


def failures(
    document: Mapping[str, Any], name: Name, language: str = "en", *, brief: bool = False
) -> Iterator[Line]:
    """Yield each requirement that does not conform, with what was seen.

    Args:
        document: report of the run.
        name: function that names tests.
        language: language of the requirements' texts.
        brief: True for one line each.
    """
    shown: set[str] = set()
    for entry in _with(document, Verdict.DOES_NOT_CONFORM):
        tests = [t for t in entry["tests"] if t["verdict"] == Verdict.DOES_NOT_CONFORM]
        whole = bool(tests) and not brief and len(shown) < _MOST_WHOLE
        if whole and tests[0]["test"] not in shown:
            shown.add(tests[0]["test"])
            yield from failure(tests[0]["reason"], language)
        else:
            whole = False
            yield f"{entry['id']}: {entry['reason']}", "red"
        if tests:  # a report that others wrote may have none
            yield _where([test["test"] for test in tests], name, language), ""
        if whole:
            yield "", ""


def failure(text: str, language: str = "en") -> Iterator[Line]:
    """Yield the lines of one failure, as text.failure writes them: the first says what was seen."""
    first, *rest = text.splitlines() or [""]
    yield first, "red"
    for line in rest:
        style = next((style for mark, style in _MARKS.items() if line.startswith(mark)), "")
        yield _texts(language).get(line, line), style


@cache
def _texts(language: str) -> Mapping[str, str]:
    """Return the lines of failures that are in a language: line in English -> line."""
    texts = {}
    for one in REQUIREMENTS.values() if language != LANGUAGES[0] else ():
        other = in_language(one, language)
        for key, ours, theirs in (
            ("required", one.sentence, other.sentence),
            ("cause", one.usually, other.usually),
            ("cause", one.usually_lost, other.usually_lost),
        ):
            texts[words.say(key, text=ours)] = words.say(key, language, text=theirs)
        if one.source:
            whose = f"{one.level}: {one.source}."
            texts[whose] = translated(whose, language)
        hint = "on purpose"
        texts[words.say(hint, id=one.id)] = words.say(hint, language, id=one.id)
    for key in ("look kept", "look like", "look here", "look while"):
        texts[words.say(key)] = words.say(key, language)
    return texts


def _where(tests: Sequence[str], name: Name, language: str) -> str:
    """Return the line that names a test, and counts others."""
    more = len(tests) - 1
    others = words.say("and more tests", language, count=more) if more else ""
    return words.say("in", language, test=name(tests[0])) + others


def untested(
    results: Iterable[Mapping[str, Any]], name: Name, language: str = "en"
) -> Iterator[Line]:
    """Yield each reason why something could not be tested, once, with a test that has it.

    Args:
        results: tests with this verdict: their ids, and their reasons.
        name: function that names tests.
        language: language of the words around them.
    """
    tests: dict[str, list[str]] = {}
    for result in results:
        tests.setdefault(result["reason"], []).append(result["test"])
    for reason, names in tests.items():
        yield translated(reason, language), ""
        yield _where(names, name, language), ""


def listed(document: Mapping[str, Any], language: str = "en") -> Iterator[Line]:
    """Yield the verdicts of a selection of few requirements, a line each, without the failures."""
    run = [
        entry
        for entry in document["requirements"]
        if entry["tests"] and entry["verdict"] != Verdict.DOES_NOT_CONFORM
    ]
    if "selection" not in document or len(run) > _MOST_LISTED:
        return
    yield from table(run, language)


def table(entries: Sequence[Mapping[str, Any]], language: str = "en") -> Iterator[Line]:
    """Yield the verdicts of requirements with their titles, a line each."""
    width = max((len(entry["id"]) for entry in entries), default=0)
    names = {v: words.verdict(v, language) for v in Verdict}
    columns = max(map(text_width, names.values()))
    for entry in entries:
        verdict = padded(names[entry["verdict"]], columns)
        text = f"{entry['id']:<{width}}  {verdict}  {title(entry, language)}"
        yield text, _STYLES.get(entry["verdict"], "yellow")


def title(entry: Mapping[str, Any], language: str) -> str:
    """Return the title of a requirement in a report; the sentence, if it has none."""
    of_language = entry.get("titles", {}).get(language)
    return str(of_language or entry.get("title") or entry["sentence"])


def folded(
    reasons: Mapping[Verdict, Sequence[str]], language: str = "en", *, every: bool = False
) -> Iterator[Line]:
    """Yield the reasons of skipped tests and known deviations, folded, one line each.

    Args:
        reasons: verdict -> reason of each test with it.
        language: language of the words around them.
        every: True for all reasons, False for the most frequent ones.
    """
    for verdict, most in _FOLDED.items():
        label = words.verdict(verdict, language)
        if verdict == Verdict.RECOMMENDED:
            label = words.say("recommended", language)
        for one in folding.fold(reasons.get(verdict, ()), 0 if every else most):
            tests = words.say("tests" if one.tests > 1 else "test", language, count=one.tests)
            yield f"{padded(label, _LABEL)}  {tests:>9}  {one.text}", ""
            label = ""


def _with(document: Mapping[str, Any], verdict: Verdict) -> list[Mapping[str, Any]]:
    return [entry for entry in document["requirements"] if entry["verdict"] == verdict]
