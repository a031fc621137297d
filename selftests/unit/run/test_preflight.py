"""What a run says before its first test: all that stands in its way, at once."""

from pathlib import Path

import pytest

from podpath.errors import CouldNotTest
from podpath.nodes import kinds
from podpath.run import preflight
from podpath.run.plan import Plan
from podpath.system import programs


@pytest.fixture(autouse=True)
def nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine has all that the suite needs, whatever this one has."""
    monkeypatch.setattr("podpath.run.checks.root", lambda: None)
    monkeypatch.setattr("podpath.system.kernel.check_file_system", lambda _: None)
    monkeypatch.setattr("podpath.system.kernel.check_link", lambda _: None)
    monkeypatch.setattr(programs, "missing", lambda *_, **__: {})


def planned(directory: Path, *wrong: str, node: str = "embedded") -> Plan:
    """A run with the plugins of a directory, of which some cannot be executed."""
    for name in ("bridge", "portmap", "host-local"):
        (directory / name).touch(0o644 if name in wrong else 0o755)
    kind = kinds.named(node).from_options(lambda _: None, directory)
    return Plan.read(kind, None, [str(directory)], "/dev/null/no", None)


def refused(plan: Plan) -> CouldNotTest:
    with pytest.raises(CouldNotTest) as error:
        preflight.check(plan)
    return error.value


def test_one_thing_is_said_in_its_own_words(tmp_path: Path) -> None:
    found = refused(planned(tmp_path))

    assert found.message.startswith("the report directory /dev/null/no is not writable")
    assert found.remedy == "Name a writable directory with --podpath-report"


def test_all_that_stands_in_the_way_is_said_at_once(tmp_path: Path) -> None:
    """Each in a line, with its remedy; what works is not in it."""
    found = str(refused(planned(tmp_path, "bridge", "host-local")))

    assert [line.partition(" is ")[0] for line in found.splitlines()] == [
        "3 things stand in the way:",
        f"- the CNI plugin {tmp_path}/bridge",
        f"- the CNI plugin {tmp_path}/host-local",
        "- the report directory /dev/null/no",
    ]
    assert f"chmod +x {tmp_path}/host-local" in found


@pytest.mark.parametrize(
    ("node", "command"),
    [("embedded", "podpath doctor --install"), ("kind", "podpath doctor --install --node kind")],
)
def test_missing_programs_come_before_all_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node: str, command: str
) -> None:
    """The rest is looked at with them."""
    absent = {"ip": "iproute2", "ctr": "containerd", "runc": "runc"}
    monkeypatch.setattr(programs, "missing", lambda *_, **__: absent)
    found = refused(planned(tmp_path, "bridge", node=node))

    assert found.message == "missing on this system: ip, ctr, runc"
    remedy = f"On Debian, as root: apt-get install containerd iproute2 runc (or {command})"
    assert found.remedy == remedy
