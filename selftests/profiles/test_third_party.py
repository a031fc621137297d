"""A plugin that podpath knows nothing of, with a profile of its own, as a vendor would test it."""

from pathlib import Path

from selftests import suite

WIRE = Path(__file__).parent / "wire"


def test_plugin_of_somebody_else_conforms(tmp_path: Path) -> None:
    """All of the suite is green on it, but for what its profile, or its version, leaves out."""
    run = suite.run(
        *("tests", "-n", "2"),
        *("--podpath-cni-bin", str(WIRE)),
        *("--podpath-cni-conf", str(WIRE / "wire.conflist")),
        *("--podpath-profile", str(WIRE / "wire.toml")),
        "-v",
        report=tmp_path,
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


def test_plugin_with_an_ipam_of_its_own(tmp_path: Path) -> None:
    """Its pods show their addresses; a command lists its leases."""
    own = WIRE.parent / "own"
    run = suite.run(
        *("tests/test_topology.py", "tests/test_lifecycle.py"),
        *("-k", "leased or route or reused or ends_at_the_node or leaves_nothing"),
        *("--podpath-cni-bin", str(own)),
        *("--podpath-cni-conf", str(own / "own.conflist")),
        *("--podpath-profile", str(own / "own.toml")),
        *("--podpath-leases", "find /run/own-leases -type l -printf '%f %l\\n' | tr / ' '"),
        report=tmp_path,
    )

    assert run.status == 0, run.output
    addresses = "; addresses IP versions, networks and gateways are those of the first pods; "
    assert addresses in run.output
    verdicts = run.verdicts()
    assert {verdicts[i] for i in ("TOPO-ADDR", "TOPO-ROUTE", "LIFE-DELETE", "LIFE-REUSE")} == {
        "conforms"
    }
    assert "pods have no ipv6 addresses" in run.reasons("LIFE-REUSE")


def test_delegating_plugin_is_wired_as_its_delegate(tmp_path: Path) -> None:
    """With the MTU, the range and the route that it gave the delegate."""
    delegating = WIRE.parent / "delegating"
    run = suite.run(
        *("tests/test_topology.py", "tests/test_path_features.py", "-k", "topology or beyond_the"),
        *("--podpath-cni-bin", str(delegating)),
        *("--podpath-cni-conf", str(delegating / "flannel.conflist")),
        report=tmp_path,
    )

    assert run.status == 0, run.output
    assert "; flannel, which delegates to bridge" in run.output
    assert run.verdicts()["TOPO-MTU"] == run.verdicts()["PATH-MASQUERADE"] == "conforms"


def test_unknown_chained_plugin_is_named_where_something_differs(tmp_path: Path) -> None:
    """It runs, and has changed the MTU of the pods' links."""
    delegating = WIRE.parent / "delegating"
    run = suite.run(
        *("tests/test_topology.py", "-k", "mtu_is_the_same or routes_only"),
        *("--podpath-cni-bin", str(delegating)),
        *("--podpath-cni-conf", str(delegating / "labels.conflist")),
        report=tmp_path,
    )

    assert run.status == 1, run.output
    assert "; unknown plugins labels\n" in run.output
    assert 'Perhaps: The chained plugin "labels" may have caused it' in run.output
    assert 'The chained plugin "labels" may have caused it' in run.reasons("TOPO-MTU")
    assert run.verdicts()["TOPO-ROUTE"] == "conforms"
