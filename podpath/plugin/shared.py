"""What the hooks and the fixtures share: what is asked for, and what runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from podpath.testing.marks import REQUIREMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from podpath.nodes.kind import Kind
    from podpath.requirements import Ability, Requirement
    from podpath.run.plan import Plan
    from podpath.system.randomness import Draws


#: What a conftest names to have podpath's fixtures.
FIXTURES = "podpath.testing.fixtures"
#: Where podpath's own files are.
_PODPATH = Path(__file__).parent.parent

#: What a test observed, in order: podpath.paths.observe.Observed.
observations = pytest.StashKey[list[Any]]()
#: The node of this process, while there is one: podpath.nodes.base.Node.
running_node = pytest.StashKey[Any]()
#: A node to use as it is, instead of starting one: for whoever runs the suite many times.
given_node = pytest.StashKey[Any]()
#: The preflight's plan and the description of it, made once a process.
_plan = pytest.StashKey["Plan"]()
_kind = pytest.StashKey["Kind"]()
environment = pytest.StashKey[dict[str, str]]()
#: The user's arguments, where they are not those that pytest was started with.
arguments = pytest.StashKey[Any]()
#: Whose plugin it is, for the report.
implementation = pytest.StashKey["dict[str, Any]"]()
_declared = pytest.StashKey["Mapping[str, Requirement]"]()
_draws = pytest.StashKey["Draws"]()


def plan(config: pytest.Config) -> Plan:
    """What the options ask for. Raises CouldNotTest if they name something unusable."""
    from podpath.run.plan import Plan

    if _plan not in config.stash:
        config.stash[_plan] = Plan.read(
            kind(config),
            config.getoption("--podpath-cni-conf"),
            config.getoption("--podpath-cni-bin"),
            config.getoption("--podpath-report"),
            config.getoption("--podpath-deviations"),
            config.getoption("--podpath-profile"),
            config.getoption("--podpath-features"),
        )
    return config.stash[_plan]


def kind(config: pytest.Config) -> Kind:
    """Return the kind of node that the options ask for. Raises CouldNotTest."""
    from podpath.nodes import kinds

    if _kind not in config.stash:
        wanted = kinds.named(config.getoption("--podpath-node") or kinds.DEFAULT)
        config.stash[_kind] = wanted.from_options(
            lambda name: config.getoption(name, None), config.invocation_params.dir
        )
    return config.stash[_kind]


def seed(config: pytest.Config) -> int:
    """The seed that was asked for, or a new one, which is an option from then on."""
    if config.option.podpath_seed is None:
        from podpath.system import randomness

        config.option.podpath_seed = randomness.new_seed()
    return int(config.option.podpath_seed)


def draws(item: pytest.Item) -> Draws:
    """What is random in a test. If it is run again in the same session, it draws others."""
    from podpath.system.randomness import Draws

    # Not the node id: that depends on where pytest was started.
    name = f"{item.path.name}::{item.name}"
    return item.stash.setdefault(_draws, Draws(seed(item.config), name))


def say(config: pytest.Config) -> Callable[[str], None]:
    """Tells the user what goes on before the first test; nothing where nobody would see it."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if terminal is None or capture is None or hasattr(config, "workerinput"):
        return lambda _: None

    def tell(message: str) -> None:
        with capture.global_and_fixture_disabled():
            terminal.write_line(f"podpath: {message}")

    return tell


@cache
def tests() -> Path:
    """Where the conformance tests are: in a checkout beside the package, else inside it."""
    return (_PODPATH if installed() else _PODPATH.parent) / "tests"


def installed() -> bool:
    """Whether this is an installed package, and not a checkout."""
    return (_PODPATH / "tests").is_dir()


def has_fixtures(config: pytest.Config) -> bool:
    """Whether a conftest, or -p, names podpath's fixtures."""
    return config.pluginmanager.has_plugin(FIXTURES)


def ids_of(item: pytest.Item) -> list[str]:
    """The ids of the requirements that a test is about; without any, it is not podpath's."""
    return [i for mark in item.iter_markers(REQUIREMENT) for i in mark.args]


def declared(config: pytest.Config) -> Mapping[str, Requirement]:
    """The vendor's own requirements, by their ids.

    Raises UsageError if their file is malformed, and CouldNotTest if a pyproject.toml is.
    """
    if _declared not in config.stash:
        from podpath.run import settings

        path = settings.requirements_file((config.invocation_params.dir, config.rootpath))
        try:
            config.stash[_declared] = settings.requirements(path) if path else {}
        except ValueError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[_declared]


def requirement(config: pytest.Config, identifier: str) -> Requirement:
    """A requirement by its id: podpath's or the vendor's."""
    from podpath.requirements import REQUIREMENTS

    return REQUIREMENTS.get(identifier) or declared(config)[identifier]


def not_applicable(config: pytest.Config) -> list[str]:
    """List the requirements that cannot be looked at on this kind of node."""
    from podpath.requirements import REQUIREMENTS

    has = abilities(config)
    return [r.id for r in REQUIREMENTS.values() if r.needs not in has]


def abilities(config: pytest.Config) -> Ability:
    """Return what the kind of node has; everything if it cannot be used."""
    from podpath.errors import CouldNotTest
    from podpath.requirements import Ability

    try:
        return kind(config).abilities
    except CouldNotTest:  # told before the first test, or by its fixtures
        return ~Ability.NONE
