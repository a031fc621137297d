"""Which tests of the suite are about which requirements, read from their sources."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from selftests.suite import ROOT


@dataclass(frozen=True, slots=True)
class SuiteTest:
    """A test of the suite: its file below tests/, its name, and the requirements of its markers."""

    file: str
    name: str
    requirements: tuple[str, ...]


def tests() -> Iterator[SuiteTest]:
    """All of them, file by file."""
    for source in sorted((ROOT / "tests").glob("test_*.py")):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found = (i for decorator in node.decorator_list for i in _ids(decorator))
                yield SuiteTest(source.name, node.name, tuple(found))


def _ids(decorator: ast.expr) -> Iterator[str]:
    """The arguments of a decorator `requirement(...)`, under whatever name of a module."""
    if not isinstance(decorator, ast.Call):
        return
    called = decorator.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    if name == "requirement":
        yield from (str(ast.literal_eval(argument)) for argument in decorator.args)
