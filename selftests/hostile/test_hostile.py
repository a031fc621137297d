"""Whatever a plugin does, the host is as before, and the run ends and says what was."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from selftests import suite
from selftests.conftest import machine
from selftests.endings import host
from selftests.hostile.catalogue import MARK, PLACES, PLUGINS, Hostile

_TOGETHER = 3
_VERDICTS = {0: "conforms, of what was run", 1: "does not conform", 6: "could not test"}
_SETTINGS = ("hostname", "domainname", "core_pattern", "panic", "pid_max")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, suite.Run]]:
    """Plugin -> how the run ended; some together, as only all of them are looked after."""
    place = tmp_path_factory.mktemp("hostile")

    def run(plugin: Hostile) -> suite.Run:
        options = plugin.install(place / plugin.name)
        report = place / f"{plugin.name}-report"
        return suite.run(suite.QUICK, *options, report=report)

    with machine(alone=True):
        ignored = place.parent
        before, settings = host.read(ignored), _settings()
        with ThreadPoolExecutor(_TOGETHER) as pool:
            yield dict(zip((p.name for p in PLUGINS), pool.map(run, PLUGINS), strict=True))
        assert host.new_since(before, ignored) == {}
        assert _settings() == settings
        assert [d for d in PLACES if Path(d, MARK).exists()] == []


def _settings() -> dict[str, str]:
    return {s: Path("/proc/sys/kernel", s).read_text() for s in _SETTINGS}


@pytest.mark.parametrize("plugin", [pytest.param(p, id=p.name) for p in PLUGINS])
def test_hostile_plugin_is_told_and_ends(plugin: Hostile, runs: dict[str, suite.Run]) -> None:
    """The exit status and the sentence; no traceback, no flood."""
    run = runs[plugin.name]

    assert run.status in plugin.status, run.output
    assert re.search(plugin.says, run.output), run.output
    assert "Traceback" not in run.output
    assert "please report" not in run.output
    assert len(run.output) < 20_000
    assert run.report["verdict"] == _VERDICTS[run.status]
