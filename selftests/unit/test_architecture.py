"""Self-tests of the structure: layers, imports, pure code, and the place of each requirement."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import podpath
from podpath import testing
from podpath.requirements import REQUIREMENTS, group

PACKAGE = Path(podpath.__file__).parent
ROOT = PACKAGE.parent
#: Directories beside podpath in a checkout, which are installed as packages of podpath.
_BESIDE = ("fixtures", "tests")

#: Layers from top to bottom. A module imports its own layer and those above, never one below.
LAYERS = (
    "errors",
    "model",
    "requirements",
    "system",
    "profiles",
    "cni",
    "check",
    "nodes",
    "topology",
    "paths",
    "lifecycle",
    "k8s",
    "contract",
    "report",
    "run",
    "testing",
    "shell",
    "labs",
    "trace",
    "plugin",
    "fixtures",
    "tests",
    "fleet",
    "cli",
    "__main__",
)

#: Group of requirements -> package that checks it.
ROOMS = {
    "TOPO": "topology",
    "PATH": "paths",
    "LIFE": "lifecycle",
    "K8S": "k8s",
    "CNI": "contract",
}

#: Modules of the standard library that pure code may use.
_PURE_STANDARD = frozenset(
    {
        *("abc", "base64", "bisect", "collections", "contextlib", "csv", "dataclasses"),
        *("datetime", "difflib"),
        *(
            "enum",
            "errno",
            "functools",
            "hashlib",
            "html",
            "ipaddress",
            "itertools",
            "json",
            "math",
        ),
        *("operator",),
        *("re", "shlex", "statistics", "string", "struct", "textwrap", "types", "typing"),
        *("unicodedata", "urllib", "xml"),
    }
)
#: The same, and the modules that read data files, for code without other effects.
_DATA_STANDARD = _PURE_STANDARD | {"pathlib", "tomllib"}
#: Layers that consist of values only.
_VALUES = frozenset({"errors", "model", "requirements"})
#: Built-in functions that reach beyond a function's arguments and result.
_IMPURE_BUILTINS = frozenset({"open", "print", "input", "exec", "eval", "compile", "__import__"})


@cache
def sources() -> Mapping[str, Path]:
    """Return the file of every module: name without "podpath." -> file. The top is ""."""
    files = [*PACKAGE.rglob("*.py"), *(f for d in _BESIDE for f in (ROOT / d).rglob("*.py"))]
    found = {}
    for file in files:
        base = PACKAGE if PACKAGE in file.parents else ROOT
        parts = file.relative_to(base).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(sources()[module].read_text())


def imports(module: str) -> Iterator[str]:
    """Yield every name that a module imports, at any depth: `from a import b` as a.b."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(module: str) -> set[str]:
    """Return the top-level packages that a module imports, other than podpath."""
    return {name.partition(".")[0] for name in imports(module)} - {"podpath", "__future__"}


@cache
def neighbours(module: str) -> frozenset[str]:
    """Return the modules of podpath that a module imports."""
    found = set()
    for name in imports(module):
        if name.startswith("podpath."):
            inner = name.removeprefix("podpath.")
            found.add(inner if inner in sources() else inner.rpartition(".")[0])
    return frozenset(found - {module, ""})


def layer(module: str) -> str:
    return module.partition(".")[0]


def folder(module: str) -> str:
    """Return the package whose directory holds a module."""
    file = sources()[module]
    return module if file.name == "__init__.py" else module.rpartition(".")[0]


def test_top_holds_packages_and_errors_only() -> None:
    """The top of podpath holds errors.py, and what Python itself asks for there."""
    files = {file.name for file in PACKAGE.iterdir() if file.is_file()}

    assert files == {"__init__.py", "__main__.py", "errors.py", "py.typed"}


def test_every_package_is_a_layer() -> None:
    """Every package has its place in the list of layers."""
    assert {layer(module) for module in sources() if module} == set(LAYERS)


def test_no_module_imports_a_layer_below() -> None:
    """No module imports a layer below its own, so data flows one way."""
    upward = [
        f"{module} imports {other}"
        for module in sources()
        if module
        for other in neighbours(module)
        if LAYERS.index(layer(other)) > LAYERS.index(layer(module))
    ]

    assert upward == []


def test_no_circle_between_folders() -> None:
    """A reader can understand a folder without the folders that use it."""
    arrows = {
        (folder(m), folder(o)) for m in sources() for o in neighbours(m) if folder(m) and folder(o)
    }
    needs = {a: {b for x, b in arrows if x == a and b != a} for pair in arrows for a in pair}

    assert _left_of(needs) == {}


def test_no_circle_between_modules() -> None:
    """A reader can understand a module without the modules that use it."""
    assert _left_of({m: set(neighbours(m)) for m in sources() if m}) == {}


def _left_of(needs: Mapping[str, set[str]]) -> Mapping[str, set[str]]:
    """Return the rest of a graph after repeatedly removing nodes that need no remaining node."""
    while free := {name for name, others in needs.items() if not others & needs.keys()}:
        needs = {name: others for name, others in needs.items() if name not in free}
    return needs


# --- pure code ----------------------------------------------------------------------------


#: Pure module -> libraries that it may use, because they only compute.
_PACKAGES_OF: Mapping[str, frozenset[str]] = {
    "report.metrics": frozenset({"prometheus_client"}),
    "contract.answers": frozenset({"jsonschema"}),
}


def _says_pure(node: ast.Module | ast.FunctionDef | ast.ClassDef) -> bool:
    words = (ast.get_docstring(node) or "").replace("\n", " ")
    return "Pure." in words or "Pure, but" in words


def pure_modules() -> list[str]:
    return [m for m in sources() if _says_pure(tree(m))]


def _reads_data(module: str) -> bool:
    return "Pure, but" in (ast.get_docstring(tree(module)) or "").replace("\n", " ")


def _is_plain(module: str) -> bool:
    """Return whether pure code may use a module: values, data, or a module that is pure itself."""
    return layer(module) in _VALUES or _says_pure(tree(module))


@pytest.mark.parametrize("module", pure_modules())
def test_modules_that_say_pure_are(module: str) -> None:
    """Pure modules import values, each other and a few modules of the standard library."""
    allowed = _DATA_STANDARD if _reads_data(module) else _PURE_STANDARD
    readers = {"system.files"} if _reads_data(module) else set()
    used = {(name.rpartition(".")[0], name.rpartition(".")[2]) for name in imports(module)}

    assert packages(module) - allowed - _PACKAGES_OF.get(module, frozenset()) == set()
    assert {
        f"{package}.{name}"
        for package, name in used
        if package.startswith("podpath")
        and f"{package}.{name}".removeprefix("podpath.") not in readers
        and not name.isupper()
        and not _is_value_of_the_door(package, name)
        and not (_is_a_module(package, name) and _is_plain(_inner(package, name)))
        and not _is_plain(_inner(package))
    } == set()


def _is_value_of_the_door(package: str, name: str) -> bool:
    """Return whether podpath.testing offers a name of a layer that consists of values."""
    home = testing._MODULES.get(name, "podpath.errors")
    return package == "podpath.testing" and layer(_inner(home)) in _VALUES


def pure_functions() -> list[tuple[str, str]]:
    """List the functions marked pure, in modules that are not: (module, function)."""
    return [
        (module, node.name)
        for module in sources()
        if not _says_pure(tree(module))
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef) and _says_pure(node)
    ]


@pytest.mark.parametrize(("module", "function"), pure_functions())
def test_functions_that_say_pure_are(module: str, function: str) -> None:
    """Pure functions use their arguments, values and other pure functions only."""
    assert list(_reaches_out(module, function, set())) == []


def _reaches_out(module: str, function: str, seen: set[str]) -> Iterator[str]:
    """Yield each impure use of a function, its own or through other functions of its module."""
    seen.add(function)
    definitions = {
        node.name: node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef)
    }
    origins = {
        (alias.asname or alias.name): (node.module or "", alias.name)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    } | {
        (alias.asname or alias.name): (alias.name, "")
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for name in sorted(_used(definitions[function])):
        if name in _IMPURE_BUILTINS:
            yield f"{function} calls {name}"
        elif name in origins:
            if not _may_use(*origins[name]):
                yield f"{function} uses {name} of {origins[name][0]}"
        elif name in definitions and name not in seen:
            yield from _reaches_out(module, name, seen)


def _inner(*parts: str) -> str:
    """Return a dotted name of podpath as a key of sources()."""
    return ".".join(parts).removeprefix("podpath").removeprefix(".")


def _is_a_module(package: str, name: str) -> bool:
    return _inner(package, name) in sources()


def _used(function: ast.FunctionDef) -> set[str]:
    """Return the names that a function's body reads, without those of its annotations."""
    body = [node for statement in function.body for node in ast.walk(statement)]
    return {n.id for n in body if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _may_use(package: str, name: str) -> bool:
    """Return whether pure code may use a name that is imported from a package."""
    if not package.startswith("podpath"):
        return package.partition(".")[0] in _DATA_STANDARD
    inner = _inner(package)
    if _is_a_module(package, name):
        return _is_plain(_inner(package, name))
    if _is_plain(inner):
        return True
    for node in ast.walk(tree(inner)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return _says_pure(node)
    return True  # a class or a constant


# --- the kernel and heavy packages ----------------------------------------------------------


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("pyroute2", {"system"}),
        ("scapy", {"paths"}),
        ("jsonschema", {"contract", "report"}),
        ("jinja2", {"report"}),
        ("yaml", {"nodes"}),
        ("grpc", {"nodes"}),
        ("cri_api", {"nodes"}),
        ("kubernetes", {"nodes"}),
        ("pytest_kind", {"nodes"}),
        ("pytest", {"testing", "plugin", "fixtures", "tests", "labs"}),
        ("argparse", {"cli", "plugin"}),
        ("random", {"system"}),
        ("secrets", set()),
        ("uuid", set()),
    ],
)
def test_packages_have_their_layers(package: str, allowed: set[str]) -> None:
    """Each such package has its layers, and no other layer imports it."""
    assert {layer(m) for m in sources() if package in packages(m)} <= allowed


@pytest.mark.parametrize(
    "package", ["grpc", "cri_api", "kubernetes", "pyroute2", "pytest_kind", "yaml", "random"]
)
def test_packages_that_have_one_place(package: str) -> None:
    """Only one file must change for another version of such a package."""
    assert len({m for m in sources() if package in packages(m)}) == 1


def test_namespaces_are_entered_in_three_places_only() -> None:
    """Only netns, entrance, and the process that becomes the node, enter namespaces."""
    callers = set()
    for module in sources():
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else ""
                name = called.id if isinstance(called, ast.Name) else name
                if name == "setns":
                    callers.add(module)

    assert callers == {"system.netns", "system.entrance", "nodes.embedded.init"}


def test_labs_use_the_public_door_alone() -> None:
    """Labs prove that podpath.testing, and the shell, are enough for programs around them."""
    doors = ("podpath.testing", "podpath.shell", "podpath.labs")
    used = {name for m in sources() if layer(m) == "labs" for name in imports(m)}

    assert [n for n in used if n.startswith("podpath") and not n.startswith(doors)] == []


HEAVY = (
    *("scapy", "pyroute2", "grpc", "cri_api", "kubernetes", "pytest_kind", "jsonschema"),
    *("yaml", "jinja2", "hypothesis"),
)


def test_plugin_imports_nothing_heavy() -> None:
    """The plugin and the fixtures import nothing heavy.

    Every pytest run of the environment imports the plugin, and a conftest may import the fixtures.
    """
    program = (
        "import importlib, sys\n"
        "from podpath import plugin\n"
        "from podpath.testing import fixtures\n"
        "for name in [*plugin.pytest_plugins, *fixtures.pytest_plugins]:\n"
        "    importlib.import_module(name)\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []


# --- from the id to the room ----------------------------------------------------------------


@pytest.mark.parametrize("identifier", REQUIREMENTS)
def test_an_id_leads_to_its_sentence_its_test_and_its_room(identifier: str) -> None:
    """An id leads to its sentence, its test, its package and that package's self-tests.

    PATH-ICMP: requirements/path.py, tests/test_path*.py, paths/, selftests/unit/paths/.
    """
    of = group(identifier)
    room = ROOMS[of]
    marked = f'requirement("{identifier}"'
    tests = [f for f in (ROOT / "tests").glob("test_*.py") if marked in f.read_text()]

    assert f'"{identifier}"' in (PACKAGE / "requirements" / f"{of.lower()}.py").read_text()
    assert {file.name[len("test_") :].partition("_")[0].removesuffix(".py") for file in tests} <= {
        room,
        of.lower(),
    }
    assert tests
    assert (PACKAGE / room / "__init__.py").is_file()
    assert list((ROOT / "selftests" / "unit" / room).glob("test_*.py"))
