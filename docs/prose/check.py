"""Check the prose of README, docs and requirements: proselint's rules, and those of words.toml.

python docs/prose/check.py [FILES]    print what reads badly, a line each; exit with 1 if anything
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from proselint.config import DEFAULT
from proselint.registry import CheckRegistry
from proselint.registry.checks import Check, CheckResult
from proselint.registry.checks.types import Existence
from proselint.tools import LintFile, LintResult

from podpath.requirements import REQUIREMENTS

_ROOT = Path(__file__).parent.parent.parent
_RULES = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
#: Prefix of the names of podpath's own rules.
_OWN = "podpath"
#: End of a paragraph, a cell or a list's item.
_END = "¶"
#: A sentence, up to its punctuation or the end of its paragraph.
_SENTENCE = re.compile(rf"[^\s.!?:{_END}](?:[^.!?:{_END}]|[.!?:](?=\S))*[.!?:]?")
_QUESTION_WORD = re.compile(r"(What|Whether|Who|How)\b(?!-)(?!.*\?$)", re.DOTALL)


def pages() -> list[Path]:
    """Return the pages that people write, without those that programs or other people write."""
    found = [
        *_ROOT.glob("*.md"),
        *(_ROOT / "docs").glob("*.md"),
    ]
    return sorted(p for p in found if p.relative_to(_ROOT).as_posix() not in _RULES["left-out"])


def prose(text: str) -> str:
    """Return the prose of a Markdown text, each part on the line that it has there.

    Code, targets of links and HTML are left out, and so are headings, which are no sentences.
    """
    lines = [""] * (text.count("\n") + 2)
    heading = False
    for token in MarkdownIt().enable("table").parse(text):
        heading = token.type == "heading_open" or (heading and token.type != "heading_close")
        if token.type == "inline" and token.map and not heading:
            for number, part in enumerate(f"{_words(token)} {_END}".split("\n"), token.map[0]):
                lines[number] += f" {part}" if lines[number] else part
    return "\n".join(lines)


def _words(token: Token) -> str:
    instead = {"softbreak": "\n", "hardbreak": "\n", "code_inline": "CODE"}
    parts = (
        instead.get(t.type, t.content) for t in token.children or [] if t.type != "html_inline"
    )
    return "".join(parts)


def requirements() -> str:
    """Return the texts of podpath's requirements, a line for each text."""
    texts = ((r.sentence, r.why, r.how, r.usually) for r in REQUIREMENTS.values())
    return "\n".join(f"{text} {_END}" for four in texts for text in four)


def _beginnings(text: str, check: Check) -> Iterator[CheckResult]:
    """Find sentences that begin with a question word, and are no questions."""
    for sentence in _SENTENCE.finditer(text):
        if (word := _QUESTION_WORD.match(sentence[0].strip())) is not None:
            span = (sentence.start(), sentence.start() + len(word[1]))
            yield CheckResult(check.path, check.message.format(word[1]), span, None)


def _lengths(text: str, check: Check) -> Iterator[CheckResult]:
    """Find sentences with too many words."""
    for sentence in _SENTENCE.finditer(text):
        words = max(len(part.split()) for part in sentence[0].split(";"))
        if words > _RULES["most-words"]:
            span = (sentence.start(), sentence.end())
            yield CheckResult(check.path, check.message.format(words), span, None)


def _checks() -> list[Check]:
    """Build podpath's own rules as checks of proselint."""
    patterns = [
        Check(
            Existence(tuple(rule["patterns"])),
            path=f"{_OWN}.{rule['name']}",
            message=rule["message"],
        )
        for rule in _RULES["rule"]
    ]
    beginning = "'{}' begins a sentence that is no question: begin with the subject"
    length = "a sentence of {} words: one idea a sentence"
    return [
        *patterns,
        Check(_beginnings, path=f"{_OWN}.question", message=beginning),
        Check(_lengths, path=f"{_OWN}.length", message=length),
    ]


def findings(name: str, text: str) -> list[LintResult]:
    """Return what proselint's rules and podpath's find in a text.

    Args:
        name: name of the text in messages.
        text: the prose.
    """
    unused = dict.fromkeys(_RULES["proselint-unused"], False)
    checks = {**DEFAULT["checks"], **unused, _OWN: True}
    return LintFile(name, text).lint({**DEFAULT, "checks": checks})


def register() -> None:
    """Give proselint its own checks and podpath's. Called once a process."""
    from proselint.checks import __register__ as of_proselint

    registry = CheckRegistry()
    registry.register_many(of_proselint)
    registry.register_many(tuple(_checks()))


def main(arguments: Iterable[str]) -> int:
    """Check pages, all without arguments, and return the exit status."""
    named = [Path(a).resolve() for a in arguments]
    read = {p: p.read_text(encoding="utf-8") for p in named or pages()}
    texts = {str(p.relative_to(_ROOT)): prose(text) for p, text in read.items()}
    if not named:
        texts["podpath/requirements"] = requirements()
    found = [(name, result) for name, text in texts.items() for result in findings(name, text)]
    for name, result in found:
        sys.stdout.write(f"{name}:{result.pos[0]}: {result.check_result.message}")
        sys.stdout.write(f" [{result.check_result.check_path}]\n")
    return 1 if found else 0


if __name__ == "__main__":
    register()
    sys.exit(main(sys.argv[1:]))
