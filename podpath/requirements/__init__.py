"""The requirements: an id, one sentence, why, how it is checked, what a failure usually means.

Everything that podpath says refers to these ids; they never change their meaning. Pure.
"""

from podpath.requirements import cni, k8s, life, path, topo
from podpath.requirements.requirement import CORE, Requirement

__all__ = ["CORE", "GROUPS", "REQUIREMENTS", "Requirement", "group"]

_ALL = (
    *topo.REQUIREMENTS,
    *path.REQUIREMENTS,
    *life.REQUIREMENTS,
    *k8s.REQUIREMENTS,
    *cni.REQUIREMENTS,
)

REQUIREMENTS = {requirement.id: requirement for requirement in _ALL}

#: What the first word of an id stands for.
GROUPS = {
    "TOPO": "Topology: how pods are wired",
    "PATH": "Path: which interfaces a packet crosses",
    "LIFE": "Lifecycle: pods that come and go",
    "K8S": "Kubernetes: what a cluster asks of the network (not on the embedded node)",
    "CNI": "Contract: what a runtime and plugins owe each other",
}


def group(identifier: str) -> str:
    """The group of a requirement, a key of GROUPS."""
    return identifier.partition("-")[0]
