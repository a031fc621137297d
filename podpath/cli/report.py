"""Command `podpath report`: show, verify, compare and render reports of test runs."""

import argparse
from pathlib import Path
from typing import Any

from podpath.cli import output
from podpath.model.translation import translated

#: Verdict of a run -> style of its line.
_COLOURS = {"conforms": "green", "does not conform": "red"}


def add(commands: output.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "report",
        help="show a report, see whether it was edited, compare two, make a page",
        description="Read what pytest --podpath-report DIR has left.",
    )
    actions = parser.add_subparsers(metavar="ACTION")
    output.needs_command(parser)
    _add_show(actions)
    _add_verify(actions)
    _add_compare(actions)
    _add_render(actions)
    _add_badge(actions)
    _add_metrics(actions)


def _file(parser: argparse.ArgumentParser, name: str = "file") -> None:
    text = "a report.json, or the directory that has it"
    parser.add_argument(name, type=Path, metavar=name.upper(), help=text)


def _add_show(actions: output.Commands) -> None:
    parser = actions.add_parser(
        "show",
        help="write the verdict of a report, and why",
        description="Write the verdict of a report, each failure with what was seen, and the"
        " verdict on each requirement. Exit status: that of the run, 0, 1 or 6; always 0 with"
        " --markdown and --annotations, which pass a report on.",
    )
    _file(parser)
    parser.add_argument("--all", action="store_true", help="also what was not run")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="for the job summary of a CI")
    form.add_argument("--annotations", action="store_true", help="as GitHub's workflow commands")
    output.json_option(form)
    output.language_option(parser)
    parser.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> int:
    from podpath.report import compare, conclusion, findings, loading, summary
    from podpath.report.outcome import Verdict

    document = loading.read(options.file)
    if options.markdown or options.annotations:
        return _show_to_ci(document, as_markdown=options.markdown)
    requirements = document["requirements"]
    concluded = conclusion.of(document, language := output.language(options))
    if not options.all:
        requirements = [r for r in requirements if r["verdict"] != Verdict.NOT_RUN]
    if options.json:
        verdicts = {r["id"]: r["verdict"] for r in requirements}
        features = compare.features(document)
        of_run = {name: document[name] for name in ("verdict", "complete")}
        output.write_json({**of_run, "features": features, "requirements": verdicts})
        return concluded.status
    verdict = f"podpath: {concluded.line}", _COLOURS.get(concluded.verdict, "yellow")
    output.write_styled(*verdict)
    output.write("")
    for text, style in findings.failures(document, str, language):
        output.write_styled(text, style)
    for line in summary.consequences(document):
        output.write(output.hanging("", translated(line, language), 0))
    for text, style in findings.table(requirements, language):
        output.write_styled(text, style)
    _show_results(document, language)
    _show_environment(document, language)
    output.write("")
    output.write_styled(*verdict)  # again, as a run ends with it: `tail` and a long page show it
    return concluded.status


def _show_environment(document: dict[str, Any], language: str) -> None:
    output.write(f"\n{translated('environment', language)}")
    width = max((len(n) for n in document["environment"]), default=0)
    for name, text in document["environment"].items():
        output.write(output.hanging(name, text, width))


def _show_results(document: dict[str, Any], language: str) -> None:
    from podpath.report import words

    features = [f for profile in document["profiles"] for f in profile["features"]]
    groups = document.get("groups", [])
    width = max((len(result["name"]) for result in (*features, *groups)), default=0)
    for title, results in (("features", features), ("the vendor's own", groups)):
        if results:
            output.write(f"\n{translated(title, language)}")
        for result in results:
            head = f"{result['name']:<{width}}  {translated(result['result'], language)}"
            reason = translated(result.get("reason", ""), language)
            reason = reason or words.counted(result["counts"], language)
            output.write(output.hanging(head, reason, width + 12))


def _show_to_ci(document: dict[str, Any], *, as_markdown: bool) -> int:
    from podpath.report import summary

    if as_markdown:
        output.write(summary.markdown(document))
    else:
        for line in summary.annotations(document):
            output.write(line)
    return 0


def _add_verify(actions: output.Commands) -> None:
    parser = actions.add_parser(
        "verify",
        help="see whether a report is as podpath wrote it",
        description="See whether a report meets the published format, was edited, or does not agree"
        " with itself. Exit status 1 if so.",
    )
    _file(parser)
    parser.add_argument(
        "--digest",
        metavar="SHA256",
        help="the digest that it must have, as the run that wrote it told",
    )
    output.json_option(parser)
    parser.set_defaults(run=_verify)


def _verify(options: argparse.Namespace) -> int:
    from podpath.report import loading, verify

    document = loading.read_any(options.file)
    problems = verify.problems(document)
    digest = str(document.get("digest", ""))
    if options.digest not in (None, digest):
        problems.append(f"its digest is {digest or 'missing'}, and not {options.digest}")
    if options.json:
        output.write_json({"verified": not problems, "digest": digest, "problems": problems})
    elif problems:
        output.write("\n".join(f"{options.file}: {problem}" for problem in problems))
    else:
        output.write(f"{options.file}: as podpath wrote it ({digest})")
    return 1 if problems else 0


def _add_compare(actions: output.Commands) -> None:
    parser = actions.add_parser(
        "compare",
        help="list what changed between two reports",
        description="List what regressed, is no longer tested, was fixed, is new or gone. Exit"
        " status 1 if something regressed or is no longer tested, or is new and does not conform.",
    )
    _file(parser, "old")
    _file(parser, "new")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="for the job summary of a CI")
    output.json_option(form)
    parser.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> int:
    from podpath.report import compare, loading

    comparison = compare.of(loading.read(options.old), loading.read(options.new))
    if options.json:
        output.write_json(compare.document(comparison))
    else:
        output.write(compare.markdown(comparison) if options.markdown else compare.text(comparison))
    return int(comparison.worse)


def _add_render(actions: output.Commands) -> None:
    parser = actions.add_parser(
        "render",
        help="make an HTML page of a report",
        description="Make one HTML page of a report, which needs no network and no other file.",
    )
    _file(parser)
    _output_option(parser)
    parser.set_defaults(run=_render)


def _output_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="the file to write"
    )


def _render(options: argparse.Namespace) -> int:
    from podpath.report import loading, page

    return _write(options.output, page.render(loading.read(options.file)))


def _write(path: Path, text: str) -> int:
    from podpath.errors import CouldNotTest

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CouldNotTest(
            f"{path} cannot be written: {error.strerror}", "Name another file with -o"
        ) from None
    return 0


def _add_badge(actions: output.Commands) -> None:
    parser = actions.add_parser("badge", help="make a badge of a report, as SVG")
    _file(parser)
    _output_option(parser)
    parser.set_defaults(run=_badge)


def _badge(options: argparse.Namespace) -> int:
    from podpath.report import loading, summary

    return _write(options.output, summary.badge(loading.read(options.file)))


def _add_metrics(actions: output.Commands) -> None:
    parser = actions.add_parser(
        "metrics",
        help="write a report in Prometheus' text format",
        description="Write a report in Prometheus' text format, such as for the textfile collector"
        " of node_exporter.",
    )
    _file(parser)
    parser.add_argument(
        "--node", default="", metavar="NAME", help="value of the label node (default: the report's)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="the file to write (default: stdout)"
    )
    parser.set_defaults(run=_metrics)


def _metrics(options: argparse.Namespace) -> int:
    from podpath.report import loading, metrics

    text = metrics.text(loading.read(options.file), options.node)
    if options.output:
        return _write(options.output, text)
    output.write(text.removesuffix("\n"))
    return 0
