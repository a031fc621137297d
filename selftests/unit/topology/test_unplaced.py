"""Results of whose interfaces none is in the pod."""

import pytest

from podpath.topology import unplaced

from .. import samples

_INSIDE = {"name": "eth0", "mac": samples.mac("client"), "sandbox": "/run/netns/cni-1"}


@pytest.mark.parametrize(
    ("interfaces", "count"),
    [([{"name": "eth0"}], 1), ([], 1), ([{**_INSIDE, "name": "eth1"}], 0), ([_INSIDE], 0)],
    ids=["no-sandbox", "none", "another-name", "present"],
)
def test_results_that_name_no_interface_of_the_pod(
    interfaces: list[dict[str, str]], count: int
) -> None:
    changed = samples.with_result(samples.topology(), "client", "interfaces", interfaces)

    found = unplaced.results(changed, samples.network())

    assert [d.where for d in found] == ["result of pod client, interfaces in the pod"] * count
