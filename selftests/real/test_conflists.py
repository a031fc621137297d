"""The suite on configurations that people have, with healthy plugins."""

from collections.abc import Callable
from pathlib import Path

import pytest

from podpath.system.programs import PLUGIN_DIRECTORIES
from selftests import suite
from selftests.real import table
from selftests.real.table import Entry, Row

_COULD_NOT_TEST = 6


@pytest.mark.parametrize("entry", table.read(), ids=lambda entry: entry.file)
def test_configuration_has_its_verdict(
    entry: Entry,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    """podpath accuses no healthy plugin, and refuses only what cannot be tested."""
    given = request.config.getoption("--real-bin")
    missing = [name for name in entry.needs if not _is_there(name, given)]

    ended = suite.run(
        *("tests", "-n", "2"),
        *(f"--podpath-cni-bin={directory}" for directory in given),
        *entry.arguments,
        report=tmp_path,
    )

    row = Row.of(entry, ended)
    record_property("conflist", row.as_property())
    if missing:
        assert row.status == _COULD_NOT_TEST, ended.output
        assert missing[0] in row.refusal
    elif entry.verdict == "refused":
        assert row.status != 0
        assert entry.says in row.refusal
    else:
        status = 1 if entry.reds else 0
        assert (row.status, row.reds, row.untested) == (status, entry.reds, ()), ended.output
        assert row.conforms


def _is_there(plugin: str, given: list[str]) -> bool:
    return any(Path(directory, plugin).exists() for directory in (*given, *PLUGIN_DIRECTORIES))
