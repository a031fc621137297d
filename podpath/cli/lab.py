"""Command `podpath lab`: list labs, work in one, grade submissions, test labs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from podpath.cli import lab_results, output
from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest

if TYPE_CHECKING:
    from podpath.labs.grading import Grade
    from podpath.labs.lab import Lab


def add(commands: output.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "lab",
        help="broken nodes to fix: list, start, check, test",
        description="Labs: each is a broken node, with tasks. Without a subcommand, list them.",
    )
    output.language_option(parser)
    output.json_option(parser)
    parser.set_defaults(run=_list)
    inner = parser.add_subparsers(metavar="COMMAND")
    _add_start(inner)
    _add_check(inner)
    _add_test(inner)


def _add_start(commands: output.Commands) -> None:
    start = commands.add_parser(
        "start",
        help="open a shell on a lab's node",
        description="Open a shell on the lab's node. In it: lab check, lab hint, lab answer.",
    )
    start.add_argument("lab", metavar="LAB", help="name of a lab, or its TOML file")
    output.language_option(start)
    start.set_defaults(run=_start)


def _add_check(commands: output.Commands) -> None:
    check = commands.add_parser(
        "check",
        help="grade submissions, each on a fresh node",
        description="Replay each submission on a fresh node, and grade it. Exit status 0 if all"
        " tasks of all submissions pass, 1 if not, 6 if podpath could not test.",
    )
    check.add_argument("lab", metavar="LAB", help="name of a lab, or its TOML file")
    check.add_argument("submissions", metavar="SUBMISSION", nargs="+", help="script, or plugin")
    _workers(check)
    check.add_argument(
        "--seconds",
        metavar="N",
        type=_positive,
        default=20.0,
        help="how long a submission may run (default: 20)",
    )
    check.add_argument("--csv", metavar="FILE", help="write a row for each submission")
    check.add_argument("--gradescope", metavar="FILE", help="write results.json of Gradescope")
    check.add_argument(
        "--classroom",
        metavar="FILE",
        help="append result=... for GitHub Classroom's reporter; mostly $GITHUB_OUTPUT",
    )
    output.language_option(check)
    check.set_defaults(run=_check)


def _add_test(commands: output.Commands) -> None:
    test = commands.add_parser(
        "test",
        help="for authors: test labs with their own solutions",
        description="Each task must be red before the lab's solution, for the reason that the lab"
        " names, and green after it.",
    )
    test.add_argument("labs", metavar="FILE", nargs="*", help="default: all that come with podpath")
    _workers(test)
    output.language_option(test)
    test.set_defaults(run=_test)


def _workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-n", metavar="N", dest="workers", default="", help="number of processes, or auto"
    )


def _positive(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"a number of seconds up to 3600, not {text!r}")
    return seconds


def _list(options: argparse.Namespace) -> int:
    from podpath.labs import done, reading
    from podpath.labs.words import say
    from podpath.model.language import padded

    lang, solved = output.language(options), done.names()
    labs = reading.shipped()
    if options.json:
        output.write_json({"labs": [_json(lab, lab.name in solved) for lab in labs]})
        return 0
    heads = [say(key, lang) for key in ("lab", "level", "points", "done", "title")]
    rows = [
        [
            lab.name,
            say(lab.level, lang),
            str(lab.points),
            say("yes", lang) if lab.name in solved else "",
            lab.title.in_language(lang),
        ]
        for lab in labs
    ]
    for row in (heads, *rows):
        cells = [padded(text, columns) for text, columns in zip(row, (18, 8, 8, 6, 0), strict=True)]
        output.write("".join(cells).rstrip())
    output.write("")
    output.write(say("begin", lang, lab=labs[0].name))
    return 0


def _json(lab: "Lab", solved: bool) -> dict[str, object]:
    return {
        "name": lab.name,
        "level": lab.level,
        "points": lab.points,
        "title": {"en": lab.title.en, "zh": lab.title.zh},
        "tasks": [task.id for task in lab.tasks],
        "done": solved,
    }


def _start(options: argparse.Namespace) -> int:
    from podpath.labs import done, reading, session
    from podpath.run import checks

    checks.root()
    lab = reading.load(reading.path_of(options.lab))
    status, solved = session.start(lab, output.language(options), Path.cwd(), _progress)
    if solved:
        done.add(lab.name)
    return status


def _check(options: argparse.Namespace) -> int:
    from podpath.labs import grading, outputs, reading, run, submission
    from podpath.labs.words import say
    from podpath.run import checks

    path = reading.path_of(options.lab)
    lab, lang = reading.load(path), output.language(options)
    submissions = list(dict.fromkeys(options.submissions))
    for one in (options.gradescope, options.classroom):
        if one and len(submissions) > 1:
            raise CouldNotTest("such a result is of one submission", "Give one, or use --csv")
    submission.check(lab, submissions)
    for file in filter(None, (options.csv, options.gradescope, options.classroom)):
        lab_results.check_writable(file)
    checks.root()
    if sys.stderr.isatty():
        _progress("each submission is replayed on a fresh node, and its tasks are checked")
    known: dict[str, Grade] = {}
    try:
        grades = run.graded(
            [path],
            submissions,
            workers=options.workers,
            seconds=options.seconds,
            told=lambda grade: _take(known, grade, len(submissions)),
        )
    except (CouldNotTest, KeyboardInterrupt) as error:
        _tell(lab, [known[name] for name in submissions if name in known], options, many=True)
        if isinstance(error, KeyboardInterrupt):
            _progress(say("interrupted", lang, done=len(known), count=len(submissions)))
        raise
    _tell(lab, grades, options, many=len(submissions) > 1)
    texts = [task.text.in_language(lang) for task in lab.tasks]
    if options.gradescope:
        lab_results.write(options.gradescope, outputs.as_gradescope(grades[0], texts))
    if options.classroom:
        result = outputs.as_classroom(grades[0], texts)
        lab_results.append(options.classroom, f"result={result}\n")
    return grading.exit_status(grades, COULD_NOT_TEST_STATUS)


def _take(known: dict[str, "Grade"], grade: "Grade", count: int) -> None:
    """Keep a grade as soon as it is known, and show on a terminal how many are."""
    known[grade.submission] = grade
    if count > 1 and sys.stderr.isatty():
        points = lab_results.points(grade)
        _progress(f"{len(known)} of {count} graded: {grade.submission} {points}")


def _tell(
    lab: "Lab", grades: Sequence["Grade"], options: argparse.Namespace, *, many: bool
) -> None:
    """Show grades, and write them as CSV: a row for each of many, else a line for each task."""
    from podpath.labs import outputs, story

    if not grades:
        return
    lang, (grade, *_) = output.language(options), grades
    if many:
        lines = lab_results.table(grades, lang)
    else:
        lines = [*story.table(lab, grade, lang), *filter(None, (grade.problem, grade.note))]
    for line in lines:
        output.write(line)
    if options.csv:
        lab_results.write(options.csv, outputs.as_csv(grades))


def _test(options: argparse.Namespace) -> int:
    from podpath.labs import grading, reading, run
    from podpath.run import checks

    checks.root()
    paths: Sequence[Path] = [reading.path_of(name) for name in options.labs]
    paths = paths or [reading.path_of(name) for name in reading.names()]
    for path in paths:
        reading.load(path)
    grades = run.graded(paths, [], workers=options.workers, told=_tell_test)
    return grading.exit_status(grades, COULD_NOT_TEST_STATUS)


def _tell_test(grade: "Grade") -> None:
    sign = "✓" if grade.passed else "?" if grade.could_not_test else "✗"
    tasks = ", ".join(mark.task for mark in grade.marks)
    seconds = max(mark.seconds for mark in grade.marks)
    output.write(f"{sign} {grade.lab:<18} {seconds:5.1f} s  {tasks}")
    for mark in grade.marks:
        if mark.message:
            output.write(f"    {mark.task}: {mark.message}")
    sys.stdout.flush()


def _progress(message: str) -> None:
    sys.stderr.write(f"podpath: {message}\n")
