"""The rights that `podpath fleet run` needs. Pure."""

import json

from podpath.fleet import manifests

_NAME = "podpath-fleet"


def text() -> str:
    """Return the cluster role of who runs the command, as JSON."""
    rules = [*manifests.USER_RULES, *manifests.NODE_RULES, *manifests.JANITOR_RULES]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": _NAME},
        "rules": merged(rules),
    }
    return json.dumps(role, indent=1)


def merged(rules: list[manifests.Document]) -> list[manifests.Document]:
    """Join the rules of the same resources into one, with the verbs of all."""
    verbs: dict[tuple[str, str], set[str]] = {}
    for rule in rules:
        for resource in rule["resources"]:
            verbs.setdefault((rule["apiGroups"][0], resource), set()).update(rule["verbs"])
    return [
        {"apiGroups": [group], "resources": [resource], "verbs": sorted(names)}
        for (group, resource), names in verbs.items()
    ]
