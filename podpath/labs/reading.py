"""Read labs from their TOML files. The format: docs/teaching.md."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from podpath.labs.facts import FACTS
from podpath.labs.lab import LEVELS, Fact, Hint, Lab, Task
from podpath.testing import REQUIREMENTS, CouldNotTest
from podpath.testing.language import LANGUAGES, Text

T = TypeVar("T")

#: Directory of the labs that come with podpath.
SHIPPED = Path(__file__).parent / "files"
#: Version of the format that this podpath reads.
FORMAT = 1
#: Pods on the node of every lab.
PODS = ("client", "server", "bystander")
_BYTES = 1 << 20
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")

_TOP = ("format", "points", "level", *LANGUAGES, "task", "hint", "solution")
#: Keys that may also stand at the end of a file.
_LAST = ("solution", "starter")
_OPTIONAL = ("fault", "conflist", "profile", "plugin", "starter")


class Malformed(ValueError):
    """A file that is no lab, with the key that is wrong."""


def shipped() -> tuple[Lab, ...]:
    """Return the labs that come with podpath, the easiest first."""
    return ordered(load(path) for path in SHIPPED.glob("*.toml"))


def ordered(labs: Any) -> tuple[Lab, ...]:
    """Return labs in the order of lists: by level, points and name. Pure."""
    return tuple(sorted(labs, key=lambda lab: (LEVELS.index(lab.level), lab.points, lab.name)))


def names() -> tuple[str, ...]:
    """Return the names of the labs that come with podpath."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def path_of(name: str) -> Path:
    """Return the file of a lab.

    Args:
        name: name of a lab that comes with podpath, or the path of a file.

    Raises:
        CouldNotTest: no such lab exists.
    """
    if name in names():
        return SHIPPED / f"{name}.toml"
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return path
    raise CouldNotTest(
        f"there is no lab {name!r}",
        f"Name a lab's TOML file, or one of: {', '.join(names())}",
    )


def load(path: Path) -> Lab:
    """Read a lab from its file.

    Raises:
        CouldNotTest: the file is malformed; the message names the key.
    """
    try:
        if path.stat().st_size > _BYTES:
            raise Malformed(f"the file has more than {_BYTES >> 20} MiB")
        return parse(path.stem, lifted(tomllib.loads(path.read_text(encoding="utf-8"))))
    except RecursionError:
        reason = "nested too deeply"
    except (OSError, ValueError) as error:
        reason = str(error)
    raise CouldNotTest(f"the lab {path} is malformed: {reason}", "See docs/teaching.md")


def lifted(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Move the texts that stand at the end of a file to its top, where they belong. Pure.

    In TOML, what follows a [[hint]] is a part of it. Readers want the solution last, all the same.
    """
    top = dict(data)
    for key in ("hint", "task"):
        tables = data.get(key)
        if isinstance(tables, list) and tables and isinstance(tables[-1], dict):
            last = {name: value for name, value in tables[-1].items() if name not in _LAST}
            moved = {name: tables[-1][name] for name in _LAST if name in tables[-1]}
            if moved and not moved.keys() & data.keys():
                top |= {**moved, key: [*tables[:-1], last]}
    return top


def parse(name: str, data: Mapping[str, Any]) -> Lab:
    """Make a lab of the tables of its file. Pure.

    Raises:
        Malformed: a key is missing, unknown or wrong.
    """
    if not _NAME.fullmatch(name):
        raise Malformed(f"a lab's name has small letters, digits and hyphens, not {name!r}")
    _only(data, (*_TOP, *_OPTIONAL), "the lab")
    if _value(data, "format", int, "the lab") != FORMAT:
        raise Malformed(f"this podpath reads format {FORMAT}, not {data['format']}")
    lab = Lab(
        name=name,
        points=_value(data, "points", int, "the lab"),
        level=_value(data, "level", str, "the lab"),
        title=_heading(data, "title"),
        story=_heading(data, "story"),
        tasks=tuple(_task(table) for table in _tables(data, "task")),
        hints=tuple(_hint(table, n) for n, table in enumerate(_tables(data, "hint"), 1)),
        solution=_value(data, "solution", str, "the lab"),
        **{key: _value(data, key, str, "the lab") for key in _OPTIONAL if key in data},
    )
    _check(lab)
    return lab


def _check(lab: Lab) -> None:
    """Check what several keys of a lab say together."""
    if lab.level not in LEVELS:
        raise Malformed(f"level is one of {', '.join(LEVELS)}, not {lab.level!r}")
    if not lab.tasks:
        raise Malformed("a lab has at least one [[task]]")
    ids = [task.id for task in lab.tasks]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise Malformed(f"two tasks have the id {twice[0]!r}")
    if (total := sum(task.points for task in lab.tasks)) != lab.points:
        raise Malformed(f"points is {lab.points}, but the tasks have {total} together")
    if bool(lab.plugin) is not bool(lab.starter):
        raise Malformed("plugin and starter stand together")
    if lab.plugin and not lab.conflist:
        raise Malformed("a lab with a plugin has a conflist that names it")
    if lab.conflist:
        _json(lab.conflist)


def _json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise Malformed(f"conflist is no JSON: {error}") from None


def _heading(data: Mapping[str, Any], key: str) -> Text:
    """Return the title or the story, which each language has in a table of its own."""
    texts: dict[str, str] = {}
    for language in (name for name in LANGUAGES if name in data):
        table: Mapping[str, Any] = _value(data, language, dict, "the lab")
        _only(table, ("title", "story"), f"[{language}]")
        texts[language] = _value(table, key, str, f"[{language}]").strip()
    return _complete(texts, "the lab")


def _text(table: Mapping[str, Any], where: str) -> Text:
    given = {lang: _value(table, lang, str, where).strip() for lang in LANGUAGES if lang in table}
    return _complete(given, where)


def _complete(texts: Mapping[str, str], where: str) -> Text:
    """Return a text in all languages: one that a lab lacks is in a language that it has."""
    if not texts:
        raise Malformed(f"{where} has no text: {' or '.join(LANGUAGES)}")
    first = next(iter(texts.values()))
    return Text(**{language: texts.get(language, first) for language in LANGUAGES})


def _task(table: Mapping[str, Any]) -> Task:
    identifier = _value(table, "id", str, "a [[task]]")
    where = f"task {identifier!r}"
    if not _NAME.fullmatch(identifier):
        raise Malformed(f"{where}: an id has small letters, digits and hyphens")
    _only(table, ("id", "points", *LANGUAGES, "answer", "conforms", "reasons"), where)
    points = _value(table, "points", int, where)
    if points < 1:
        raise Malformed(f"{where}: points is at least 1")
    if ("answer" in table) is ("conforms" in table):
        raise Malformed(f"{where} has either an answer or conforms")
    if "answer" in table:
        fact = _fact(_value(table, "answer", str, where), where)
        if "reasons" in table:
            raise Malformed(f"{where}: reasons stands beside conforms")
        return Task(identifier, points, _text(table, where), answer=fact)
    conforms, reasons = _requirements(table, where)
    return Task(identifier, points, _text(table, where), conforms=conforms, reasons=reasons)


def _fact(text: str, where: str) -> Fact:
    words = text.split()
    name, pods = (words[0], tuple(words[1:])) if words else ("", ())
    if name not in FACTS:
        raise Malformed(f"{where}: there is no fact {name!r}; there are: {', '.join(FACTS)}")
    if len(pods) != FACTS[name].pods or not set(pods) <= set(PODS):
        raise Malformed(f"{where}: {name} takes {FACTS[name].pods} of {', '.join(PODS)}")
    return Fact(name, pods)


def _requirements(
    table: Mapping[str, Any], where: str
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    conforms: tuple[str, ...] = tuple(_value(table, "conforms", list, where))
    reasons: Mapping[str, Any] = dict.fromkeys(conforms, "")
    if "reasons" in table:
        reasons = _value(table, "reasons", dict, where)
    for identifier in conforms:
        if identifier not in REQUIREMENTS:
            raise Malformed(f"{where}: there is no requirement {identifier!r}")
    for identifier, text in reasons.items():
        if identifier not in conforms:
            raise Malformed(f"{where}: {identifier} has a reason, and is not in conforms")
        if not isinstance(text, str) or ("reasons" in table and not text.strip()):
            raise Malformed(f"{where}: the reason of {identifier} is a text")
    if not reasons:
        raise Malformed(f"{where}: at least one requirement has a reason why it is red at first")
    return conforms, reasons


def _hint(table: Mapping[str, Any], number: int) -> Hint:
    where = f"hint {number}"
    _only(table, (*LANGUAGES, "cost"), where)
    cost = _value(table, "cost", int, where) if "cost" in table else 0
    if cost < 0:
        raise Malformed(f"{where}: cost is 0 or more")
    return Hint(_text(table, where), cost)


def _tables(data: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    tables = data.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise Malformed(f"{key} is written as [[{key}]]")
    return tables


def _only(table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    if unknown := [key for key in table if key not in keys]:
        raise Malformed(f"{where} has an unknown key {unknown[0]!r}")


def _value(table: Mapping[str, Any], key: str, kind: Callable[..., T], where: str) -> T:
    """Return a value of a kind; a bool is no int."""
    names = {int: "a number", str: "a text", dict: "a table", list: "a list"}
    if key not in table:
        raise Malformed(f"{where} lacks {key!r}")
    if type(table[key]) is not kind:
        raise Malformed(f"{where}: {key!r} is {names[kind]}")  # type: ignore[index]
    value: T = table[key]
    return value
