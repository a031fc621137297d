"""Before the tests: what is tested, on what, and whether it can be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from podpath.profiles import Profile

_PACKAGE = "podpath"

#: What this process holds for those that run the tests: podpath.nodes.kind.Kind.held.
_held = pytest.StashKey[Any]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker here: a vendor's own pytest settings replace ours."""
    config.addinivalue_line(
        "markers", "requirement(*ids): the podpath requirements that the test is about"
    )
    config.addinivalue_line(
        "markers",
        "roles(*roles): of the conflist's plugins, those that podpath calls by themselves",
    )
    shared.seed(config)  # before xdist's workers get the options


def _concerned(config: pytest.Config) -> bool:
    """Whether this run, by its arguments, is about the conformance suite."""
    option = config.option
    if option.collectonly or option.help or option.version or hasattr(config, "workerinput"):
        return False
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


def _keep_to_the_suite(config: pytest.Config) -> None:
    """In a checkout, `pytest --podpath-cni-conf FILE` is still about the suite alone.

    pytest looks for its settings, and so for `testpaths`, near whatever in its arguments is the
    path of a file: with a FILE elsewhere it finds none, and would collect all there is.
    """
    named = config.args_source is config.ArgsSource.ARGS
    here = (config.invocation_params.dir / "tests").resolve()
    if not named and config.inipath is None and here == shared.tests():
        config.args = [str(here)]


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Say at once, and once, what the user can mend, rather than in every test."""
    _keep_to_the_suite(config)
    if not _concerned(config):
        return None
    from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest
    from podpath.run import preflight

    try:
        if not __debug__ and getattr(config.option, "assertmode", "plain") == "plain":
            raise CouldNotTest("python -O with --assert=plain leaves no check", "Drop one of them")
        preflight.check(shared.plan(config))
        facts = preflight.describe(shared.plan(config)) | _patience(config)
        config.stash[shared.environment] = facts | {"seed": str(shared.seed(config))}
        config.stash[shared.implementation] = _whose(config)
    except CouldNotTest as error:
        sys.stderr.write(f"podpath could not test: {error}\n")
        return COULD_NOT_TEST_STATUS
    except KeyboardInterrupt:  # pytest only expects it once tests are collected
        sys.stderr.write("podpath was interrupted, before anything was started\n")
        return pytest.ExitCode.INTERRUPTED
    return None


def _patience(config: pytest.Config) -> dict[str, str]:
    """The factor of all time-outs, unless it is 1."""
    factor: float = config.getoption("--podpath-patience")
    return {} if factor == 1 else {"patience": f"{factor:g} times the usual time-outs"}


def _whose(config: pytest.Config) -> dict[str, Any]:
    """Whose plugin is tested. Raises CouldNotTest if it is said in a way that is not understood."""
    from podpath.run import provenance

    given = config.getoption("--podpath-implementation")
    return provenance.implementation(config.invocation_params.dir, given)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Make what xdist's workers share, while somebody sees how it comes along."""
    config = session.config
    if not config.pluginmanager.has_plugin("dsession") or not _concerned(config):
        return
    from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest

    plan = shared.plan(config)
    holding = plan.kind.held(plan, shared.say(config))
    try:
        holding.__enter__()
    except CouldNotTest as error:
        pytest.exit(f"podpath could not test: {error}", COULD_NOT_TEST_STATUS)
    config.stash[_held] = holding


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let go of it: by now the workers have ended, in whatever way."""
    if _held not in config.stash:
        return
    from podpath.errors import CouldNotTest

    try:
        config.stash[_held].__exit__(None, None, None)
    except CouldNotTest as error:
        sys.stderr.write(f"podpath: {error}\n")


@pytest.hookimpl(trylast=True)
def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is tested, on what, and what cannot be tested there."""
    facts = config.stash.get(shared.environment, {})
    lines = [f"podpath {name}: {text}" for name, text in facts.items()]
    if not facts:
        return []
    plan = shared.plan(config)
    if absent := shared.not_applicable(config):
        lines.append(f"podpath not applicable on {plan.kind.name}: {', '.join(absent)}")
    return lines + _out_of_scope(plan.network.profile)


def _out_of_scope(profile: Profile) -> list[str]:
    """What cannot be asked of this kind of plugin, a line a reason."""
    reasons = dict.fromkeys(profile.not_applicable.values())
    return [
        f"podpath not applicable to {profile.name}: "
        f"{', '.join(i for i, why in profile.not_applicable.items() if why == reason)} ({reason})"
        for reason in reasons
    ]
