"""Command `podpath requirements`: list, filter and explain requirements."""

import argparse
import difflib
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from podpath.cli import output
from podpath.cni.features import FEATURES, Feature
from podpath.errors import CouldNotTest
from podpath.model.language import width
from podpath.model.translation import translated
from podpath.nodes import kinds
from podpath.report import words
from podpath.requirements import (
    CORE,
    GROUPS,
    REQUIREMENTS,
    VENDOR,
    Level,
    Requirement,
    group,
    group_title,
    in_language,
)
from podpath.run import settings

#: Width of the column of levels.
_LEVEL = max(map(len, Level))


def add(commands: output.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "requirements",
        help="list the requirements, or explain some",
        description="List the requirements, podpath's and those that [tool.podpath] of the nearest"
        " pyproject.toml declares. With IDs, explain those.",
    )
    parser.add_argument("ids", nargs="*", metavar="ID")
    groups = f"{', '.join(GROUPS)}, or a vendor's"
    parser.add_argument("--group", metavar="GROUP", help=f"only those of a group: {groups}")
    parser.add_argument(
        "--feature",
        choices=(CORE, *FEATURES, VENDOR),
        help="only those of the core, of a feature that a conflist may configure, or of the vendor",
    )
    parser.add_argument(
        "--node",
        type=output.kind_name,
        metavar="KIND",
        help="only those that a kind of node can test",
    )
    parser.add_argument(
        "--level",
        choices=tuple(Level),
        help="only those that a specification requires (MUST) or recommends (SHOULD), or that"
        " podpath requires by its own judgement (JUDGEMENT)",
    )
    output.language_option(parser)
    output.json_option(parser)
    parser.set_defaults(run=partial(_run, parser))


def _known() -> dict[str, Requirement]:
    """Return podpath's requirements, and the vendor's for the working directory: id -> requirement.

    Raises:
        CouldNotTest: a pyproject.toml or the file of the vendor's requirements is malformed.
    """
    path = settings.requirements_file([Path.cwd()])
    try:
        return REQUIREMENTS | (settings.requirements(path) if path else {})
    except ValueError as error:
        raise CouldNotTest(str(error), "Correct it") from None


def _run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    known, language = _known(), output.language(options)
    ids = [text.upper() for text in options.ids]
    groups = list(dict.fromkeys(map(group, known)))
    _check(parser, "requirement", ids, known)
    _check(parser, "group", [options.group] if options.group else [], groups)
    requirements = [
        r
        for r in known.values()
        if (not ids or r.id in ids)
        and options.group in (None, group(r.id))
        and (options.feature is None or _is_of(r, options.feature))
        and options.level in (None, r.level)
        and (options.node is None or kinds.named(options.node).can_test(r))
    ]
    if options.json:
        output.write_json({"requirements": [_document(r) for r in requirements]})
    elif ids:
        output.write("\n\n".join(_explained(r, language) for r in requirements))
    else:
        _list(requirements, language)
        if options.feature in FEATURES and not any(
            _is_of(r, options.feature) for r in REQUIREMENTS.values()
        ):
            output.write(_without(FEATURES[options.feature]))
    return 0


def _check(
    parser: argparse.ArgumentParser, noun: str, names: Iterable[str], known: Iterable[str]
) -> None:
    """End the command with a usage error if a name is unknown."""
    for name in names:
        if name not in known:
            alike = difflib.get_close_matches(name, known, 3)
            hint = f"; similar: {', '.join(alike)}" if alike else ""
            parser.error(f"there is no {noun} {name}{hint}")


def _is_of(requirement: Requirement, feature: str) -> bool:
    """Return whether a requirement belongs to a feature, or also covers it if a conflist has it."""
    shown = FEATURES[feature].shown if feature in FEATURES else ()
    return requirement.feature == feature or requirement.id in shown


def _without(feature: Feature) -> str:
    """Explain why a feature has no requirements of its own."""
    return (
        f"{feature.name}: the others are tested with it, where the conflist has {feature.setting}."
    )


def _document(requirement: Requirement) -> dict[str, Any]:
    return {
        "id": requirement.id,
        "title": requirement.title,
        "group": group(requirement.id),
        "feature": requirement.feature,
        "sentence": requirement.sentence,
        "why": requirement.why,
        "how": requirement.how,
        "usually": requirement.usually,
        "look": _commands(requirement),
        "level": requirement.level,
        **({"mustSince": requirement.must_since} if requirement.must_since else {}),
        "source": requirement.source,
        "nodes": kinds.testing(requirement),
    }


def _commands(requirement: Requirement) -> list[str]:
    return requirement.commands("NODE", "BRIDGE")


def _list(requirements: list[Requirement], language: str) -> None:
    columns = max(len(r.id) for r in (*REQUIREMENTS.values(), *requirements))
    for prefix in dict.fromkeys(group(r.id) for r in requirements):
        members = [r for r in requirements if group(r.id) == prefix]
        own = words.say("vendor's", language, group=prefix)
        title = group_title(prefix, language) if prefix in GROUPS else own
        output.write(f"{title} ({len(members)})")
        for requirement in members:
            head = f"  {requirement.id:<{columns}}  {requirement.level}"
            sentence = in_language(requirement, language).sentence
            output.write(output.hanging(head, sentence, columns + _LEVEL + 4))


def _explained(requirement: Requirement, language: str) -> str:
    """Explain a requirement. Why and how are in English only."""
    shown = in_language(requirement, language)
    texts = {
        "why": requirement.why,
        "checked": requirement.how,
        "usually": shown.usually,
        "level": translated(requirement.about_level, language),
        "source": translated(f"{requirement.source}." if requirement.source else "", language),
        "feature": _condition(requirement.feature),
        "on": ", ".join(kinds.testing(requirement)),
    }
    heads = {key: words.say(key, language) for key in texts}
    columns = max(map(width, heads.values()))
    lines = [
        f"{requirement.id}: {shown.title}",
        "",
        output.hanging("", shown.sentence, 0).strip(),
        "",
        *(output.hanging(heads[key], text, columns) for key, text in texts.items() if text),
    ]
    if look := _commands(requirement):
        lines += ["", words.say("look", language), *(f"  {command}" for command in look)]
    return "\n".join(lines)


def _condition(feature: str) -> str:
    """Return when a feature is tested; empty for the core and for the vendor's own."""
    if feature not in FEATURES:
        return ""
    return f"{feature}, where the conflist has {FEATURES[feature].setting}."
