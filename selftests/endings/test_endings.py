"""However a run ends, the host is as before."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from podpath.cni import conflist
from podpath.errors import CouldNotTest
from podpath.nodes.embedded import node, uplink
from podpath.system import waiting
from selftests import suite
from selftests.endings import host
from selftests.repeat import load

#: Enough to be missed if it stayed, too little to harm anybody.
_FILLED = 512 * 1024 * 1024


@pytest.fixture
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """The host's inventory is the same after the test as before."""
    ignored = tmp_path.parent.parent
    before = host.read(ignored)
    yield
    assert host.new_since(before, ignored) == {}


def _containers() -> set[str]:
    """The pods' programs that run at this moment, as pid and command line."""
    return {line for line in host.read(Path("/tmp"))["processes"] if "httpd" in line}


def _started(process: "subprocess.Popen[str]") -> None:
    """Wait until the run's pods serve: then there is most to leave behind."""
    serving = waiting.until(
        _containers,
        lambda found: len(found) >= 3 or process.poll() is not None,
        suite.HANG_SECONDS,
    )
    assert len(serving) >= 3
    assert process.poll() is None


@pytest.mark.usefixtures("nothing_left")
def test_normal_end_leaves_nothing() -> None:
    """A run that passes leaves the host as it was."""
    assert suite.run(suite.QUICK).status == 0


@pytest.mark.usefixtures("nothing_left")
def test_failing_test_leaves_nothing(tmp_path: Path) -> None:
    """So does one with a failing test."""
    plugin = tmp_path / "bridge"
    plugin.write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
    plugin.chmod(0o755)

    assert suite.run(suite.QUICK, "--podpath-cni-bin", str(tmp_path)).status == 1


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("stage", ["wait_until_ready", "import_image"])
def test_exception_during_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    """So does a start that breaks off half-way."""

    def break_off(*_: object) -> None:
        raise CouldNotTest("broken off")

    monkeypatch.setattr(node.EmbeddedNode, stage, break_off)

    with (
        pytest.raises(CouldNotTest, match="broken off"),
        node.start(conflist.read(conflist.DEFAULT)),
    ):
        pass


@pytest.mark.usefixtures("nothing_left")
def test_unusable_namespace_set_up_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """So does a node whose init fails, and what failed is said."""
    monkeypatch.setattr(uplink, "_UPLINK", ["link set there-is-no-such-link up"])

    with (
        pytest.raises(CouldNotTest, match="there-is-no-such-link"),
        node.start(conflist.read(conflist.DEFAULT)),
    ):
        pass


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_signal_leaves_nothing(ending: signal.Signals, workers: tuple[str, ...]) -> None:
    """So does Ctrl-C, SIGTERM or SIGKILL, in the middle of the tests."""
    process = suite.start("tests/test_path.py", *workers)
    _started(process)
    if ending == signal.SIGINT:
        os.killpg(process.pid, ending)  # as a terminal does
    else:
        process.send_signal(ending)

    suite.ended(process)


def _repeat(directory: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Repetition of the suite on a loaded machine, of which some memory is filled.

    The load yields: it would slow down all the tests that run beside these.
    """
    leave = (load.available() - _FILLED) / 1024**3
    options = ["--loaded", "--yielding", f"--leave={leave}", "--keep", str(directory), *arguments]
    return subprocess.Popen(
        [sys.executable, "-m", "selftests.repeat", *options],
        cwd=suite.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.usefixtures("nothing_left")
def test_repetition_leaves_nothing(tmp_path: Path) -> None:
    """Neither runs nor load go on when their verdicts are told."""
    process = _repeat(tmp_path / "kept", "--times", "2", "--", suite.QUICK)
    output = suite.ended(process)

    assert process.returncode == 0, output
    assert "TOPO-BRIDGE-MEMBERS   2 conforms" in output
    assert "no verdict differs" in output
    assert (tmp_path / "kept" / "002" / "report.json").exists()


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signal_ends_repetition_and_all_that_it_started(
    tmp_path: Path, ending: signal.Signals
) -> None:
    """In the middle of a run; what there was until then is told, if there is time to."""
    process = _repeat(tmp_path / "kept", "--times", "2", "--", "tests/test_path.py")
    output_file = tmp_path / "kept" / "001" / "output.txt"

    def tested() -> bool:
        return output_file.exists() and "\n." in output_file.read_text()

    waiting.until(lambda: tested() or process.poll() is not None, bool, suite.HANG_SECONDS)
    assert tested()
    process.send_signal(ending)
    output = suite.ended(process)

    if ending != signal.SIGKILL:
        assert process.returncode == 130, output
        assert "no run has ended" in output


@pytest.mark.usefixtures("nothing_left")
def test_killed_worker_leaves_nothing() -> None:
    """So does one whose worker was killed; what it was testing is not said to conform."""
    process = suite.start("tests/test_path.py", "-n", "2")
    _started(process)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    output = suite.ended(process)

    assert process.returncode not in (0, 1), output
    assert "crashed" in output
