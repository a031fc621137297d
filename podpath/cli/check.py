"""Command `podpath check`: read, explain and judge configurations, without a run."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from podpath.cli import output
from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest

if TYPE_CHECKING:
    from podpath.check.review import Review

_DESCRIPTION = (
    "Read CNI configurations, draw the path of packets, and list mistakes. It starts nothing, and"
    " needs neither root nor plugins. Exit status 1 if a file has a mistake; 6 if a file cannot be"
    " judged, as it cannot be read or a program fills it in later."
)


def add(commands: output.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "check",
        help="explain a conflist and list its mistakes, without a run",
        description=_DESCRIPTION,
    )
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="conflist, a plugin's .conf, or a directory of them such as /etc/cni/net.d",
    )
    parser.add_argument("--profile", metavar="NAME|FILE", default="", help="as --podpath-profile")
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="print mistakes and verdicts alone"
    )
    output.language_option(parser)
    output.json_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from podpath.check import document, review

    reviews = [
        review.of_file(path, options.profile) for given in options.files for path in _files(given)
    ]
    if options.json:
        output.write_json({"files": [document.of(reviewed) for reviewed in reviews]})
    else:
        for number, reviewed in enumerate(reviews):
            if number and not options.quiet:
                output.write("")
            for line in document.lines(reviewed, output.language(options), quiet=options.quiet):
                output.write(line)
    return _status(reviews)


def _files(path: Path) -> Iterator[Path]:
    """Yield a file, or those of a directory that a runtime reads.

    Raises:
        CouldNotTest: the directory has none.
    """
    from podpath.cni import conflist

    if not path.is_dir():
        yield path
        return
    named = sorted(p for p in path.iterdir() if p.suffix in conflist.SUFFIXES and p.is_file())
    if not named:
        raise CouldNotTest(
            f"the directory {path} has no network configuration",
            f"A runtime reads the files that end with {', '.join(conflist.SUFFIXES)}",
        )
    yield from named


def _status(reviews: "list[Review]") -> int:
    from podpath.check.findings import Verdict

    verdicts = {reviewed.verdict for reviewed in reviews}
    if Verdict.WRONG in verdicts:
        return 1
    return COULD_NOT_TEST_STATUS if Verdict.UNJUDGED in verdicts else 0
