"""What the hooks and the fixtures share: what is asked for, and what runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from podpath.nodes.cluster.kind import Options
    from podpath.run.plan import Plan
    from podpath.system.randomness import Draws


#: Where podpath's own files are.
_PODPATH = Path(__file__).parent.parent
_PYTEST_KINDS_NAME = "pytest-kind"

#: What a test observed, in order: podpath.paths.observe.Observed.
observations = pytest.StashKey[list[Any]]()
#: The node of this process, while there is one: podpath.nodes.base.Node.
running_node = pytest.StashKey[Any]()
#: A node to use as it is, instead of starting one: for whoever runs the suite many times.
given_node = pytest.StashKey[Any]()
#: The preflight's plan and the description of it, made once a process.
_plan = pytest.StashKey["Plan"]()
environment = pytest.StashKey[dict[str, str]]()
#: Whose plugin it is, for the report.
implementation = pytest.StashKey["dict[str, Any]"]()
_draws = pytest.StashKey["Draws"]()


def plan(config: pytest.Config) -> Plan:
    """What the options ask for. Raises CouldNotTest if they name something unusable."""
    from podpath.run.plan import Plan

    if _plan not in config.stash:
        config.stash[_plan] = Plan.read(
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
    from podpath.nodes.cluster import kind_config
    from podpath.nodes.cluster.kind import Options

    def asked(name: str) -> Any:
        return config.getoption(name, None) or ""

    name = asked("cluster_name")
    here = config.invocation_params.dir / "kind-config.yaml"
    default = here if here.is_file() else kind_config.SHIPPED
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


def is_ours(config: pytest.Config, nodeid: str) -> bool:
    """Whether a test, by its node id, is of the conformance suite."""
    path = (config.rootpath / nodeid.partition("::")[0]).resolve()
    return tests() in path.parents


def ids_of(item: pytest.Item) -> list[str]:
    """The ids that a test is marked with; on tests that are not ours the marker may be anyone's."""
    from podpath.requirements import REQUIREMENTS

    ids = [i for mark in item.iter_markers("requirement") for i in mark.args]
    ours = tests() in item.path.parents
    return ids if ours else [i for i in ids if isinstance(i, str) and i in REQUIREMENTS]


def not_applicable(node: str) -> list[str]:
    """The requirements that cannot be looked at on this kind of node."""
    from podpath.requirements import REQUIREMENTS

    return [r.id for r in REQUIREMENTS.values() if node not in r.nodes]
