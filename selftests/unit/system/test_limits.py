"""The limits: what one factor scales, and how long others are in force."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import pytest

from podpath.system import limits
from podpath.system.limits import Limits


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


def test_limits_are_in_force_for_a_block() -> None:
    usual = limits.current()
    with limits.in_force(replace(usual, http=1.0)):
        assert limits.current().http == 1.0
    assert limits.current() == usual


def test_limits_are_restored_after_an_error() -> None:
    usual = limits.current()
    with pytest.raises(KeyError), limits.in_force(replace(usual, http=1.0)):
        raise KeyError
    assert limits.current() == usual


def test_threads_have_the_same_limits() -> None:
    """Pods are made in threads of a pool."""
    with limits.in_force(Limits().times(2)), ThreadPoolExecutor(1) as pool:
        assert pool.submit(limits.current).result() == Limits().times(2)
