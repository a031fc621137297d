"""Command `podpath requirements`: list, filter and explain requirements."""

import argparse
import difflib
from typing import Any

from podpath.cli import output
from podpath.cni.features import FEATURES, Feature
from podpath.nodes import kinds
from podpath.requirements import CORE, GROUPS, REQUIREMENTS, Requirement, group


def add(commands: output.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "requirements",
        help="list the requirements, or explain some",
        description="List what a conforming plugin does. With IDs, explain those.",
    )
    parser.add_argument("ids", nargs="*", type=_identifier, metavar="ID")
    parser.add_argument("--group", choices=list(GROUPS), help="only those of a group")
    parser.add_argument(
        "--feature",
        choices=(CORE, *FEATURES),
        help="only those of the core, or of a feature that a conflist may ask for",
    )
    parser.add_argument(
        "--node",
        type=output.kind_name,
        metavar="KIND",
        help="only those that can be looked at on a kind of node",
    )
    output.json_option(parser)
    parser.set_defaults(run=_run)


def _identifier(text: str) -> str:
    """Return a requirement's id; the text may be in any case."""
    if text.upper() in REQUIREMENTS:
        return text.upper()
    alike = difflib.get_close_matches(text.upper(), REQUIREMENTS, 3)
    hint = f"; similar: {', '.join(alike)}" if alike else ""
    raise argparse.ArgumentTypeError(f"there is no requirement {text}{hint}")


def _run(options: argparse.Namespace) -> int:
    requirements = [
        r
        for r in REQUIREMENTS.values()
        if (not options.ids or r.id in options.ids)
        and options.group in (None, group(r.id))
        and (options.feature is None or _is_of(r, options.feature))
        and (options.node is None or kinds.named(options.node).can_test(r))
    ]
    if options.json:
        output.write_json({"requirements": [_document(r) for r in requirements]})
    elif options.ids:
        output.write("\n\n".join(map(_explained, requirements)))
    else:
        _list(requirements)
        if options.feature in FEATURES and not any(
            _is_of(r, options.feature) for r in REQUIREMENTS.values()
        ):
            output.write(_without(FEATURES[options.feature]))
    return 0


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
        "group": group(requirement.id),
        "feature": requirement.feature,
        "sentence": requirement.sentence,
        "why": requirement.why,
        "how": requirement.how,
        "usually": requirement.usually,
        "look": _commands(requirement),
        "source": requirement.source,
        "nodes": kinds.testing(requirement),
    }


def _commands(requirement: Requirement) -> list[str]:
    return requirement.commands("NODE", "BRIDGE")


def _list(requirements: list[Requirement]) -> None:
    width = max(map(len, REQUIREMENTS))
    for prefix, title in GROUPS.items():
        members = [r for r in requirements if group(r.id) == prefix]
        if members:
            output.write(f"{title} ({len(members)})")
            for requirement in members:
                output.write(output.hanging(f"  {requirement.id}", requirement.sentence, width + 2))


def _explained(requirement: Requirement) -> str:
    width = len("Usually")
    lines = [
        output.hanging(requirement.id, requirement.sentence, len(requirement.id)),
        "",
        output.hanging("Why", requirement.why, width),
        output.hanging("Checked", requirement.how, width),
        output.hanging("Usually", requirement.usually, width),
    ]
    if requirement.source:
        lines.append(output.hanging("Source", f"{requirement.source}.", width))
    if requirement.feature in FEATURES:
        feature = (
            f"{requirement.feature}, where the conflist has {FEATURES[requirement.feature].setting}"
        )
        lines.append(output.hanging("Feature", f"{feature}.", width))
    lines.append(output.hanging("On", ", ".join(kinds.testing(requirement)), width))
    look = [f"  {command}" for command in _commands(requirement)]
    return "\n".join([*lines, "", "Look for yourself, on the node:", *look])
