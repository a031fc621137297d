"""Select and mark the tests by conflist, profile, features and known deviations."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import shared
from podpath.testing.marks import EACH_FAMILY

if TYPE_CHECKING:
    from podpath.model import Family
    from podpath.requirements import Requirement

#: Requirement to test before any other, which all rely on; and before any other pod is deleted.
_FIRST, _AT_FIRST_DELETION = "LIFE-ADD", "LIFE-DELETE"
#: Prefix of requirements on the wiring.
_WIRING = "TOPO-"
#: Its pods have stood for long enough by then, and it need not wait.
_LAST = "LIFE-PERSIST"
_UNDECLARED = "declare it in the file that `requirements` of [tool.podpath] in pyproject.toml names"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat tests for the conflist's IP versions (`family`) and for its plugins (`subject`)."""
    if metafunc.definition.get_closest_marker(EACH_FAMILY):
        _repeat_for_families(metafunc)
    if "subject" in metafunc.fixturenames and shared.ids_of(metafunc.definition):
        # in this scope pytest keeps the tests of one subject together: they share a recording
        metafunc.parametrize("subject", _subjects(metafunc), scope="module")


def _repeat_for_families(metafunc: pytest.Metafunc) -> None:
    """Repeat a test for the conflist's IP versions.

    Where it states none, the fixture `family` skips those that pods turn out not to have.
    """
    from podpath.errors import CouldNotTest

    try:
        is_stated = shared.plan(metafunc.config).network.ipam.is_stated
    except CouldNotTest:  # reported before the first test, or by its fixtures
        is_stated = True
    families = [pytest.param(family, id=family.text) for family in _families(metafunc)]
    metafunc.parametrize("family", families, indirect=not is_stated)


def _families(metafunc: pytest.Metafunc) -> tuple[Family, ...]:
    """Return the IP versions that pods may have, except IPv6 if it is waived."""
    from podpath.cni import features
    from podpath.errors import CouldNotTest
    from podpath.model import Family

    try:
        plan = shared.plan(metafunc.config)
    except CouldNotTest:  # reported before the first test, or by its fixtures
        return (Family.IPV4,)
    left_out = {Family.IPV6} if plan.features[features.IPV6] == features.WAIVED else set()
    return tuple(f for f in plan.network.families if f not in left_out) or (Family.IPV4,)


def _subjects(metafunc: pytest.Metafunc) -> list[Any]:
    """Return the subjects that a contract test calls: all of the conflist, or certain roles."""
    from podpath.cni import conflist
    from podpath.contract import subjects
    from podpath.errors import CouldNotTest

    try:
        tested = shared.plan(metafunc.config).network.conflist
    except CouldNotTest:  # reported before the first test, or by its fixtures
        tested = conflist.read(conflist.DEFAULT)
    roles = [r for m in metafunc.definition.iter_markers("roles") for r in m.args]
    of_roles = [s for s in subjects.of(tested) if not roles or s.role in roles]
    named = [pytest.param(subject, id=subject.name) for subject in of_roles]
    absent = f"the conflist has no {' or '.join(r.value for r in roles)} plugin"
    return named or [pytest.param(None, id="none", marks=pytest.mark.skip(reason=absent))]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the ids of all tests, pass them to JUnit, and mark, deselect and sort the tests."""
    inapplicable = absent(config)
    left_out = []
    for item in items:
        ids = shared.ids_of(item)
        _check_levels(config, item, ids)
        if not inapplicable.isdisjoint(ids):
            left_out.append(item)
        for identifier in ids:
            requirement = _known(config, item, identifier)
            item.user_properties.append(("requirement", identifier))
            _expect_deviation(config, item, identifier)
            _leave_out(config, item, requirement)
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    items.sort(key=_rank)  # xdist keeps this order within each of its workers


def _rank(item: pytest.Item) -> int:
    """Return the place of a test among all others.

    A remnant that only the first deletion on a node leaves must not exist before LIFE-DELETE. What
    another program changes seconds after ADD is known for that if no pod comes or goes meanwhile:
    until then the wiring is read, and plugins are called on a node without pods.
    """
    ids = shared.ids_of(item)
    elsewhere = shared.calls_plugins(item) and shared.given_of(item.config) is None
    if _FIRST in ids:
        return 0
    if ids and all(one.startswith(_WIRING) for one in ids) and not shared.calls_plugins(item):
        return 1
    if elsewhere:
        return 2
    if _AT_FIRST_DELETION in ids:
        return 3
    return 5 if _LAST in ids else 4


def _known(config: pytest.Config, item: pytest.Item, identifier: object) -> Requirement:
    """Return a test's requirement: podpath's for tests of the suite, else the vendor's.

    Raises:
        UsageError: the id is unknown, or a vendor's test names a requirement of podpath. Only
            podpath's tests give verdicts on podpath's requirements.
    """
    from podpath.requirements import REQUIREMENTS

    known = REQUIREMENTS if shared.tests() in item.path.parents else shared.declared(config)
    if requirement := known.get(str(identifier)):
        return requirement
    if identifier in REQUIREMENTS:
        raise pytest.UsageError(
            f"{item.nodeid}: {identifier} is podpath's own requirement; declare one of yours"
        )
    alike = difflib.get_close_matches(str(identifier), known, 1, 0.0)
    remedy = f"did you mean {alike[0]}?" if alike else _UNDECLARED
    raise pytest.UsageError(f"{item.nodeid}: unknown requirement {identifier!r}: {remedy}")


def _check_levels(config: pytest.Config, item: pytest.Item, ids: list[str]) -> None:
    """Check that all requirements of a test weigh the same: its failure is one verdict.

    Raises:
        UsageError: some are recommendations, and others are not.
    """
    from podpath.requirements import Level

    levels = {_known(config, item, i).level for i in ids}
    if Level.SHOULD in levels and len(levels) > 1:
        raise pytest.UsageError(
            f"{item.nodeid}: {', '.join(ids)}: SHOULD and {', '.join(levels - {Level.SHOULD})}"
            " need tests of their own"
        )


def _expect_deviation(config: pytest.Config, item: pytest.Item, identifier: str) -> None:
    """Mark a known deviation as an xfail: strict if the user declares it.

    A user's deviation that stops occurring is an error of the declaration. A shipped one may be
    mended in this build of the plugin, which then conforms.
    """
    from podpath.errors import CouldNotTest

    case, tested = shared.case(item)
    try:
        plan = shared.plan(config)
        known = [
            d
            for d in plan.known_deviations
            if d.requirement == identifier and d.occurs_in(tested or plan.plugins, case)
        ]
    except CouldNotTest:
        return  # reported before the first test, or by its fixtures
    if known:
        reason = "; ".join(dict.fromkeys(f"{d.reason} ({d.source})" for d in known))
        # Only findings of the test itself: a declaration does not excuse a plugin that fails ADD.
        strict = not any(one.shipped for one in known)
        item.add_marker(pytest.mark.xfail(reason=reason, strict=strict, raises=AssertionError))
        item.stash[shared.sayings] = [one.says for one in known]


def absent(config: pytest.Config) -> set[str]:
    """Return the requirements whose tests are left out: of the node's kind, and waived ones."""
    return {*shared.not_applicable(config), *_waived(config)}


def _waived(config: pytest.Config) -> list[str]:
    """List the requirements of the features that the user waived."""
    from podpath.cni import features
    from podpath.errors import CouldNotTest

    try:
        reasons = shared.plan(config).features
    except CouldNotTest:
        return []  # reported before the first test, or by its fixtures
    waived = [name for name, why in reasons.items() if why == features.WAIVED]
    return [i for name in waived for i in features.requirements(name)]


def _leave_out(config: pytest.Config, item: pytest.Item, requirement: Requirement) -> None:
    """Skip a test that the network or the features exclude, with the reason."""
    from podpath.errors import CouldNotTest

    try:
        plan = shared.plan(config)
    except CouldNotTest:
        return  # reported before the first test, or by its fixtures
    of_network = plan.network.not_applicable.get(requirement.id)
    reason = of_network or plan.features.get(requirement.feature)
    if reason:
        item.add_marker(pytest.mark.skip(reason=reason))
