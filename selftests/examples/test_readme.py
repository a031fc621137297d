"""What README shows is what its commands print, in a checkout."""

import re

import pytest

from selftests.examples.blocks import Block, read
from selftests.examples.output import shows
from selftests.examples.running import run
from selftests.suite import ROOT

_README = ROOT / "README.md"
#: Lines and words of README: who reads it first, reads all of it.
_LINES, _WORDS = 120, 900


def test_readme_is_short() -> None:
    text = _README.read_text()

    assert len(text.splitlines()) <= _LINES
    assert len(text.split()) <= _WORDS


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["proved.svg", "broken.svg"])
def test_pictures_have_both_themes(name: str, theme: str) -> None:
    """A page shows them as images, to which its own colours do not come."""
    picture = (ROOT / "docs" / "_static" / name).read_text()

    assert f"_static/{name}" in _README.read_text()
    assert picture.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert ("prefers-color-scheme: dark" in picture) or theme == "light"
    assert "var(--paper)" in picture


def test_readme_does_what_it_shows() -> None:
    """Each command that is shown with its output, one after the other."""
    output = ""
    for block in read(_README):
        kind, _, detail = block.mark.partition(" ")
        if kind in ("run", "run,"):
            output = _run(block, status=int(detail.removeprefix("status ") or 0))
        elif block.language == "text" and not shows(_alike(block.text), _alike(output)):
            pytest.fail(f"{block.where} shows\n{block.text}\nbut it was\n{output}")


def _alike(text: str) -> str:
    """Return a text without what differs in each run: numbers, names of veths, and their width."""
    text = re.sub(r"veth[0-9a-f]{8}", "veth", text)
    return re.sub(r"[ =]{2,}", "  ", re.sub(r"\d+(\.\d+)*", "0", text))


def _run(block: Block, status: int) -> str:
    # another shell's node may stand: a self-test of shells runs beside this one
    command = block.text.replace("podpath trace", "podpath trace --new")
    return run(block, command, ROOT, status, {"PYTEST_ADDOPTS": "-p no:cacheprovider"})
