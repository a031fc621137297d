"""The limits: what one factor scales, and how long others are in force."""

import ast
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path

import pytest

import podpath
from podpath.system import limits
from podpath.system.limits import Limits, Measures


def test_factor_scales_every_limit() -> None:
    usual, scaled = Limits(), Limits().times(2)

    names = {field.name for field in fields(Limits)} - {"measures"}
    assert all(getattr(scaled, name) == 2 * getattr(usual, name) for name in names)


def test_factor_leaves_measures() -> None:
    """A verdict must mean the same on each machine."""
    assert Limits().times(7).measures == Limits().measures


def test_factors_multiply() -> None:
    assert Limits().times(2).times(3) == Limits().times(6)


def test_order_of_limits_survives() -> None:
    """A wait around another one must be the longer one."""
    for usual in (Limits(), Limits().times(1.5)):
        assert usual.http < usual.command
        assert usual.cgroup_removal < usual.node_end


def test_remedy_names_a_larger_factor() -> None:
    assert Limits().remedy == "Give --podpath-patience 2 on a slow machine"
    assert Limits().times(1.5).remedy == "Give --podpath-patience 3 on a slow machine"
    assert "podpath's own. Give --podpath-patience 2" in Limits().of_plugins


def test_limits_are_in_force_for_a_block() -> None:
    usual = limits.current()
    with limits.in_force(replace(usual, http=1.0)):
        assert limits.current().http == 1.0
    assert limits.current() == usual


def test_answers_are_awaited_for_less_after_one_was_lost() -> None:
    """TCP still repeats a lost SYN twice; the next run waits as long as ever."""
    usual = limits.current()
    for factor, after in ((1, 5.0), (2, 10.0), (0.1, 0.5)):
        with limits.in_force(Limits().times(factor)):
            for _ in range(3):
                limits.await_answers_for_less()
                assert limits.current().http == pytest.approx(after)
            assert limits.current() == replace(Limits().times(factor), http=limits.current().http)
    assert limits.current() == usual


def test_short_waits_stay_as_they_are() -> None:
    with limits.in_force(replace(Limits(), http=1.0)):
        limits.await_answers_for_less()
        assert limits.current().http == 1.0


def test_limits_are_restored_after_an_error() -> None:
    usual = limits.current()
    with pytest.raises(KeyError), limits.in_force(replace(usual, http=1.0)):
        raise KeyError
    assert limits.current() == usual


def test_threads_have_the_same_limits() -> None:
    """Pods are made in threads of a pool."""
    with limits.in_force(Limits().times(2)), ThreadPoolExecutor(1) as pool:
        assert pool.submit(limits.current).result() == Limits().times(2)


#: Calls that wait, and the place of their seconds among the positional arguments.
_WAITS = {"until": 2, "settimeout": 0, "wait_until": 1, "communicate": 1, "execute": 3, "wait": 0}


def _literal_waits(source: Path) -> Iterator[str]:
    """Find the calls of a module that wait for a number of seconds written there."""
    tree = ast.parse(source.read_text())
    numbers = {
        name.id
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for name in statement.targets
        if isinstance(name, ast.Name) and isinstance(statement.value.value, int | float)
    }
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        named = getattr(call.func, "attr", getattr(call.func, "id", ""))
        given = [k.value for k in call.keywords if k.arg in ("timeout", "seconds")]
        given += call.args[_WAITS[named] :][:1] if named in _WAITS else []
        for seconds in given:
            literal = isinstance(seconds, ast.Constant) and isinstance(seconds.value, int | float)
            if literal or (isinstance(seconds, ast.Name) and seconds.id in numbers):
                yield f"{source.name} line {call.lineno}: {ast.unparse(call)[:80]}"


@pytest.mark.parametrize(
    "text",
    [
        "run([], timeout=10)",
        "peer.settimeout(2.0)",
        "_SECONDS = 3\nwaiting.until(read, bool, _SECONDS)",
    ],
)
def test_wait_without_a_limit_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "module.py").write_text(text)

    assert len(list(_literal_waits(tmp_path / "module.py"))) == 1


def test_every_wait_has_a_limit() -> None:
    """No module but the limits' own says for how long it waits."""
    sources = Path(podpath.__file__).parent.rglob("*.py")

    assert [wait for source in sources for wait in _literal_waits(source)] == []


def test_every_limit_is_used() -> None:
    """A field that no module reads would promise a wait that does not exist."""
    package = Path(podpath.__file__).parent
    sources = [*package.rglob("*.py"), *(package.parent / "tests").rglob("*.py")]
    text = "\n".join(s.read_text() for s in sources)
    names = {field.name for kind in (Limits, Measures) for field in fields(kind)}

    assert {name for name in names if not re.search(rf"\.{name}\b", text)} == set()
