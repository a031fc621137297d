"""Check before the first test that the run has everything it needs."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TextIO

import pytest

from podpath.plugin import packages, shared, unselected
from podpath.testing.marks import EACH_FAMILY, REQUIREMENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podpath.errors import CouldNotTest

_PACKAGE = "podpath"

#: Resource that this process holds for xdist's workers: podpath.nodes.kind.Kind.held.
_held = pytest.StashKey[Any]()

_MARKERS = (
    f"{REQUIREMENT}(*ids): the requirements that the test is about, see podpath.testing",
    f"{EACH_FAMILY}: repeat the test for each IP version of the conflist, see podpath.testing",
    "roles(*roles): of the conflist's plugins, those that podpath calls by themselves",
)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers here, because a vendor's own pytest settings replace podpath's."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    shared.seed(config)  # before xdist hands the options to its workers


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Report fixable problems once, before the first test, instead of in every test."""
    from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest

    if not _runs(config) or not (names_the_suite(config) or _hands_out_tests(config)):
        return None
    try:
        _prepare(config)
    except CouldNotTest as error:
        sys.stderr.write(f"{_refusal(config, error)}\n")
        return COULD_NOT_TEST_STATUS
    except KeyboardInterrupt:  # pytest handles it only from the collection on
        sys.stderr.write("podpath was interrupted, before anything was started\n")
        return pytest.ExitCode.INTERRUPTED
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Prepare a run whose tests are podpath's, although its arguments did not show it."""
    config = session.config
    begun = shared.environment in config.stash
    if begun or not _runs(config) or not any(map(shared.ids_of, session.items)):
        return
    from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest

    try:
        _prepare(config)
    except CouldNotTest as error:
        pytest.exit(_refusal(config, error), COULD_NOT_TEST_STATUS)


def _refusal(config: pytest.Config, error: CouldNotTest) -> str:
    """Return the sentence that a run ends with that did not begin."""
    from podpath.model.translation import translated

    language = shared.language(config)
    begin = translated("podpath could not test: ", language)
    return f"{begin}{translated(str(error), language)}"


def _runs(config: pytest.Config) -> bool:
    """Return whether this is the first process of a run that does more than print something."""
    option = config.option
    only_prints = option.collectonly or option.help or option.version
    return not only_prints and not hasattr(config, "workerinput")


def names_the_suite(config: pytest.Config) -> bool:
    """Return whether the arguments name the conformance suite, as a whole or in part."""
    tests = shared.tests()
    for argument in config.args:
        name = argument.partition("::")[0]
        if config.option.pyargs and name.split(".")[:2] == [_PACKAGE, "tests"]:
            return True
        path = (config.invocation_params.dir / name).resolve()
        above = path in tests.parents and not shared.installed()
        if path == tests or tests in path.parents or above:
            return True
    return False


def _hands_out_tests(config: pytest.Config) -> bool:
    """Return whether the run has tests of podpath that only xdist's workers collect.

    A conftest that names podpath's fixtures then counts as the evidence for such tests.
    """
    if not shared.distributed(config.option):
        return False
    return shared.has_fixtures(config) or packages.have_fixtures(config)


def _prepare(config: pytest.Config) -> None:
    """Run the preflight, and keep its facts.

    Raises:
        CouldNotTest: the run lacks something that it needs.
        UsageError: the file of the vendor's requirements is malformed.
    """
    from podpath.errors import CouldNotTest
    from podpath.report import document
    from podpath.run import preflight

    if report := config.getoption("--podpath-report"):
        document.forget(config.invocation_params.dir / report)
    if not __debug__ and getattr(config.option, "assertmode", "plain") == "plain":
        raise CouldNotTest("python -O with --assert=plain leaves no check", "Drop one of them")
    shared.declared(config)
    _make_ready(config)
    preflight.check(shared.plan(config))
    facts = preflight.describe(shared.plan(config)) | _patience(config)
    config.stash[shared.implementation] = _whose(config)
    config.stash[shared.environment] = facts | {"seed": str(shared.seed(config))}


def _make_ready(config: pytest.Config) -> None:
    """Start what has the conflist, if only a running cluster has it.

    Raises:
        CouldNotTest: the node lacks something, or could not be started.
        UsageError: -k selects no test, which is known before the cluster starts.
    """
    from podpath.run import preflight

    kind = shared.kind(config)
    if kind.later:
        if sentence := unselected.sentence(config):
            raise pytest.UsageError(sentence)
        if not config.getoption("--podpath-cni-conf"):
            preflight.check_kind(kind)
    stack = ExitStack()
    config.add_cleanup(lambda: _end(stack))
    # standard error itself is redirected while kind runs
    stderr = stack.enter_context(os.fdopen(os.dup(2), "w", buffering=1))
    stack.enter_context(kind.ready(lambda message: _write(stderr, message)))


def _write(stream: TextIO, message: str) -> None:
    stream.write(f"podpath: {message}\n")


def _end(stack: ExitStack) -> None:
    from podpath.errors import CouldNotTest

    try:
        stack.close()
    except CouldNotTest as error:
        sys.stderr.write(f"podpath: {error}\n")


def _patience(config: pytest.Config) -> dict[str, str]:
    """Return the factor of all time-outs as a fact, or no fact if the factor is 1."""
    factor: float = config.getoption("--podpath-patience")
    return {} if factor == 1 else {"patience": f"{factor:g} times the usual time-outs"}


def _whose(config: pytest.Config) -> dict[str, Any]:
    """Return the implementation under test. Raises CouldNotTest if its description is invalid."""
    from podpath.run import provenance

    given = config.getoption("--podpath-implementation")
    return provenance.implementation(config.invocation_params.dir, given)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Sequence[str]) -> None:
    """Take hold of the resource that xdist's workers share, while the user can see the progress.

    No worker has a test by now, and a run that selects none needs no cluster.
    """
    config = node.config
    if not ids or _held in config.stash or shared.environment not in config.stash:
        return
    from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest
    from podpath.plugin import stages

    plan = shared.plan(config)
    holding = plan.kind.held(plan, stages.say(config))
    try:
        holding.__enter__()
    except CouldNotTest as error:
        pytest.exit(_refusal(config, error), COULD_NOT_TEST_STATUS)
    config.stash[_held] = holding


def pytest_unconfigure(config: pytest.Config) -> None:
    """Release the shared resource: all workers have ended by now, even those that crashed."""
    if _held not in config.stash:
        return
    from podpath.errors import CouldNotTest

    try:
        config.stash[_held].__exit__(None, None, None)
    except CouldNotTest as error:
        sys.stderr.write(f"podpath: {error}\n")
