"""Short forms of a report: job summary and annotations of a CI, and a badge. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from podpath.report import words
from podpath.report.compare import plain
from podpath.report.outcome import JUDGED, OF_WHAT_WAS_RUN, Verdict

_SIGNS = {
    "success": "✅",
    "partial": "🟡",
    "failure": "❌",
    "not applicable": "⚪",
    "not run": "⚪",
}
_COLOURS = {"success": "#1a7f37", "partial": "#9a6700", "failure": "#c0212e"}
_UNKNOWN_COLOUR = "#57606a"
#: Verdicts of the requirements that need attention, with the headings of their tables.
_ATTENTION = {
    Verdict.DOES_NOT_CONFORM: "Does not conform",
    Verdict.COULD_NOT_TEST: "Could not test",
    Verdict.KNOWN_DEVIATION: "Known deviation",
    Verdict.RECOMMENDED: "Recommended, not met",
}
#: GitHub shows fewer for one step.
_MOST_ANNOTATIONS = 10
#: Pixels of a badge; a letter has the average width of 11 px Verdana or DejaVu Sans.
_LETTER, _PADDING, _HEIGHT = 6, 10, 20


def part_run(document: Mapping[str, Any]) -> str:
    """Say which part of the tests was run; empty if all were."""
    if chosen := document.get("selection"):
        return f"{OF_WHAT_WAS_RUN}: tests of {chosen['run']} of {chosen['of']} requirements"
    return "" if document["complete"] else "broken off: not all was run"


def of_run(document: Mapping[str, Any]) -> str:
    """Put the verdict of the run into words, with the part of the tests that it is of."""
    verdict = str(document["verdict"]).removesuffix(f", {OF_WHAT_WAS_RUN}")
    return ", ".join(filter(None, [verdict, part_run(document)]))


def markdown(document: Mapping[str, Any]) -> str:
    """Format results, and the requirements that need attention, for the job summary of a CI."""
    part = part_run(document)
    parts = [f"**{part.capitalize()}.**", ""] if part else []
    for profile in document["profiles"]:
        head = f"## podpath, profile {plain(profile['name'])}: {_result(profile['result'])}"
        parts += [head, "", "| group | result | requirements |", "|---|---|---|"]
        parts += [
            f"| {plain(group['name'])} | {_result(group['result'])} |"
            f" {words.counted(group['counts'])} |"
            for feature in profile["features"][:1]  # the core
            for group in feature["groups"]
        ]
        parts += ["", "| feature | result | requirements |", "|---|---|---|"]
        parts += [
            f"| {plain(feature['name'])} | {_result(feature['result'])} |"
            f" {plain(feature['reason']) or words.counted(feature['counts'])} |"
            for feature in profile["features"]
        ]
        parts.append("")
    if own := document.get("groups"):
        parts += ["| the vendor's own | result | requirements |", "|---|---|---|"]
        parts += [
            f"| {plain(group['name'])} | {_result(group['result'])} |"
            f" {words.counted(group['counts'])} |"
            for group in own
        ]
        parts.append("")
    for verdict, heading in _ATTENTION.items():
        requirements = [r for r in document["requirements"] if r["verdict"] == verdict]
        if requirements:
            parts += [
                f"### {heading} ({len(requirements)})",
                "",
                "| | why |",
                "|---|---|",
            ]
            parts += [f"| `{r['id']}` | {plain(r['reason'])} |" for r in requirements]
            parts.append("")
    if lines := [f"- {plain(line)}" for line in consequences(document)]:
        parts += ["### Not run because of these", "", *lines, ""]
    command = document["reproduce"]["command"]
    if command and "`" not in command and "\n" not in command:
        parts += [f"Repeat it: `{command}`", ""]
    return "\n".join([*parts, f"Digest of the report: `{document['digest']}`"])


def _result(result: str) -> str:
    return f"{_SIGNS[result]} {result}"


def consequences(document: Mapping[str, Any], most: int = 0) -> list[str]:
    """List the reasons why requirements were not run, each once, with the requirements.

    Args:
        document: the report.
        most: number of requirements that are named for each reason; 0 for all.
    """
    names: dict[str, list[str]] = {}
    for one in document["requirements"]:
        if one["verdict"] == Verdict.NOT_RUN and one["tests"]:
            names.setdefault(one["reason"], []).append(one["id"])
    return [f"not run: {reason}: {_some(ids, most or len(ids))}" for reason, ids in names.items()]


def _some(ids: Sequence[str], most: int) -> str:
    more = len(ids) - most
    return ", ".join(ids[:most]) + (f" and {more} more" if more > 0 else "")


def annotations(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a workflow command of GitHub for each requirement that needs attention.

    "Does not conform" is an error, "could not test" a warning, a recommendation a notice.
    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    levels = {
        Verdict.DOES_NOT_CONFORM: "error",
        Verdict.COULD_NOT_TEST: "warning",
        Verdict.RECOMMENDED: "notice",
    }
    requirements = [r for r in document["requirements"] if r["verdict"] in levels]
    requirements.sort(key=lambda r: list(levels).index(r["verdict"]))
    for requirement in requirements[:_MOST_ANNOTATIONS]:
        title = _property(f"{requirement['id']} {requirement['verdict']}")
        message = _message(f"{requirement['sentence']}\n{requirement['reason']}")
        yield f"::{levels[requirement['verdict']]} title={title}::{message}"
    if (more := len(requirements) - _MOST_ANNOTATIONS) > 0:
        yield f"::notice title=podpath::and {more} more requirements, see the report"


def _message(text: str) -> str:
    """Escape a text as @actions/toolkit does, so that a plugin's text gives no commands."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def badge(document: Mapping[str, Any]) -> str:
    """Draw a badge as SVG: the profile, and how many judged requirements conform."""
    profile = next(iter(document["profiles"]), None)
    if profile is None:
        label, result, value = "podpath", "", "not run"
    else:
        counts = profile["counts"]
        label, result = f"podpath {profile['name']}", profile["result"]
        part = f"{result}, {OF_WHAT_WAS_RUN}:" if "selection" in document else f"{result},"
        value = f"{part} {_conform(counts)}"
    widths = [len(text) * _LETTER + 2 * _PADDING for text in (label, value)]
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(sum(widths)),
            "height": str(_HEIGHT),
            "role": "img",
            "aria-label": f"{label}: {value}",
        },
    )
    SubElement(svg, "title").text = f"{label}: {value}"
    colours = ("#32383f", _COLOURS.get(result, _UNKNOWN_COLOUR))
    left = 0
    for text, width, colour in zip((label, value), widths, colours, strict=True):
        _half(svg, text, left, width, colour)
        left += width
    return ElementTree.tostring(svg, encoding="unicode")


def _conform(counts: Mapping[str, int]) -> str:
    """Count the requirements that conform, as the last line of a run does."""
    judged = sum(counts.get(verdict, 0) for verdict in JUDGED)
    known, unrun = (counts.get(v, 0) for v in (Verdict.KNOWN_DEVIATION, Verdict.NOT_RUN))
    numbers = [f"{counts.get(Verdict.CONFORMS, 0)} of {judged}"]
    numbers += [f"{known} known deviation{'s' if known > 1 else ''}"] if known else []
    numbers += [f"{unrun} not run"] if unrun else []
    return ", ".join(numbers)


def _half(svg: Element, text: str, left: int, width: int, colour: str) -> None:
    box = {"x": str(left), "width": str(width), "height": str(_HEIGHT), "fill": colour}
    SubElement(svg, "rect", box)
    style = {
        "x": str(left + width / 2),
        "y": "14",
        "fill": "#fff",
        "text-anchor": "middle",
        "font-family": "Verdana, DejaVu Sans, sans-serif",
        "font-size": "11",
        "textLength": str(width - 2 * _PADDING),
    }
    SubElement(svg, "text", style).text = text
