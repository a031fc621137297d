"""Each fault turns exactly the right requirements red, for the right reason."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from selftests.faults import inside, matrix
from selftests.faults.catalogue import (
    FAULTS,
    HEALTHY,
    HEALTHY_OF_MODULES,
    OF_MODULES,
    enough,
    one_of_each,
)
from selftests.faults.fault import DEVIATIONS, Fault
from selftests.faults.shared import SharedNode


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the plugins and the conflist of the moment are."""
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="session")
def shared(place: Path) -> Iterator[SharedNode]:
    (place / "plugins").mkdir()
    gc.freeze()  # what is loaded by now is no garbage, and need not be looked through each time
    with SharedNode(place / "plugins") as node:
        yield node


@pytest.fixture
def row(
    request: pytest.FixtureRequest,
    place: Path,
    shared: SharedNode,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> Callable[[Fault], matrix.Row]:
    """Run the suite on a fault; its row of the matrix is also told at the end."""
    complete = request.config.getoption("--complete-matrix")

    def run(fault: Fault) -> matrix.Row:
        network = fault.install(place)
        node = shared.take(network, fault.profile)
        ended = inside.run(
            node,
            matrix.wanted(fault, complete),
            tmp_path / "report",
            f"--podpath-cni-bin={place / 'plugins'}",
            f"--podpath-cni-conf={network}",
            f"--podpath-deviations={place / DEVIATIONS}",
            *([f"--podpath-profile={fault.profile}"] if fault.profile else []),
            cases=fault.cases,
        )
        found = matrix.row(fault, ended)
        record_property("fault", asdict(found))
        return found

    return run


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each fault, and for each healthy plugin."""
    quick, healthy = map(metafunc.config.getoption, ("--quick-matrix", "--all-healthy"))
    selected = (one_of_each() if quick and not healthy else HEALTHY, enough() if quick else FAULTS)
    if metafunc.config.getoption("--of-modules"):
        selected = (HEALTHY_OF_MODULES, OF_MODULES)
    for name, faults in zip(("plugin", "fault"), selected, strict=True):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, [pytest.param(f, id=f.name) for f in faults])


# These first: they take longest, and all workers shall end at the same time.
def test_healthy_plugin_conforms(plugin: Fault, row: Callable[[Fault], matrix.Row]) -> None:
    """Nothing turns red on a plugin that does what it is configured to do."""
    assert row(plugin).wrong == {}


def test_fault_is_caught_for_the_right_reason(
    fault: Fault, row: Callable[[Fault], matrix.Row]
) -> None:
    """Those requirements do not conform that the fault is about, and no others."""
    assert row(fault).wrong == {}
