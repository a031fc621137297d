"""The directory of a fleet's report: fleet.json, and the report of each node below nodes/."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest
from podpath.fleet import document as documents
from podpath.system import files

NAME = "fleet.json"
#: In bytes: 5,000 nodes have about 50 MB.
_MOST = 1024 * 1024 * 1024
_REMEDY = "Name the directory of podpath fleet run -o, or its fleet.json"


def save_node(directory: Path, node: str, contents: Mapping[str, bytes]) -> None:
    """Write the files of a node's report below nodes/.

    Raises:
        CouldNotTest: they cannot be written.
    """
    for name, content in contents.items():
        write(directory / "nodes" / node / name, content)


def save(directory: Path, document: Mapping[str, Any]) -> None:
    """Write the report of a fleet.

    Raises:
        CouldNotTest: it cannot be written.
    """
    text = json.dumps(document, indent=1, ensure_ascii=False)
    write(directory / NAME, f"{text}\n".encode())


def write(file: Path, content: bytes) -> None:
    """Write a file as a whole: a reader sees the old one or the new one.

    Raises:
        CouldNotTest: it cannot be written.
    """
    half = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(content)
        os.replace(half, file)
    except OSError as error:
        raise CouldNotTest(
            f"{file} cannot be written: {error.strerror}", "Name another directory with -o"
        ) from None


def load(path: Path) -> dict[str, Any]:
    """Read the report of a fleet.

    Args:
        path: its directory, or its file.

    Raises:
        CouldNotTest: it is no such report, or it was edited.
    """
    file = path / NAME if path.is_dir() else path
    try:
        document = json.loads(files.read_text(file, _MOST))
    except OSError as error:
        raise CouldNotTest(f"{file} cannot be read: {error.strerror}", _REMEDY) from None
    except (ValueError, RecursionError) as error:
        raise CouldNotTest(f"{file} is no JSON document: {error}", _REMEDY) from None
    if not isinstance(document, dict):
        raise CouldNotTest(f"{file} is no {documents.KIND}", _REMEDY)
    if problems := documents.problems(document):
        raise CouldNotTest(f"{file}: {problems[0]}", _REMEDY)
    return document
