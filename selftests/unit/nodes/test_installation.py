"""The runtime of a cluster's node, and the CNI version of the conflist."""

import pytest

from podpath.cni import conflist
from podpath.errors import CouldNotTest
from podpath.nodes.cluster import installation

DEFAULT = conflist.read(conflist.DEFAULT)
NEW = DEFAULT.in_versions("1.1.0", "1.1.0")


@pytest.mark.parametrize(
    ("release", "given"),
    [
        ("containerd github.com/containerd/containerd v1.7.24 88bf", DEFAULT),
        ("containerd github.com/containerd/containerd/v2 v2.1.1 cb10", NEW),
        ("", NEW),
    ],
)
def test_runtime_reads_the_results(release: str, given: conflist.Conflist) -> None:
    """An old one those of an old version; without a containerd nothing is known."""
    installation.check_runtime(release, given)


def test_runtime_that_does_not_read_the_results_could_not_be_tested() -> None:
    """Each pod's ADD would fail, and the plugin would be blamed."""
    with pytest.raises(
        CouldNotTest, match=r"has CNI 1.1.0, but .* containerd 1.7.*Write 1.0.0, or"
    ):
        installation.check_runtime("containerd github.com/containerd/containerd v1.7.24 88bf", NEW)
