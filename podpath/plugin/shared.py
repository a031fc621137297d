"""State that the hooks and the fixtures share: the plan, the node, the seed, the requirements."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from podpath.testing.given import GIVEN, Given
from podpath.testing.marks import REQUIREMENT

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from podpath.cni.network import Network
    from podpath.nodes.kind import Kind
    from podpath.requirements import Ability, Requirement
    from podpath.run.plan import Plan
    from podpath.system.randomness import Draws


#: Module that a conftest names to get podpath's fixtures.
FIXTURES = "podpath.testing.fixtures"
#: Directory of podpath's own modules.
_PODPATH = Path(__file__).parent.parent

#: Fixtures with which a test calls plugins.
_CALLING = frozenset({"contract_node", "unset"})

#: Observations of a test, in order: podpath.paths.observe.Observed.
observations = pytest.StashKey[list[Any]]()
#: Why packets of flows without sniffers were lost: podpath.paths.unwatched.Explained.
unwatched = pytest.StashKey[Any]()
#: Differences that a test reports: podpath.model.Difference.
differences = pytest.StashKey[list[Any]]()
#: Remarks of a test for its result: sentences.
remarks = pytest.StashKey[list[str]]()
#: Texts of a test's known deviations, one of which its failure must contain.
sayings = pytest.StashKey[list[str]]()
#: Node of this process, while it runs: podpath.nodes.base.Node.
running_node = pytest.StashKey[Any]()
#: Pods that stay, of this process: podpath.lifecycle.persistence.Persistence.
persistence = pytest.StashKey[Any]()
#: Network that the first pods have completed: podpath.cni.network.Network.
completed_network = pytest.StashKey[Any]()
#: Plan of the preflight, kind of node, and facts of the preflight, each made once a process.
_plan = pytest.StashKey["Plan"]()
_kind = pytest.StashKey["Kind"]()
environment = pytest.StashKey[dict[str, str]]()
#: True while podpath shows the progress of the tests, in place of pytest.
progress_shown = pytest.StashKey[bool]()
#: The user's arguments, if pytest was started with others.
arguments = pytest.StashKey[Any]()
#: Implementation under test, for the report: organisation, project, version, url, contact.
implementation = pytest.StashKey["dict[str, Any]"]()
_declared = pytest.StashKey["Mapping[str, Requirement]"]()
_draws = pytest.StashKey["Draws"]()


def plan(config: pytest.Config) -> Plan:
    """Return the plan of the run, which the options give.

    Raises:
        CouldNotTest: an option names something unusable.
    """
    from podpath.run.plan import Plan

    if (given := given_of(config)) and given.plan is not None:
        return given.plan
    if _plan not in config.stash:
        config.stash[_plan] = Plan.read(
            kind(config),
            config.getoption("--podpath-cni-conf"),
            config.getoption("--podpath-cni-bin"),
            config.getoption("--podpath-report"),
            config.getoption("--podpath-deviations"),
            config.getoption("--podpath-profile"),
            config.getoption("--podpath-features"),
            config.getoption("--podpath-leases"),
            _own_requirements(config),
            config.getoption("--podpath-deviations-like"),
        )
    return config.stash[_plan]


def given_of(config: pytest.Config) -> Given | None:
    """Return the node that the run uses as it is, instead of starting one; None without one."""
    return config.stash.get(GIVEN, None)


def network(config: pytest.Config) -> Network:
    """Return the network under test, as far as it is known by now.

    Raises:
        CouldNotTest: an option names something unusable.
    """
    completed: Network | None = config.stash.get(completed_network, None)
    return completed or plan(config).network


def kind(config: pytest.Config) -> Kind:
    """Return the kind of node that the options name.

    Raises:
        CouldNotTest: the kind is unusable.
    """
    from podpath.nodes import kinds

    if (given := given_of(config)) and given.plan is not None:
        return given.plan.kind
    if _kind not in config.stash:
        named = kinds.named(config.getoption("--podpath-node") or kinds.DEFAULT)
        made = named.from_options(
            lambda name: config.getoption(name, None), config.invocation_params.dir
        )
        if script := config.getoption("--podpath-node-setup"):
            made.node_setup = config.invocation_params.dir / script
        config.stash[_kind] = made
    return config.stash[_kind]


def language(config: pytest.Config) -> str:
    """Return the language of what podpath prints, one of podpath.model.language.LANGUAGES."""
    from podpath.model.language import choose

    return choose(config.getoption("--podpath-lang"), os.environ)


def seed(config: pytest.Config) -> int:
    """Return the seed that the user gave, or a new one, which is an option from then on."""
    if config.option.podpath_seed is None:
        from podpath.system import randomness

        config.option.podpath_seed = randomness.new_seed()
    return int(config.option.podpath_seed)


def draws(item: pytest.Item) -> Draws:
    """Return the random values of a test. A second run in the same session draws other values."""
    from podpath.system.randomness import Draws

    # Not the node id, which depends on the directory that pytest was started in.
    name = f"{item.path.name}::{item.name}"
    return item.stash.setdefault(_draws, Draws(seed(item.config), name))


def shows_progress(config: pytest.Config) -> bool:
    """Return whether podpath shows the progress of the tests, in place of pytest."""
    return config.stash.get(progress_shown, False)


@cache
def tests() -> Path:
    """Return the directory of the conformance tests: in the package, or beside it in a checkout."""
    return (_PODPATH if installed() else _PODPATH.parent) / "tests"


def installed() -> bool:
    """Return whether podpath is an installed package, not a checkout."""
    return (_PODPATH / "tests").is_dir()


def distributed(options: argparse.Namespace) -> bool:
    """Return whether xdist is to distribute the tests to workers."""
    return bool(getattr(options, "numprocesses", None) or getattr(options, "tx", None))


def has_fixtures(config: pytest.Config) -> bool:
    """Return whether a conftest, or -p, names podpath's fixtures."""
    return config.pluginmanager.has_plugin(FIXTURES)


def ids_of(item: pytest.Item) -> list[str]:
    """List the ids of the requirements that a test checks. A test without ids is not podpath's."""
    return [i for mark in item.iter_markers(REQUIREMENT) for i in mark.args]


def calls_plugins(item: pytest.Item) -> bool:
    """Return whether a test calls plugins itself, beside the runtime."""
    return not _CALLING.isdisjoint(getattr(item, "fixturenames", ()))


def node(item: pytest.Item) -> Any:
    """Return the node of a test, if it is running."""
    of_contract = getattr(item, "funcargs", {}).get("contract_node")
    return of_contract or item.config.stash.get(running_node, None)


def case(item: pytest.Item) -> tuple[str, tuple[str, ...]]:
    """Return a test's parameter id, and the plugins that it calls by themselves, if any."""
    call = getattr(item, "callspec", None)
    if call is None:
        return "", ()
    subject = call.params.get("subject")
    return call.id, tuple(step.plugin for step in subject.steps) if subject else ()


def version(item: pytest.Item) -> str:
    """Return the version of the CNI specification that a test is run in; empty without one."""
    call = getattr(item, "callspec", None)
    return str(call.params.get("version", "")) if call else ""


def declared(config: pytest.Config) -> Mapping[str, Requirement]:
    """Return the vendor's own requirements: id -> requirement.

    Raises:
        UsageError: the file of the requirements is malformed.
        CouldNotTest: a pyproject.toml is malformed.
    """
    if _declared not in config.stash:
        from podpath.run import settings

        path = settings.requirements_file((config.invocation_params.dir, config.rootpath))
        try:
            config.stash[_declared] = settings.requirements(path) if path else {}
        except ValueError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[_declared]


def _own_requirements(config: pytest.Config) -> Iterable[str]:
    """Return the ids of the vendor's own requirements; none if their file is malformed.

    A malformed file ends the run with the first test that has a requirement, not with the first
    conflist that is read: pytest does not recognise a usage error while it collects a file.
    """
    try:
        return declared(config)
    except pytest.UsageError:
        return ()


def requirement(config: pytest.Config, identifier: str) -> Requirement:
    """Return the requirement with an id, podpath's or the vendor's."""
    from podpath.requirements import REQUIREMENTS

    return REQUIREMENTS.get(identifier) or declared(config)[identifier]


def not_applicable(config: pytest.Config) -> list[str]:
    """List the ids of the requirements that podpath cannot test on this kind of node."""
    from podpath.requirements import REQUIREMENTS

    has = abilities(config)
    return [r.id for r in REQUIREMENTS.values() if r.needs not in has]


def abilities(config: pytest.Config) -> Ability:
    """Return the abilities of the kind of node, or all abilities if the kind is unusable."""
    from podpath.errors import CouldNotTest
    from podpath.requirements import Ability

    try:
        return kind(config).abilities
    except CouldNotTest:  # reported before the first test, or by its fixtures
        return ~Ability.NONE
