"""The examples of all pages are of the options, commands and formats that there are."""

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from podpath import cli
from podpath.cni import conflist, deviations
from podpath.requirements import REQUIREMENTS
from selftests.examples.blocks import PAGES, Block, of_language
from selftests.examples.output import shows
from selftests.suite import ROOT

_SHELL = of_language("sh")
_READERS: dict[str, Callable[[str], Any]] = {
    "json": json.loads,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
}


def _where(block: Block) -> str:
    return block.where


@pytest.mark.parametrize("block", of_language(*_READERS), ids=_where)
def test_data_is_of_its_format(block: Block) -> None:
    assert _READERS[block.language](block.text)


@pytest.mark.parametrize(
    "block", [b for b in of_language("toml") if "[[deviation]]" in b.text], ids=_where
)
def test_deviations_are_read(block: Block, tmp_path: Path) -> None:
    """As podpath reads them from a file."""
    (tmp_path / "deviations.toml").write_text(block.text)

    assert deviations.read(tmp_path / "deviations.toml")


@pytest.mark.parametrize(
    "block", [b for b in of_language("json") if '"plugins"' in b.text], ids=_where
)
def test_conflists_are_read(block: Block) -> None:
    assert conflist.parse(block.text).plugins


@pytest.mark.parametrize(
    "block", [b for b in of_language("yaml") if "uses: ./podpath" in b.text], ids=_where
)
def test_workflows_give_the_action_its_inputs(block: Block) -> None:
    """None that it does not have."""
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    (job,) = yaml.safe_load(block.text)["jobs"].values()
    (given,) = (step["with"] for step in job["steps"] if step.get("uses") == "./podpath")

    assert set(given) - set(inputs) == set()


@pytest.mark.parametrize("block", _SHELL, ids=_where)
def test_commands_are_shell(block: Block) -> None:
    done = subprocess.run(
        ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def _commands(program: str) -> Sequence[object]:
    """The arguments of each call of a program."""
    found = []
    for block in _SHELL:
        commands = re.split(r"\n|&&|[|>]|\$\(", block.text.replace("\\\n", " "))
        for command in (c.strip() for c in commands):
            if command.startswith(f"{program} "):
                arguments = shlex.split(command.removesuffix(')"'), comments=True)[1:]
                found.append(pytest.param(arguments, id=f"{block.where} {shlex.join(arguments)}"))
    return found


@pytest.mark.parametrize("arguments", _commands("podpath"))
def test_podpath_is_called_as_it_can_be(arguments: list[str]) -> None:
    """Its parser takes the arguments."""
    assert cli.parser().parse_args(arguments).run


@pytest.mark.parametrize(
    "block", [b for b in of_language("text") if b.mark.startswith("console")], ids=_where
)
def test_consoles_show_what_is_printed(
    block: Block, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the command `podpath`, after a $. "console in DIRECTORY" runs it there."""
    monkeypatch.chdir(ROOT / block.mark.removeprefix("console").removeprefix(" in "))
    monkeypatch.setenv("COLUMNS", "100")  # what it writes to files has
    command, _, shown = block.text.partition("\n")

    assert cli.main(shlex.split(command.removeprefix("$ podpath"))) == 0
    assert shows(shown, printed := capsys.readouterr().out), printed


@pytest.mark.parametrize("arguments", _commands("tox"))
def test_environments_of_tox_are_there(arguments: list[str]) -> None:
    """The names after -e are sections of tox.ini."""
    sections = ConfigParser()
    sections.read(ROOT / "tox.ini")
    names = arguments[arguments.index("-e") + 1].split(",")

    assert [n for n in names if f"testenv:{n}" not in sections] == []


def test_options_of_pytest_are_known(pytestconfig: pytest.Config) -> None:
    """Each --podpath-... that a page names anywhere."""
    text = " ".join(page.read_text() for page in PAGES)
    named = set(re.findall(r"--podpath-[a-z-]*[a-z]", text))
    known = {
        o for g in pytestconfig._parser._groups for option in g.options for o in option.names()
    }

    assert named
    assert named - known == set()


def test_every_option_of_a_run_is_explained(pytestconfig: pytest.Config) -> None:
    """The page on options has all of podpath's that pytest has."""
    page = (ROOT / "docs" / "options.md").read_text()
    groups = [g for g in pytestconfig._parser._groups if g.name == "podpath"]
    names = [name for g in groups for option in g.options for name in option.names()]

    assert names
    assert [name for name in names if f"`{name}" not in page] == []


def _fields() -> set[str]:
    """Of a report, of its tests and of their evidence."""
    schema = json.loads((ROOT / "podpath" / "report" / "report.schema.json").read_text())
    objects = (schema, schema["$defs"]["test"], schema["$defs"]["evidence"])
    return {name for one in objects for name in one["properties"]}


def test_every_field_of_the_report_is_explained() -> None:
    """Its page names all that its schema does."""
    page = (ROOT / "docs" / "report.md").read_text()

    assert [name for name in _fields() if not re.search(rf"`[^`]*\b{name}\b[^`]*`", page)] == []


def _keys(table: Mapping[str, Any]) -> Iterator[str]:
    """Of a table, and of those in it; ids of requirements are no keys."""
    for key, value in table.items():
        if key not in REQUIREMENTS:
            yield key
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from _keys(one)


@pytest.mark.parametrize(
    "profile", sorted(ROOT.glob("podpath/profiles/*.toml")), ids=lambda path: path.stem
)
def test_every_key_of_a_profile_is_explained(profile: Path) -> None:
    """The page on profiles names all that those have that are shipped."""
    page = (ROOT / "docs" / "profiles.md").read_text()
    keys = set(_keys(tomllib.loads(profile.read_text())))

    assert [key for key in sorted(keys) if not re.search(rf"`[^`]*\b{key}\b[^`]*`", page)] == []
