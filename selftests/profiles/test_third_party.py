"""A plugin that podpath knows nothing of, with a profile of its own, as a vendor would test it."""

from pathlib import Path

from selftests import suite

WIRE = Path(__file__).parent / "wire"
_SECONDS = 900.0


def test_plugin_of_somebody_else_conforms(tmp_path: Path) -> None:
    """All of the suite is green on it, but for what its profile, or its version, leaves out."""
    run = suite.run(
        *("tests", "-n", "2"),
        *("--podpath-cni-bin", str(WIRE)),
        *("--podpath-cni-conf", str(WIRE / "wire.conflist")),
        *("--podpath-profile", str(WIRE / "wire.toml")),
        report=tmp_path,
        seconds=_SECONDS,
    )

    assert run.status == 0, run.output
    assert "podpath profile: wire\n" in run.output
    assert f"podpath profile origin: given as {WIRE / 'wire.toml'}" in run.output
    assert "podpath not applicable to wire: TOPO-BRIDGE-PORT" in run.output
    verdicts = run.verdicts()
    left_out = {i for i, v in verdicts.items() if v == "not applicable"}
    assert left_out >= {"TOPO-BRIDGE-PORT", "TOPO-FDB"}
    assert {v for i, v in verdicts.items() if i.startswith(("TOPO-", "PATH-", "LIFE-"))} == {
        "conforms",
        "not applicable",
    }
