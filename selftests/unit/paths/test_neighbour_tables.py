"""Neighbour tables that are full."""

import pytest

from podpath.model import Family
from podpath.paths.neighbour_tables import overflow, refusals
from podpath.system import proc

_TABLE = """\
entries  allocs   forced_gc_runs unresolved_discards table_fulls
00000400 00005a72 00000000       00000000            0000000a
00000400 0000ffff 00000000       00000000            00000001
"""


def test_all_cpus_are_counted() -> None:
    assert proc.column(_TABLE, "table_fulls") == 11


@pytest.mark.parametrize(
    "table", ["", "entries\n00\n", "entries table_fulls\n00\n", "table_fulls\nx\n"]
)
def test_table_without_that_number(table: str) -> None:
    with pytest.raises(ValueError, match=r"table_fulls|invalid literal"):
        proc.column(table, "table_fulls")


def test_this_kernel_counts_or_says_nothing() -> None:
    assert set(refusals()) <= set(Family)


def test_only_what_grew_is_told() -> None:
    before = {Family.IPV4: 3, Family.IPV6: 0}

    assert overflow(before, before) == ""
    assert overflow({}, before) == ""
    assert overflow(before, {Family.IPV4: 4, Family.IPV6: 0}) == (
        "the kernel's neighbour table, which all namespaces share, was full:"
        " raise net.ipv4.neigh.default.gc_thresh3"
    )
