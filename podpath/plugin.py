"""podpath in pytest: options, markers, header, and how results are told.

Nothing heavy here: every pytest of an environment that podpath is installed in imports this.
"""

from __future__ import annotations

import argparse
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from podpath.model import Family
    from podpath.nodes.kind import Options
    from podpath.preflight import Plan
    from podpath.profiles import Profile
    from podpath.randomness import Draws

pytest_plugins = [
    "podpath.fixtures.node",
    "podpath.fixtures.pods",
    "podpath.fixtures.topology",
    "podpath.fixtures.observe",
    "podpath.fixtures.contract",
]

_PACKAGE = "podpath"
_PYTEST_KINDS_NAME = "pytest-kind"

#: Findings of the last comparison that failed, for the failure that it leads to.
_compared = pytest.StashKey[list[Any]]()
#: What a test observed, in order: podpath.observe.Observed.
observations = pytest.StashKey[list[Any]]()
#: The node of this process, while there is one: podpath.nodes.base.Node.
running_node = pytest.StashKey[Any]()
#: A node to use as it is, instead of starting one: for whoever runs the suite many times.
given_node = pytest.StashKey[Any]()
#: The preflight's plan and the description of it, made once a process.
_plan = pytest.StashKey["Plan"]()
_environment = pytest.StashKey[dict[str, str]]()
#: Whose plugin it is, for the report.
_implementation = pytest.StashKey["dict[str, Any]"]()
#: Differences that a test found.
_found = pytest.StashKey["list[Any]"]()
_draws = pytest.StashKey["Draws"]()
#: What this process holds for those that run the tests: podpath.nodes.starting.held.
_held = pytest.StashKey[Any]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The interface; these names are stable."""
    group = parser.getgroup("podpath", "podpath: prove the path between two pods on one node")
    group.addoption(
        "--podpath-node",
        choices=("embedded", "kind", "host"),
        default="embedded",
        help="what to test on (default: embedded, made of real containerd in private namespaces)",
    )
    group.addoption(
        "--podpath-cni-conf",
        metavar="FILE",
        help="the CNI conflist to test (default: bridge cni0 with host-local and portmap)",
    )
    group.addoption(
        "--podpath-cni-bin",
        metavar="DIR",
        action="append",
        default=[],
        help="where to look for CNI plugins before the system's directories; repeatable",
    )
    group.addoption(
        "--podpath-profile",
        metavar="NAME|FILE",
        help="how the plugin wires pods (default: inferred from the conflist's first plugin)",
    )
    group.addoption(
        "--podpath-features",
        metavar="+X,-Y",
        help="features to claim, or to waive (default: those that the conflist asks for are"
        " tested; `podpath requirements --feature` lists what belongs to each)",
    )
    group.addoption(
        "--podpath-report",
        metavar="DIR",
        help="where to leave report.json and report.yaml, and the captures of failed path tests",
    )
    group.addoption(
        "--podpath-implementation",
        metavar="KEY=TEXT",
        action="append",
        default=[],
        help="what the report says of whose plugin it is: organisation, project, version, url or"
        " contact; repeatable; before [tool.podpath] of pyproject.toml",
    )
    group.addoption(
        "--podpath-deviations",
        metavar="FILE",
        help="known deviations, as TOML (default: those of the reference plugins)",
    )
    group.addoption(
        "--podpath-seed",
        metavar="N",
        type=_seed,
        help="repeat what was random in a run: identifiers, ports, payloads (default: a new seed)",
    )
    group.addoption(
        "--podpath-kind-config",
        metavar="FILE",
        help="kind's configuration for --podpath-node kind (default: ./kind-config.yaml, if it is"
        " there, or one node without a network plugin)",
    )
    group.addoption(
        "--podpath-image",
        metavar="NAME",
        default="",
        help="the pods' image for --podpath-node host (default: podpath's own, if the node has it)",
    )


def _seed(text: str) -> int:
    from podpath import randomness

    try:
        return randomness.seed(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker here: a vendor's own pytest settings replace ours."""
    config.addinivalue_line(
        "markers", "requirement(*ids): the podpath requirements that the test is about"
    )
    config.addinivalue_line(
        "markers",
        "roles(*roles): of the conflist's plugins, those that podpath calls by themselves",
    )
    config.stash[_compared] = []
    seed(config)  # before xdist's workers get the options
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Results(config), "podpath-results")


def plan(config: pytest.Config) -> Plan:
    """What the options ask for. Raises CouldNotTest if they name something unusable."""
    from podpath import preflight

    if _plan not in config.stash:
        config.stash[_plan] = preflight.plan(
            config.getoption("--podpath-node"),
            config.getoption("--podpath-cni-conf"),
            config.getoption("--podpath-cni-bin"),
            config.getoption("--podpath-report"),
            config.getoption("--podpath-deviations"),
            _cluster(config),
            config.getoption("--podpath-image"),
            config.getoption("--podpath-profile"),
            config.getoption("--podpath-features"),
        )
    return config.stash[_plan]


def _cluster(config: pytest.Config) -> Options:
    """What pytest-kind's options say, where they are known, and ours."""
    from podpath import preflight
    from podpath.nodes.kind import Options

    def asked(name: str) -> Any:
        return config.getoption(name, None) or ""

    name = asked("cluster_name")
    here = config.invocation_params.dir / "kind-config.yaml"
    default = here if here.is_file() else preflight.KIND_CONFIG
    return Options(
        # pytest-kind's own default is a name that other people's tests use, too
        name="podpath" if name in ("", _PYTEST_KINDS_NAME) else name,
        keep=bool(asked("keep_cluster")),
        config=Path(asked("podpath_kind_config") or default).absolute(),
        image=asked("kind_image"),
        kind=asked("kind_bin"),
        kubectl=asked("kind_kubectl_bin"),
        kubeconfig=asked("kubeconfig"),
    )


def seed(config: pytest.Config) -> int:
    """The seed that was asked for, or a new one, which is an option from then on."""
    if config.option.podpath_seed is None:
        from podpath import randomness

        config.option.podpath_seed = randomness.new_seed()
    return int(config.option.podpath_seed)


def draws(item: pytest.Item) -> Draws:
    """What is random in a test. If it is run again in the same session, it draws others."""
    from podpath.randomness import Draws

    # Not the node id: that depends on where pytest was started.
    name = f"{item.path.name}::{item.name}"
    return item.stash.setdefault(_draws, Draws(seed(item.config), name))


# --- before the tests -------------------------------------------------------------------------


def _concerned(config: pytest.Config) -> bool:
    """Whether this run, by its arguments, is about the conformance suite."""
    option = config.option
    if option.collectonly or option.help or option.version or hasattr(config, "workerinput"):
        return False
    tests = _tests()
    for argument in config.args:
        name = argument.partition("::")[0]
        if config.option.pyargs and name.split(".")[:2] == [_PACKAGE, "tests"]:
            return True
        path = (config.invocation_params.dir / name).resolve()
        above = path in tests.parents and not _installed()
        if path == tests or tests in path.parents or above:
            return True
    return False


def _is_ours(config: pytest.Config, nodeid: str) -> bool:
    """Whether a test, by its node id, is of the conformance suite."""
    path = (config.rootpath / nodeid.partition("::")[0]).resolve()
    return _tests() in path.parents


@cache
def _tests() -> Path:
    """Where the conformance tests are: in a checkout beside the package, else inside it."""
    inside = Path(__file__).parent / "tests"
    return inside if _installed() else inside.parent.parent / "tests"


def _installed() -> bool:
    return (Path(__file__).parent / "tests").is_dir()


def _keep_to_the_suite(config: pytest.Config) -> None:
    """In a checkout, `pytest --podpath-cni-conf FILE` is still about the suite alone.

    pytest looks for its settings, and so for `testpaths`, near whatever in its arguments is the
    path of a file: with a FILE elsewhere it finds none, and would collect all there is.
    """
    named = config.args_source is config.ArgsSource.ARGS
    here = (config.invocation_params.dir / "tests").resolve()
    if not named and config.inipath is None and here == _tests():
        config.args = [str(here)]


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Say at once, and once, what the user can mend, rather than in every test."""
    _keep_to_the_suite(config)
    if not _concerned(config):
        return None
    from podpath import preflight
    from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest

    try:
        if not __debug__ and getattr(config.option, "assertmode", "plain") == "plain":
            raise CouldNotTest("python -O with --assert=plain leaves no check", "Drop one of them")
        preflight.check(plan(config))
        facts = preflight.describe(plan(config))
        config.stash[_environment] = facts | {"seed": str(seed(config))}
        config.stash[_implementation] = _whose(config)
    except CouldNotTest as error:
        sys.stderr.write(f"podpath could not test: {error}\n")
        return COULD_NOT_TEST_STATUS
    except KeyboardInterrupt:  # pytest only expects it once tests are collected
        sys.stderr.write("podpath was interrupted, before anything was started\n")
        return pytest.ExitCode.INTERRUPTED
    return None


def _whose(config: pytest.Config) -> dict[str, Any]:
    """Whose plugin is tested. Raises CouldNotTest if it is said in a way that is not understood."""
    from podpath import publication

    given = config.getoption("--podpath-implementation")
    return publication.implementation(config.invocation_params.dir, given)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Make what xdist's workers share, while somebody sees how it comes along."""
    config = session.config
    if not config.pluginmanager.has_plugin("dsession") or not _concerned(config):
        return
    from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest
    from podpath.nodes import starting

    shared = starting.held(plan(config), say(config))
    try:
        shared.__enter__()
    except CouldNotTest as error:
        pytest.exit(f"podpath could not test: {error}", COULD_NOT_TEST_STATUS)
    config.stash[_held] = shared


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let go of it: by now the workers have ended, in whatever way."""
    if _held not in config.stash:
        return
    from podpath.errors import CouldNotTest

    try:
        config.stash[_held].__exit__(None, None, None)
    except CouldNotTest as error:
        sys.stderr.write(f"podpath: {error}\n")


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


@pytest.hookimpl(trylast=True)
def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is tested, on what, and what cannot be tested there."""
    facts = config.stash.get(_environment, {})
    lines = [f"podpath {name}: {text}" for name, text in facts.items()]
    node = config.getoption("--podpath-node")
    if facts and (absent := _not_applicable(node)):
        lines.append(f"podpath not applicable on {node}: {', '.join(absent)}")
    if facts:
        lines += _out_of_scope(plan(config).profile)
    return lines


def _out_of_scope(profile: Profile) -> list[str]:
    """What cannot be asked of this kind of plugin, a line a reason."""
    reasons = dict.fromkeys(profile.not_applicable.values())
    return [
        f"podpath not applicable to {profile.name}: "
        f"{', '.join(i for i, why in profile.not_applicable.items() if why == reason)} ({reason})"
        for reason in reasons
    ]


def _not_applicable(node: str) -> list[str]:
    """The requirements that cannot be looked at on this kind of node."""
    from podpath.requirements import REQUIREMENTS

    return [r.id for r in REQUIREMENTS.values() if node not in r.nodes]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What the conflist says: the IP versions that pods get and podpath tests, and its plugins."""
    if "family" in metafunc.fixturenames and _tests() in metafunc.definition.path.parents:
        metafunc.parametrize("family", [pytest.param(f, id=f.text) for f in _families(metafunc)])
    if "subject" in metafunc.fixturenames and _tests() in metafunc.definition.path.parents:
        # in this scope pytest keeps the tests of one subject together: they share what is recorded
        metafunc.parametrize("subject", _subjects(metafunc), scope="module")


def _families(metafunc: pytest.Metafunc) -> tuple[Family, ...]:
    """The IP versions that the conflist gives pods, but for one that is waived.

    IPv4 of a conflist that does not say.
    """
    from podpath import features
    from podpath.errors import CouldNotTest
    from podpath.model import Family

    try:
        wanted = plan(metafunc.config)
    except CouldNotTest:  # told before the first test, or by its fixtures
        return (Family.IPV4,)
    left_out = {Family.IPV6} if wanted.features[features.IPV6] == features.WAIVED else set()
    return tuple(f for f in wanted.conflist.families if f not in left_out) or (Family.IPV4,)


def _subjects(metafunc: pytest.Metafunc) -> list[Any]:
    """What of the conflist a test of the CNI contract calls: all of it, or certain roles."""
    from podpath import conflist
    from podpath.contract import subjects
    from podpath.errors import CouldNotTest

    try:
        network = plan(metafunc.config).conflist
    except CouldNotTest:  # told before the first test, or by its fixtures
        network = conflist.read(conflist.DEFAULT)
    roles = [r for m in metafunc.definition.iter_markers("roles") for r in m.args]
    found = [s for s in subjects.of(network) if not roles or s.role in roles]
    named = [pytest.param(subject, id=subject.name) for subject in found]
    absent = f"not applicable: the conflist has no {' or '.join(r.value for r in roles)} plugin"
    return named or [pytest.param(None, id="none", marks=pytest.mark.skip(reason=absent))]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every id must be a known one; JUnit gets them as properties; known deviations may fail."""
    from podpath.requirements import REQUIREMENTS

    absent = {*_not_applicable(config.getoption("--podpath-node")), *_waived(config)}
    left_out = []
    for item in items:
        ids = _ids(item)
        if not absent.isdisjoint(ids):
            left_out.append(item)
        for identifier in ids:
            if identifier not in REQUIREMENTS:
                raise pytest.UsageError(f"{item.nodeid}: unknown requirement {identifier!r}")
            item.user_properties.append(("requirement", identifier))
            _expect_deviation(config, item, identifier)
            _leave_out(config, item, identifier)
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def _expect_deviation(config: pytest.Config, item: pytest.Item, identifier: str) -> None:
    """xfail, strictly: a deviation that no longer occurs is an error, as is an untestable one."""
    from podpath.errors import CouldNotTest

    case, tested = _case(item)
    try:
        wanted = plan(config)
        known = [
            one
            for one in wanted.known_deviations
            if one.requirement == identifier and one.occurs_in(tested or wanted.plugins, case)
        ]
    except CouldNotTest:
        return  # told before the first test, or by its fixtures
    if known:
        reason = "; ".join(dict.fromkeys(f"{one.reason} ({one.source})" for one in known))
        # Only what the test itself finds: a plugin that fails ADD is not excused.
        mark = pytest.mark.xfail(
            reason=f"known deviation: {reason}", strict=True, raises=AssertionError
        )
        item.add_marker(mark)


def _waived(config: pytest.Config) -> list[str]:
    """The requirements of the features that the user does not want tested."""
    from podpath import features
    from podpath.errors import CouldNotTest

    try:
        reasons = plan(config).features
    except CouldNotTest:
        return []  # told before the first test, or by its fixtures
    waived = [name for name, why in reasons.items() if why == features.WAIVED]
    return [i for name in waived for i in features.requirements(name)]


def _leave_out(config: pytest.Config, item: pytest.Item, identifier: str) -> None:
    """Skip what cannot be asked of the plugin, or is not, with the reason."""
    from podpath.errors import CouldNotTest
    from podpath.requirements import REQUIREMENTS

    try:
        wanted = plan(config)
    except CouldNotTest:
        return  # told before the first test, or by its fixtures
    of_profile = wanted.profile.not_applicable.get(identifier)
    reason = of_profile or wanted.features.get(REQUIREMENTS[identifier].feature)
    if reason:
        item.add_marker(pytest.mark.skip(reason=f"not applicable: {reason}"))


def _case(item: pytest.Item) -> tuple[str, tuple[str, ...]]:
    """A test's parameters, and the plugins that it calls by themselves, if it does."""
    call = getattr(item, "callspec", None)
    if call is None:
        return "", ()
    subject = call.params.get("subject")
    return call.id, tuple(step.plugin for step in subject.steps) if subject else ()


def _ids(item: pytest.Item) -> list[str]:
    """The ids that a test is marked with; on tests that are not ours the marker may be anyone's."""
    from podpath.requirements import REQUIREMENTS

    ids = [i for mark in item.iter_markers("requirement") for i in mark.args]
    ours = _tests() in item.path.parents
    return ids if ours else [i for i in ids if isinstance(i, str) and i in REQUIREMENTS]


# --- each test --------------------------------------------------------------------------------


def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    """A list of differences that should be empty explains itself."""
    if op != "==" or right != [] or not isinstance(left, list) or not left:
        return None
    from podpath import picture
    from podpath.model import Difference

    if not all(isinstance(one, Difference) for one in left):
        return None
    config.stash[_compared] = left
    return ["differences:", *picture.of_differences(left).splitlines()]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """On a node that several processes share, tests take turns: one would see what another does."""
    if not _ids(item) or _tests() not in item.path.parents:
        return (yield)
    from podpath.errors import CouldNotTest
    from podpath.nodes import starting

    try:
        mine = starting.turn(plan(item.config))
    except CouldNotTest:
        return (yield)  # told before the first test, or by its fixtures
    with mine:
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give the report of a conformance test its verdict, its text and its evidence."""
    report = yield
    ids = _ids(item)
    if ids:
        _tell(item, call, report, ids)
    return report


def _tell(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, ids: list[str]
) -> None:
    from podpath import evidence
    from podpath import report as reports

    compared, item.config.stash[_compared] = item.config.stash[_compared], []
    found = compared or item.stash.get(_found, [])
    item.stash[_found] = found
    verdict, reason = _verdict(item, call, report, ids)
    reason = reports.printable(reason)
    observed = item.stash.get(observations, [])
    node = _node(item)
    if call.when == "call" or verdict != reports.CONFORMS:
        if report.failed:
            report.longrepr = reason
            item.user_properties.append(("verdict", verdict))
        # plain JSON values: it travels between xdist's processes
        report.podpath = {  # type: ignore[attr-defined]
            "test": item.nodeid,
            "requirements": ids,
            "features": _features(item, ids),
            "verdict": verdict,
            "reason": reason,
            "seconds": call.duration,
            "differences": reports.printable(evidence.differences(found)),
            "evidence": reports.printable([evidence.of(o) for o in observed]),
            "environment": dict(node.versions) if node else {},
        }


def _features(item: pytest.Item, ids: list[str]) -> tuple[str, ...]:
    """What the test counts for: the core, features, or both."""
    from podpath import features
    from podpath.errors import CouldNotTest
    from podpath.requirements import CORE

    call = getattr(item, "callspec", None)
    family = call.params.get("family") if call else None
    try:
        known = plan(item.config)
        waived = [name for name, why in known.features.items() if why == features.WAIVED]
        return features.of_test(ids, family, known.conflist, waived)
    except CouldNotTest:  # told in the test's place
        return (CORE,)


def _node(item: pytest.Item) -> Any:
    """The node that a test is about, if it runs."""
    of_contract = getattr(item, "funcargs", {}).get("contract_node")
    return of_contract or item.config.stash.get(running_node, None)


def _verdict(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, ids: list[str]
) -> tuple[str, str]:
    """The verdict of one phase of a test, and why."""
    from podpath import report as reports

    if hasattr(report, "wasxfail"):
        return reports.KNOWN_DEVIATION, report.wasxfail
    if report.failed and call.excinfo is None:
        return reports.COULD_NOT_TEST, "declared a known deviation, but it conforms: undeclare it"
    if report.skipped:
        return reports.NOT_APPLICABLE, str(call.excinfo.value) if call.excinfo else ""
    if call.excinfo is None:
        return reports.CONFORMS, ""
    return _failure(item, call.excinfo.value, report, ids)


def _failure(
    item: pytest.Item, error: BaseException, report: pytest.TestReport, ids: list[str]
) -> tuple[str, str]:
    """What an exception says: of the plugin, of what could not be tested, or of podpath itself."""
    from podpath import report as reports
    from podpath.errors import CouldNotTest, DoesNotConform

    # what failed afterwards, such as the deletion of pods
    notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
    if isinstance(error, CouldNotTest):
        return reports.COULD_NOT_TEST, f"{', '.join(ids)}: could not test: {error}{notes}"
    if isinstance(error, DoesNotConform):
        return reports.DOES_NOT_CONFORM, _explain(item, f"{error}{notes}", ids)
    node = _node(item)
    if node is not None and (ended := node.ended()):
        return reports.COULD_NOT_TEST, f"{', '.join(ids)}: could not test: {ended}"
    if isinstance(error, AssertionError) and _made_by_a_test(error):
        return reports.DOES_NOT_CONFORM, _explain(item, _findings(item, error) + notes, ids)
    return reports.COULD_NOT_TEST, f"podpath failed, please report this:\n{report.longreprtext}"


def _made_by_a_test(error: BaseException) -> bool:
    """Whether it is a conformance test's own assert that failed, and not somebody else's."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is not None and _tests() in Path(place.tb_frame.f_code.co_filename).parents


def _findings(item: pytest.Item, error: AssertionError) -> str:
    """The differences that the test found, with the pictures of the packets they are about."""
    from podpath import picture

    found = item.stash[_found]
    text = picture.of_differences(found) if found else str(error)
    last = item.stash.get(observations, [])[-1:]
    pictures = [picture.of_verdict(o.verdict) for o in last]
    capture = _capture(item) if last else ""
    return "\n\n".join(part for part in (*pictures, text, capture) if part)


def _capture(item: pytest.Item) -> str:
    """Leave what was seen as a pcapng; the sentence that says where."""
    from podpath import pcap
    from podpath.errors import CouldNotTest

    directory = plan(item.config).report or Path.cwd() / "podpath-report"
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in item.name)
    path = directory / "captures" / f"{name}.pcapng"
    try:
        pcap.write(path, item.stash[observations][-1].observation.sightings)
    except CouldNotTest as error:
        return str(error)
    return f"Capture, with every interface: {path}"


def _explain(item: pytest.Item, found: str, ids: Sequence[str]) -> str:
    from podpath import picture

    node = _node(item)
    bridge = plan(item.config).conflist.bridge
    return picture.failure(ids, found, node.pid if node else None, bridge)


# --- the results ------------------------------------------------------------------------------


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """What could not be tested is told apart from what does not conform, in every phase."""
    told = getattr(report, "podpath", None)
    if told is None or not report.failed:
        return None
    if told["verdict"] == "could not test":
        return "could not test", "?", "COULD NOT TEST"
    return "failed", "F", "FAILED"


def _broken_off(report: pytest.TestReport) -> dict[str, Any]:
    """What to tell of a test that ended without its own report, as when its worker crashed."""
    return {
        "test": report.nodeid,
        "requirements": [],
        "verdict": "could not test",
        "reason": f"could not test: {report.longreprtext}",
    }


class _Results:
    """Collects the results where those of all workers arrive, and tells them at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: list[dict[str, Any]] = []
        self._others_failed = False
        self._complete = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = getattr(report, "podpath", None)
        if told is not None:
            self._told.append(told)
        elif report.failed and _is_ours(self._config, report.nodeid):
            self._told.append(_broken_off(report))
        elif report.failed:
            self._others_failed = True

    def _results(self) -> list[Any]:
        from podpath.report import TestResult

        return [TestResult(**{**t, **self._tuples(t)}) for t in self._told]

    @staticmethod
    def _tuples(told: dict[str, Any]) -> dict[str, tuple[str, ...]]:
        """What travelled between xdist's processes as lists."""
        return {k: tuple(told[k]) for k in ("requirements", "features") if k in told}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if not self._told:
            return
        from podpath import report

        self._complete = exitstatus in (0, 1)
        if not self._others_failed and exitstatus in (0, 1):
            status = report.exit_status(t["verdict"] for t in self._told)
            session.exitstatus = exitstatus if status is None else status

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._told:
            return
        self._tell_untested(terminalreporter)
        self._tell_verdicts(terminalreporter)
        self._tell_seed(terminalreporter)
        self._write_report(terminalreporter)

    def _tell_untested(self, terminal: pytest.TerminalReporter) -> None:
        """Each reason once: a node that does not start is the same for every test."""
        tests: dict[str, list[str]] = {}
        for told in self._told:
            if told["verdict"] == "could not test":
                reason = told["reason"].partition("could not test: ")[2] or told["reason"]
                tests.setdefault(reason, []).append(told["test"])
        if tests:
            terminal.write_sep("=", "COULD NOT TEST (says nothing about the plugin)", yellow=True)
        for reason, names in tests.items():
            terminal.write_line(reason)
            more = f", and {len(names) - 1} more" if len(names) > 1 else ""
            terminal.write_line(f"  in {names[0]}{more}")

    def _tell_verdicts(self, terminal: pytest.TerminalReporter) -> None:
        from podpath import report
        from podpath.features import WAIVED
        from podpath.requirements import REQUIREMENTS

        facts = self._config.stash.get(_environment, {})
        known = {str(name): facts[name] for name in ("profile", "node") if name in facts}
        about = report.About(complete=self._complete, features=self._features())
        document = report.build(self._results(), known, "", about)
        told = [r for r in document["requirements"] if r["tests"] or r["reason"] == WAIVED]
        terminal.write_sep("=", "requirements" if self._complete else "broken off: not all was run")
        width = max(len(i) for i in REQUIREMENTS)
        colours = {report.CONFORMS: "green", report.DOES_NOT_CONFORM: "red"}
        for one in told:
            colour = {colours.get(one["verdict"], "yellow"): True}
            terminal.write(f"{one['id']:<{width}}  ")
            terminal.write(f"{one['verdict']:<16}", **colour)
            why = f" ({WAIVED})" if one["reason"] == WAIVED else ""
            terminal.write_line(f"  {one['sentence']}{why}")
        for profile in document["profiles"]:
            self._tell_features(terminal, profile["features"])

    def _features(self) -> Mapping[str, str]:
        from podpath.errors import CouldNotTest

        try:
            return plan(self._config).features
        except CouldNotTest:  # told before the first test, or by its fixtures
            return {}

    def _tell_features(
        self, terminal: pytest.TerminalReporter, features: Sequence[Mapping[str, Any]]
    ) -> None:
        """Those that were tested, and those that would have been."""
        from podpath import report, summary
        from podpath.features import WAIVED

        colours = {report.SUCCESS: "green", report.FAILURE: "red"}
        told = [f for f in features if f["result"] != report.NOT_RUN or f["reason"] == WAIVED]
        terminal.write_sep("=", "features")
        width = max((len(f["name"]) for f in told), default=0)
        for one in told:
            terminal.write(f"{one['name']:<{width}}  ")
            terminal.write(f"{one['result']:<8}", **{colours.get(one["result"], "yellow"): True})
            terminal.write_line(f"  {one['reason'] or summary.counted(one['counts'])}")

    def _tell_seed(self, terminal: pytest.TerminalReporter) -> None:
        """Where the header was left out, and somebody may want to repeat the run."""
        from podpath import report

        bad = {report.DOES_NOT_CONFORM, report.COULD_NOT_TEST}
        if terminal.verbosity < 0 and any(told["verdict"] in bad for told in self._told):
            terminal.write_line(f"podpath seed: {seed(self._config)}")

    def _write_report(self, terminal: pytest.TerminalReporter) -> None:
        from podpath import __version__, report
        from podpath.errors import CouldNotTest

        directory = self._config.getoption("--podpath-report")
        if not directory:
            return
        facts = self._config.stash.get(_environment, {})
        try:
            document = report.build(self._results(), facts, __version__, self._about())
            path = report.write(Path(directory), document)
            terminal.write_line(f"podpath report: {path} ({document['digest']})")
        except CouldNotTest as error:
            terminal.write_line(f"podpath: {error}", red=True)

    def _about(self) -> Any:
        """What the report says of the run itself. Raises CouldNotTest."""
        from podpath import publication

        config = self._config
        whose = config.stash.get(_implementation, {})
        return publication.about(
            plan(config),
            whose,
            config.invocation_params.args,
            seed(config),
            complete=self._complete,
        )
