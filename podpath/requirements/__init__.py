"""Requirements: id, title, sentence, reason, check, and usual cause of a failure.

All of podpath's output refers to these ids; they never change their meaning. Pure.
"""

from dataclasses import replace

from podpath.requirements import cni, k8s, life, path, topo
from podpath.requirements.requirement import CORE, VENDOR, Ability, Level, Requirement

__all__ = [
    "CORE",
    "GROUPS",
    "REQUIREMENTS",
    "VENDOR",
    "Ability",
    "Level",
    "Requirement",
    "group",
    "group_title",
    "in_language",
]

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
    "K8S": "Kubernetes: what a cluster requires of the network (not on the embedded node)",
    "CNI": "Contract: the interface between a runtime and its plugins",
}


def group(identifier: str) -> str:
    """Return the group of a requirement, a key of GROUPS."""
    return identifier.partition("-")[0]


def group_title(prefix: str, language: str) -> str:
    """Return the meaning of one of podpath's own groups in a language."""
    if language != "zh":
        return GROUPS[prefix]
    from podpath.requirements import zh

    return zh.GROUPS[prefix]


def in_language(requirement: Requirement, language: str) -> Requirement:
    """Return the requirement with title, sentence and usual cause in a language.

    A vendor's own requirement has one language, and is returned as it is.

    Args:
        requirement: the requirement.
        language: one of podpath.model.language.LANGUAGES.
    """
    if language != "zh":
        return requirement
    from podpath.requirements import zh

    if requirement.feature == VENDOR or requirement.id not in zh.TEXTS:
        return requirement
    title, sentence, usually = zh.TEXTS[requirement.id]
    lost = zh.LOST.get(requirement.id, "")
    return replace(requirement, title=title, sentence=sentence, usually=usually, usually_lost=lost)
