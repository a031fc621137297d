"""Pods that were on the node before podpath came."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from podpath.model import Route, Topology
from podpath.requirements import REQUIREMENTS
from podpath.topology import present

from .. import samples

OTHER = "bystander"
_APPLICABLE = [i for i in present.CHECKS if i not in samples.network().not_applicable]


def _with_other(topology: Topology) -> Topology:
    """Return the topology, with one pod as another's."""
    pods = dict(topology.pods)
    return replace(topology, foreign_pods={OTHER: pods.pop(OTHER)}, pods=pods)


def test_checks_are_requirements() -> None:
    """Each of them is one of TOPO."""
    assert set(present.CHECKS) <= REQUIREMENTS.keys()


@pytest.mark.parametrize("requirement", _APPLICABLE)
def test_healthy_pods_have_no_findings(requirement: str) -> None:
    """Those of others are checked as podpath's own."""
    findings = present.look(_with_other(samples.topology()), samples.network(), requirement)

    assert findings == present.Findings([], [])


def test_pod_of_others_is_found_by_name() -> None:
    """Its MTU is not that of the node's end."""
    topology = _with_other(samples.with_pod_link(samples.topology(), OTHER, mtu=1400))

    findings = present.look(topology, samples.network(), "TOPO-MTU")

    assert any(f"pod {OTHER}" in str(difference) for difference in findings.failed)
    assert findings.doubtful == []


def test_pod_that_is_older_than_the_conflist_is_in_doubt() -> None:
    """Another conflist may have given it that MTU."""
    topology = _with_other(samples.with_pod_link(samples.topology(), OTHER, mtu=1400))

    findings = present.look(topology, samples.network(), "TOPO-MTU", older={OTHER})

    assert findings.failed == []
    assert findings.doubtful


@pytest.mark.parametrize(("pod", "failed"), [(OTHER, False), ("client", True)])
def test_route_of_their_own_is_no_finding(pod: str, failed: bool) -> None:
    """A program in the pod, or another network, may add it; none does in podpath's pods."""
    routes = samples.topology().of_pod(pod).routes
    own = Route(ip_network("198.51.100.0/24"), None, "eth0")
    topology = samples.with_namespace(samples.topology(), pod, routes=(*routes, own))

    findings = present.look(_with_other(topology), samples.network(), "TOPO-ROUTE")

    assert bool(findings.failed) == failed
