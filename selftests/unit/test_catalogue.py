"""The catalogue of faults: complete, and documented."""

from podpath.requirements import REQUIREMENTS
from selftests.faults.catalogue import (
    FAULTS,
    HEALTHY,
    HEALTHY_OF_MODULES,
    OF_CLUSTERS,
    OF_MODULES,
)
from selftests.suite import ROOT

#: All of them, wherever they are tried.
ALL = (*FAULTS, *HEALTHY, *OF_CLUSTERS, *OF_MODULES, *HEALTHY_OF_MODULES)

#: The pages that name faults.
PAGES = ("faults.md", "kubernetes.md", "profile-faults.md", "features.md")


def test_every_requirement_has_a_fault_that_turns_it_red() -> None:
    """A requirement that nothing was seen to violate proves nothing."""
    proven = {
        requirement for fault in (*FAULTS, *OF_CLUSTERS, *OF_MODULES) for requirement in fault.reds
    }

    assert proven == set(REQUIREMENTS)


def test_names_are_unique() -> None:
    """They are what the matrix and its page call them."""
    names = [fault.name for fault in ALL]

    assert len(set(names)) == len(names)


def test_declared_consequences_are_requirements() -> None:
    """A misspelt one would allow nothing, and nobody would notice."""
    for fault in ALL:
        assert {
            *(*fault.follows, *fault.untestable, *fault.near, *fault.reds),
            *(*fault.under, *fault.under.values()),
        } <= set(REQUIREMENTS)


def test_every_fault_is_on_the_page() -> None:
    """docs/faults.md is of this catalogue; others are of clusters, profiles and features."""
    page = "".join((ROOT / "docs" / n).read_text() for n in PAGES)

    assert [f.name for f in ALL if f.name not in page] == []
