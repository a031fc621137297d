"""Reports that were written before: of this version, and of the one before it."""

import json
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest
from podpath.report.document import KIND, NAME, VERSION
from podpath.system import files

#: More than the longest report; each test has its evidence in it.
_MOST = 256 * 1024 * 1024
_REMEDY = "Name a report.json, or the directory of --podpath-report"


def read(path: Path) -> dict[str, Any]:
    """A report, by its file or its directory. Raises CouldNotTest if it is none."""
    file = path / NAME if path.is_dir() else path
    try:
        document = json.loads(files.read_text(file, _MOST))
    except OSError as error:
        raise CouldNotTest(f"{file} cannot be read: {error.strerror}", _REMEDY) from None
    except (ValueError, RecursionError) as error:
        raise CouldNotTest(f"{file} is no JSON document: {error}", _REMEDY) from None
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise CouldNotTest(f"{file} is no {KIND}", _REMEDY)
    return document


def current(document: dict[str, Any]) -> dict[str, Any]:
    """The same report. Raises CouldNotTest for one of another version."""
    if document.get("apiVersion") != VERSION:
        raise CouldNotTest(
            f"a report of version {document.get('apiVersion')!r} has not all that is needed here",
            f"Run the suite again with this podpath, which writes {VERSION!r}",
        )
    return document
