"""Requirements: an id, one sentence, the reason, the check, the usual cause of a failure.

All of podpath's output refers to these ids; they never change their meaning. Pure.
"""

from podpath.requirements import cni, k8s, life, path, topo
from podpath.requirements.requirement import CORE, VENDOR, Ability, Level, Requirement

__all__ = ["CORE", "GROUPS", "REQUIREMENTS", "VENDOR", "Ability", "Level", "Requirement", "group"]

_ALL = (
    *topo.REQUIREMENTS,
    *path.REQUIREMENTS,
    *life.REQUIREMENTS,
    *k8s.REQUIREMENTS,
    *cni.REQUIREMENTS,
)

REQUIREMENTS = {requirement.id: requirement for requirement in _ALL}

#: First word of an id -> meaning of the group.
GROUPS = {
    "TOPO": "Topology: how pods are wired",
    "PATH": "Path: which interfaces a packet crosses",
    "LIFE": "Lifecycle: pods that come and go",
    "K8S": "Kubernetes: what a cluster asks of the network (not on the embedded node)",
    "CNI": "Contract: what a runtime and plugins owe each other",
}


def group(identifier: str) -> str:
    """Return the group of a requirement, a key of GROUPS."""
    return identifier.partition("-")[0]
