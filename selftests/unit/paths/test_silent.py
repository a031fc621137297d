"""Requests that arrived and were not answered: the settings of the pod explain them."""

import pytest

from podpath.model import NODE, Loss, Observation, Sighting
from podpath.paths import silent, why
from podpath.paths.judgement import judge
from podpath.paths.probes import Echo

from .. import samples

IGNORED = {"ipv4/icmp_echo_ignore_all": 1}
#: The request was seen everywhere, and no answer anywhere.
ARRIVED = samples.exchange(1)[: len(samples.paths()["request"].hops)]


def losses(seen: list[Sighting], in_force: silent.InForce, *explained: Loss) -> list[str]:
    expected = [(Echo(samples.IDENTIFIER, 1), samples.paths())]
    judged = judge(expected, Observation(tuple(seen)), samples.noise())
    return [why.sentence(loss) for loss in silent.losses(judged, in_force, explained)]


def test_setting_of_the_pod_explains_that_it_did_not_answer() -> None:
    (sentence,) = losses(ARRIVED, {"server": IGNORED})

    assert "not answered in namespace server after eth0 in" in sentence
    assert sentence.endswith("net.ipv4.icmp_echo_ignore_all = 1")


@pytest.mark.parametrize(
    ("seen", "in_force"),
    [
        pytest.param(ARRIVED, {"client": IGNORED}, id="of-another-pod"),
        pytest.param(ARRIVED, {"server": {"ipv6/icmp/echo_ignore_all": 1}}, id="of-another-kind"),
        pytest.param(ARRIVED[:-1], {"server": IGNORED}, id="lost-before"),
        pytest.param(samples.exchange(1), {"server": IGNORED}, id="answered"),
        pytest.param(ARRIVED, {NODE: IGNORED}, id="of-the-node"),
    ],
)
def test_setting_explains_nothing_else(seen: list[Sighting], in_force: silent.InForce) -> None:
    assert losses(seen, in_force) == []


def test_path_with_a_reason_needs_no_other() -> None:
    loss = Loss("p", 1, samples.paths()["request"].name, None, NODE, ())

    assert losses(ARRIVED, {"server": IGNORED}, loss) == []
