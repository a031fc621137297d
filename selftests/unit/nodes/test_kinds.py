"""The kinds of node by name: podpath's own, and those that other packages bring."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import metadata
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from podpath import cli
from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest
from podpath.nodes import kinds
from podpath.nodes.base import Node
from podpath.nodes.kind import Kind, Say, Setup
from podpath.requirements import REQUIREMENTS, Ability

Install = Callable[..., None]


class Plain(Kind):
    """What a third party writes, at the least."""

    name = "plain"

    def start(self, setup: Setup, say: Say) -> AbstractContextManager[Node]:
        raise NotImplementedError


class Unfinished(Kind):
    name = "unfinished"


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Entry points, as if packages with them were installed: name -> value."""

    def install(*points: tuple[str, str]) -> None:
        found = EntryPoints(EntryPoint(name, value, kinds.GROUP) for name, value in points)
        monkeypatch.setattr(metadata, "entry_points", lambda group: found.select(group=group))

    return install


@pytest.mark.parametrize("name", kinds.OWN)
def test_own_kind_has_its_name(name: str) -> None:
    kind = kinds.named(name)

    assert kind.name == name
    assert not kind.__abstractmethods__


@pytest.mark.parametrize("requirement", REQUIREMENTS.values(), ids=lambda one: one.id)
def test_requirement_can_be_tested_on_a_kind_of_podpaths_own(requirement: object) -> None:
    assert kinds.testing(requirement)  # type: ignore[arg-type]


def test_kind_of_another_package(install: Install) -> None:
    """It needs no more than a name and a way to start, and has no more than each node has."""
    install(("plain", f"{__name__}:Plain"))

    assert kinds.names() == (*kinds.OWN, "plain")
    assert kinds.named("plain") is Plain
    assert {"TOPO-MTU", "PATH-ICMP"} <= {i for i, r in REQUIREMENTS.items() if Plain.can_test(r)}
    needing = {i for i, r in REQUIREMENTS.items() if r.needs is not Ability.NONE}
    assert needing == {i for i, r in REQUIREMENTS.items() if not Plain.can_test(r)}


def test_own_kind_cannot_be_replaced(install: Install) -> None:
    install(("embedded", f"{__name__}:Plain"))

    assert kinds.names() == tuple(kinds.OWN)
    assert kinds.named("embedded") is not Plain


def test_package_that_is_found_twice(install: Install) -> None:
    """As one is that is installed editable, in its own directory."""
    install(*[("plain", f"{__name__}:Plain")] * 2)

    assert kinds.named("plain") is Plain


@pytest.mark.parametrize(
    ("points", "message"),
    [
        pytest.param([], 'the name "plain"; there are: embedded, kind, host', id="unknown"),
        pytest.param([("plain", "no_such_module:A")], "No module named", id="no-module"),
        pytest.param([("plain", f"{__name__}:Absent")], "AttributeError", id="no-class"),
        pytest.param([("plain", f"{__name__}:install")], "is no subclass of", id="no-kind"),
        pytest.param([("plain", f"{__name__}:Unfinished")], "not implement start", id="abstract"),
        pytest.param([("other", f"{__name__}:Plain")], 'the name "other"', id="other-name"),
        pytest.param(
            [("plain", f"{__name__}:Plain"), ("plain", "acme:Plain")], "several", id="two-packages"
        ),
    ],
)
def test_kind_that_cannot_be_used(
    install: Install, points: list[tuple[str, str]], message: str
) -> None:
    """Whatever is wrong with it is one clear sentence, with the remedy."""
    install(*points)

    with pytest.raises(CouldNotTest, match=message) as caught:
        kinds.named(points[0][0] if points else "plain")
    assert caught.value.remedy


def test_doctor_of_a_kind_that_cannot_be_loaded(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install(("plain", "no_such_module:A"))

    assert cli.main(["doctor", "--node", "plain"]) == COULD_NOT_TEST_STATUS
    assert 'the kind of node "plain", no_such_module:A, cannot be' in capsys.readouterr().err


def test_doctor_of_an_unknown_kind(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--node", "embeded"])

    assert "there are: embedded, kind, host" in capsys.readouterr().err


def test_nothing_of_a_kind_is_imported_before_it_is_used() -> None:
    """The listing imports no kind; each kind's class, nothing that talks to a node."""
    script = (
        "import sys\n"
        "from podpath.nodes import kinds\n"
        "kinds.names()\n"
        "print([m for m in sys.modules if m.startswith('podpath.nodes.')])\n"
        "kinds.named('embedded')\n"
        "print([m for m in ('grpc', 'kubernetes', 'podpath.nodes.cluster') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    own = [f"podpath.nodes.{name}" for name in ("base", "belongings", "kind", "kinds", "pod")]
    first, second = done.stdout.splitlines()
    assert sorted(eval(first)) == own
    assert second == "[]"
