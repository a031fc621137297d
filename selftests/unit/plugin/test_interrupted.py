"""Ctrl-C before pytest has begun with tests."""

import pytest

from selftests.suite import ROOT


def test_interruption_of_the_first_checks_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, and pytest's own status."""

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("podpath.run.preflight.check", interrupted)
    quiet = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:faulthandler"]
    quiet += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]

    status = pytest.main([*quiet, "--rootdir", str(ROOT), str(ROOT / "tests" / "test_topology.py")])

    assert status == pytest.ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "podpath was interrupted, before anything was started\n"
