"""Reports that were written before: of this version, and of the one before it."""

import json
from pathlib import Path
from typing import Any

from podpath import files
from podpath.errors import CouldNotTest

#: What DIR of --podpath-report holds.
NAME = "report.json"
#: More than the longest report; each test has its evidence in it.
_MOST = 256 * 1024 * 1024
_KIND = "ConformanceReport"
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
    if not isinstance(document, dict) or document.get("kind") != _KIND:
        raise CouldNotTest(f"{file} is no {_KIND}", _REMEDY)
    return document
