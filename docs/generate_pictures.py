"""Draw the pictures of README and docs from two reports, as podpath's own page draws paths.

python docs/generate_pictures.py PROVED BROKEN    directories with the reports of a run each

The reports: of the test of PATH-ICMP, on the reference plugin and on examples/past-the-bridge. The
drawings follow the reader's light or dark theme, also where a page shows them as images.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from podpath.report import loading
from podpath.report.page import topology

_STATIC = Path(__file__).parent / "_static"
_STYLES = Path(topology.__file__).with_name("page.css")
#: Rules of the page's style that colour a drawing, each on one line.
_OF_DRAWINGS = re.compile(r"^\.(?:drawing|band|edge|mark|sign|chip)\b.*$", re.MULTILINE)


def picture(report: Path) -> str:
    """Return the drawing of a report's first observation as an image with its own colours.

    Args:
        report: report.json, or the directory that holds it.

    Raises:
        CouldNotTest: the report cannot be read.
    """
    document = loading.read(report)
    tests = (test for r in document["requirements"] for test in r["tests"])
    evidence = next(e for test in tests for e in test["evidence"])
    svg = topology.of_topology(evidence)
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(
        "<title>", f"<style>\n{_style()}</style><title>", 1
    )


def _style() -> str:
    """Return the colours of both themes, and the rules of drawings."""
    css = _STYLES.read_text(encoding="utf-8")
    colours = css[: css.index("@media print")]
    return colours + "\n".join(_OF_DRAWINGS.findall(css)) + "\n"


def main(arguments: list[str]) -> None:
    """Write proved.svg and broken.svg."""
    for name, report in zip(("proved", "broken"), arguments, strict=True):
        (_STATIC / f"{name}.svg").write_text(picture(Path(report)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
