"""What docs/guide.md tells its readers to do does what it shows, from beginning to end."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from selftests.examples.blocks import Block, read
from selftests.examples.output import shows
from selftests.examples.running import run
from selftests.suite import ROOT

#: Of the suite, that of which the guide shows something.
_SHOWN = "test_pod_has_lo or test_mtu_is or test_reused_ip or test_version_is_answered"


@pytest.fixture
def directory() -> Iterator[Path]:
    """An empty one, of a name so short that the lines of its paths are not broken."""
    with TemporaryDirectory(prefix="acme") as path:
        yield Path(path)


def test_guide_does_what_it_shows(directory: Path) -> None:
    """Its files and commands, one after the other."""
    output = ""
    for block in read(ROOT / "docs" / "guide.md"):
        kind, _, detail = block.mark.partition(" ")
        if kind == "file":
            (directory / detail).parent.mkdir(exist_ok=True)
            (directory / detail).write_text(block.text)
            (directory / detail).chmod(0o755)
        elif kind == "in":
            assert block.text in (directory / detail).read_text(), block.where
        elif kind in ("run", "run,"):
            output = _run(block, directory, status=int(detail.removeprefix("status ") or 0))
        elif kind == "" and block.language == "text":
            if not shows(block.text, output):
                pytest.fail(f"{block.where} shows\n{block.text}\nbut it was\n{output}")
        else:
            assert kind, f"{block.where}: is it run?"


def _run(block: Block, directory: Path, status: int) -> str:
    """What the commands print. Of the suite, only what is shown is run, without workers."""
    only = {"PYTEST_ADDOPTS": f"-k '{_SHOWN}'", "PYTEST_XDIST_AUTO_NUM_WORKERS": "0"}
    return run(block, block.text, directory, status, only)
