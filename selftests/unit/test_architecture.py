"""Who imports what: the layers of docs and code are the same."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import podpath
from podpath.requirements import GROUPS

PACKAGE = Path(podpath.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

PURE = (
    "paths.expected",
    "paths.background",
    "paths.verdict",
    "topology.wiring",
    "paths.probes",
    "paths.dissect",
    "paths.segments",
    "report.text",
    "report.page.drawing",
)
#: Read files of data, and do nothing else to the system.
DATA = ("cni.conflist", "profiles", "profiles.reading", "profiles.rules", "cni.result")
VALUES = (
    *("model", "errors", "requirements", "requirements.requirement"),
    *(f"requirements.{group.lower()}" for group in GROUPS),
)

#: What pytest loads in every run of an environment that podpath is installed in.
_PLUGIN = ("before", "collection", "options", "outcome", "results", "shared")

_PURE_STANDARD = frozenset(
    [
        *(
            "bisect",
            "collections",
            "dataclasses",
            "enum",
            "hashlib",
            "ipaddress",
            "itertools",
            "re",
        ),
        *("struct", "typing", "xml"),
    ]
)
_DATA_STANDARD = _PURE_STANDARD | {"functools", "json", "pathlib", "tomllib"}


def name_of(source: Path) -> str:
    """model, nodes.base, profiles ..."""
    parts = source.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: Path) -> Iterator[str]:
    """Every module that a file imports, at any depth, `from a import b` as a.b."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(source: Path) -> set[str]:
    """The top-level packages that a file imports, other than podpath."""
    return {name.partition(".")[0] for name in imports(source)} - {"podpath"}


def stages(source: Path) -> set[str]:
    """The modules of podpath that a file imports."""
    known = {name_of(s) for s in SOURCES}
    found = set()
    for name in imports(source):
        if name.startswith("podpath."):
            inner = name.removeprefix("podpath.")
            found.add(inner if inner in known else inner.rpartition(".")[0])
    return found


def importers(package: str) -> set[str]:
    return {name_of(s) for s in SOURCES if package in packages(s)}


def source_of(module: str) -> Path:
    (found,) = [s for s in SOURCES if name_of(s) == module]
    return found


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_know_neither_kernel_nor_network_nor_pytest(module: str) -> None:
    """They import values, each other, configuration as data, and a little of the library."""
    source = source_of(module)

    assert packages(source) <= _PURE_STANDARD
    assert stages(source) <= {*PURE, *DATA, *VALUES}


@pytest.mark.parametrize("module", DATA)
def test_data_modules_only_read_files(module: str) -> None:
    """What the pure modules take their configuration from."""
    source = source_of(module)

    assert packages(source) <= _DATA_STANDARD
    assert stages(source) <= {*VALUES, "system.files", "profiles.reading", "profiles.rules"}


@pytest.mark.parametrize("module", VALUES)
def test_values_import_nothing_but_values(module: str) -> None:
    """Everything depends on them, so they depend on nothing."""
    source = source_of(module)

    assert packages(source) <= _PURE_STANDARD
    assert stages(source) <= set(VALUES)


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("pyroute2", {"topology.reading", "system.netlink"}),
        ("scapy", {"paths.capture", "report.pcap"}),
        ("jsonschema", {"contract.answers", "report.verify"}),
        ("jinja2", {"report.page"}),
        ("yaml", {"nodes.cluster.kind_config"}),
        ("grpc", {"nodes.cri"}),
        ("cri_api", {"nodes.cri"}),
        ("kubernetes", {"nodes.cluster.kube_api"}),
        ("pytest_kind", {"nodes.cluster.kind"}),
        ("pytest", {f"plugin.{part}" for part in _PLUGIN}),
        (
            "argparse",
            {"cli", "cli.clean", "cli.doctor", "cli.output"}
            | {"cli.report", "cli.requirements", "plugin.options"},
        ),
        ("random", {"system.randomness"}),
        ("secrets", set()),
        ("uuid", set()),
    ],
)
def test_heavy_packages_have_one_place(package: str, allowed: set[str]) -> None:
    """Each is imported where its stage is, and nowhere else."""
    assert importers(package) == allowed


def test_namespaces_are_entered_in_two_places_only() -> None:
    """netns, and the process that becomes the node."""
    callers = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else ""
                name = called.id if isinstance(called, ast.Name) else name
                if name == "setns":
                    callers.add(name_of(source))

    assert callers == {"system.netns", "nodes.embedded.init"}


def test_no_module_imports_the_plugin() -> None:
    """pytest is glue: nothing of the library depends on it."""
    importers = [name_of(s) for s in SOURCES if any(n.startswith("plugin") for n in stages(s))]
    assert [name for name in importers if not name.startswith("plugin")] == []


def test_stages_do_not_import_later_ones() -> None:
    """Data flows one way: there is no cycle among the modules."""
    graph = {name_of(s): stages(s) - {name_of(s), ""} for s in SOURCES}
    while free := {name for name, needs in graph.items() if not needs & graph.keys()}:
        graph = {name: needs for name, needs in graph.items() if name not in free}

    assert graph == {}


HEAVY = (
    "scapy",
    "pyroute2",
    "grpc",
    "cri_api",
    "kubernetes",
    "pytest_kind",
    "jsonschema",
    "yaml",
    "jinja2",
    "hypothesis",
)


def test_plugin_imports_nothing_heavy() -> None:
    """Every pytest run of the environment imports it, with the fixtures that it names."""
    program = (
        "import importlib, sys\n"
        "from podpath import plugin\n"
        "for name in plugin.pytest_plugins: importlib.import_module(name)\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []
