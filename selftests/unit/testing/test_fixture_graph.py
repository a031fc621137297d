"""Fixtures need each other in no circle, also those that one requests while it runs."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from podpath.plugin import shared

_REQUEST = "getfixturevalue"


def _needs() -> dict[str, set[str]]:
    """Read from the source: fixture -> names that it has as arguments, or requests."""
    files = (Path(shared.__file__).parents[2] / "fixtures").glob("*.py")
    functions = [
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef)
        and "fixture" in " ".join(map(ast.unparse, node.decorator_list))
    ]
    return {f.name: {a.arg for a in f.args.args} | _requested(f) for f in functions}


def _requested(function: ast.FunctionDef) -> set[str]:
    return {
        call.args[0].value
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == _REQUEST
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def test_fixtures_need_each_other_in_no_circle() -> None:
    """`network` requests the first pods where the conflist states no addresses."""
    needs = _needs()

    assert "created" in needs["network"]
    TopologicalSorter(needs).prepare()
