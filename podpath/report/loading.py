"""Read reports that earlier runs wrote."""

import json
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest
from podpath.report import verify
from podpath.report.document import KIND, NAME, VERSION, printable
from podpath.system import files

#: In bytes, more than the longest report, which holds the evidence of each test.
_MOST = 256 * 1024 * 1024
_REMEDY = "Name a report.json, or the directory of --podpath-report"


def read(path: Path) -> dict[str, Any]:
    """Read a report that meets the published format; whoever wrote it.

    Args:
        path: the report's file, or its directory.

    Raises:
        CouldNotTest: the file is no report, has another version, or does not meet the format.
    """
    document = read_any(path)
    if problems := verify.of_format(document):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise CouldNotTest(
            f"{path} does not meet the format of a {KIND}: {problems[0]}{more}",
            "podpath report verify lists what differs; read a report that podpath wrote",
        )
    # whoever wrote it, its texts control no terminal
    return dict(printable(document))


def read_any(path: Path) -> dict[str, Any]:
    """Read a document that says it is a report of this version.

    Args:
        path: the report's file, or its directory.

    Raises:
        CouldNotTest: the file is no report, or its format has another version.
    """
    file = path / NAME if path.is_dir() else path
    try:
        document = json.loads(files.read_text(file, _MOST))
    except OSError as error:
        raise CouldNotTest(f"{file} cannot be read: {error.strerror}", _REMEDY) from None
    except (ValueError, RecursionError) as error:
        raise CouldNotTest(f"{file} is no JSON document: {error}", _REMEDY) from None
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise CouldNotTest(f"{file} is no {KIND}", _REMEDY)
    if (version := document.get("apiVersion")) != VERSION:
        raise CouldNotTest(
            f"{file} has the apiVersion {version!r}, and this podpath reads {VERSION!r} only",
            "Run the suite again with this podpath, or read the report with the podpath of its run",
        )
    return document
