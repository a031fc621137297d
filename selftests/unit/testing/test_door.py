"""What third parties may use: a change of it is a change of podpath's public interface."""

import importlib
import re
from pathlib import Path

import pytest
from _pytest.fixtures import FixtureFunctionDefinition

from podpath import testing
from podpath.testing import fixtures
from selftests.suite import ROOT

_PAGE = (ROOT / "docs" / "testing.md").read_text()
_EXAMPLE = ROOT / "examples" / "acme-tests"

NAMES = {
    *("CouldNotTest", "Deployment", "Difference", "Direction", "DoesNotConform", "Family", "Hop"),
    *("Inconclusive", "Network", "Node", "Observed", "Path", "Pod", "PodSpec", "Probe"),
    *("NodeOptions", "OpenNode", "Outcome", "Topology", "Traffic", "Traffics", "Verdict", "Wiring"),
    *("attach", "check", "deploy", "impatient", "open_node", "prove", "standing_nodes"),
    *("Bounds", "GuestResult", "run_guest", "Interface", "REQUIREMENTS", "COULD_NOT_TEST_STATUS"),
    *("both_directions", "each_family", "each_pod", "requirement"),
}
FIXTURES = {"network", "node", "observe", "pods", "topology", "traffic", "wiring"}
OWN_FIXTURES = {
    *("absent", "at_first", "attach", "cluster_node", "cni_version", "container"),
    *("contract_node", "created", "draws", "explained", "family", "fresh_node", "life"),
    *("lives", "mapped", "mapped_ports"),
    *("hung_calls", "observer", "persistence", "progress", "remark", "runtime", "unset"),
}


def defined() -> dict[str, str]:
    """Fixture -> its scope."""
    modules = map(importlib.import_module, fixtures.pytest_plugins)
    return {
        name: str(value._fixture_function_marker.scope)
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, FixtureFunctionDefinition)
    }


def test_names_are_those_that_were_published() -> None:
    assert set(testing.__all__) == NAMES
    assert len(testing.__all__) == len(NAMES)
    assert dir(testing) == sorted(NAMES)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_name_can_be_imported_and_is_explained(name: str) -> None:
    assert getattr(testing, name) is not None
    assert re.search(rf"(?m)^\| [^|]*`{name}[`(]", _PAGE)


def test_no_other_name_can_be() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Observer'"):
        _ = testing.Observer


def test_fixtures_are_those_that_were_published() -> None:
    assert set(defined()) == FIXTURES | OWN_FIXTURES


@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_fixture_has_the_scope_that_the_page_names(name: str) -> None:
    assert f"\n| `{name}` | {defined()[name]} |" in _PAGE


def test_page_names_podpaths_own_fixtures() -> None:
    (said,) = re.findall(r"(?s)These are for podpath's own tests.*?\n\n", _PAGE)

    assert set(re.findall(r"`(\w+)`", said)) == OWN_FIXTURES


@pytest.mark.parametrize("name", ["conftest.py", "test_acme.py", "acme.toml"])
def test_page_shows_the_example(name: str) -> None:
    """But for what a module says of itself."""
    text = (_EXAMPLE / name).read_text()
    shown = text.split('"""\n\n', 1)[-1] if name.endswith(".py") else text

    assert shown.strip() in _PAGE


@pytest.mark.parametrize("ids", [(), (3,), (lambda: None,)], ids=["none", "number", "function"])
def test_requirement_needs_ids(ids: tuple[object, ...]) -> None:
    """`@requirement` by itself would make a test none of podpath's, unseen."""
    with pytest.raises(TypeError, match='@requirement\\("ACME-DSCP"\\)'):
        testing.requirement(*ids)  # type: ignore[arg-type]


def test_page_is_a_page() -> None:
    assert "\ntesting\n" in (ROOT / "docs" / "index.md").read_text()
    assert Path(ROOT, "docs", "testing.md").is_file()
