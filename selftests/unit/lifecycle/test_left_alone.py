"""Changes of pods that are left alone are told from those that come with other pods."""

import pytest

from podpath.lifecycle import left_alone
from podpath.model import Difference


def changed(where: str, old: str, new: str) -> Difference:
    return Difference("changed", where, old, new)


ALONE = [changed("host end of pod alone-1 master", "cni0", "none")]


@pytest.mark.parametrize(
    ("found", "alike"),
    [
        pytest.param([changed("host end of pod client master", "cni0", "none")], True, id="same"),
        pytest.param(
            [changed("rules", "none", "drop"), changed("host end of pod b master", "cni0", "none")],
            True,
            id="one-of-them",
        ),
        pytest.param([changed("host end of pod client up", "True", "False")], False, id="field"),
        pytest.param([changed("host end of pod client master", "cni0", "br0")], False, id="value"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_changes_are_compared_without_names(found: list[Difference], alike: bool) -> None:
    assert bool(left_alone.alike(found, ALONE)) is alike
