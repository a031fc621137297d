"""Each fault turns exactly the right requirements red, for the right reason."""

from pathlib import Path

import pytest

from selftests import suite
from selftests.faults.catalogue import FAULTS
from selftests.faults.fault import Fault


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in FAULTS])
def test_fault_is_caught_for_the_right_reason(fault: Fault, tmp_path: Path) -> None:
    """Those requirements do not conform that the fault is about, and no others."""
    run = suite.run(*fault.tests, *fault.install(tmp_path), report=tmp_path / "report")

    reds = {i for i, verdict in run.verdicts().items() if verdict != "conforms"}
    assert reds == set(fault.reds), run.output
    assert run.status == 1
    for requirement, difference in fault.reds.items():
        assert difference in run.reasons(requirement)
    assert "Traceback" not in run.output


def test_wrapper_without_a_fault_conforms(tmp_path: Path) -> None:
    """The wrapper itself changes nothing: what turns red is the fault's doing."""
    harmless = Fault("none", "none", {}, tests=("tests/test_topology.py", "tests/test_path.py"))
    run = suite.run(*harmless.tests, *harmless.install(tmp_path), report=tmp_path / "report")

    assert run.status == 0, run.output
