"""`podpath report`: show, verify, compare and render what test runs have left."""

import argparse
from pathlib import Path

from podpath.cli import output


def add(commands: output.Commands, _: argparse.ArgumentParser) -> None:
    """Make the command known."""
    parser = commands.add_parser(
        "report",
        help="show a report",
        description="Read what pytest --podpath-report DIR has left.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _add_show(actions)


def _file(parser: argparse.ArgumentParser, name: str = "file") -> None:
    said = "a report.json, or the directory that has it"
    given = parser.add_argument(name, type=Path, metavar=name.upper(), help=said)
    output.completed(given, output.FILES)


def _add_show(actions: output.Commands) -> None:
    parser = actions.add_parser("show", help="write the verdicts of a report")
    _file(parser)
    parser.add_argument("--all", action="store_true", help="also what was not run")
    output.json_option(parser)
    parser.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> int:
    from podpath import reading
    from podpath.report import NOT_RUN

    document = reading.read(options.file)
    told = [r for r in document["requirements"] if options.all or r["verdict"] != NOT_RUN]
    if options.json:
        verdicts = {r["id"]: r["verdict"] for r in told}
        output.write_json({"verdict": document["verdict"], "requirements": verdicts})
        return 0
    width = max((len(n) for n in document["environment"]), default=0)
    for name, text in document["environment"].items():
        output.write(output.hanging(name, text, width))
    output.write("")
    columns = max((len(r["id"]) for r in told), default=0)
    for one in told:
        head = f"{one['id']:<{columns}}  {one['verdict']}"
        output.write(output.hanging(head, one["sentence"], columns + 18))
    output.write(f"\n{document['verdict']}")
    return 0
