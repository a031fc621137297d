"""Leftovers of many pods follow from those of any pod, if there is nothing else."""

import pytest

from podpath.lifecycle import deletion
from podpath.model import Difference


def left(where: str, what: str) -> Difference:
    return Difference("left behind", where, "gone", what)


ANY = [left("files", "/var/lib/cni/left-17"), left("leases", "10.88.0.5 4f00")]


@pytest.mark.parametrize(
    ("found", "alike"),
    [
        pytest.param([left("files", "/var/lib/cni/left-99")], True, id="another-name"),
        pytest.param([left("files", f"/var/lib/cni/left-{n}") for n in "123"], True, id="many"),
        pytest.param([left("leases", "10.88.0.9 77aa"), ANY[0]], True, id="all-of-it"),
        pytest.param([left("rules", "-A POSTROUTING")], False, id="another-thing"),
        pytest.param([Difference("lost", *("files", "/x1", "gone"))], False, id="lost"),
        pytest.param([ANY[0], left("processes", "sleep")], False, id="one-more"),
    ],
)
def test_differences_are_compared_without_names(found: list[Difference], alike: bool) -> None:
    assert deletion.is_alike(found, ANY) is alike
