"""The objects that a fleet run creates in a cluster. Pure.

All of them lie in one namespace, or are owned by it: a cluster deletes what a namespace owns
together with it.
https://kubernetes.io/docs/concepts/architecture/garbage-collection/
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]

#: Label of all objects of a run, with the name of the run's namespace.
LABEL = "podpath.invalid/fleet"
#: Annotation of a Job and its pod with the node's name, which may be longer than a label.
NODE = "podpath.invalid/node"
#: Annotation of the namespace with the last sign of life of the command: seconds since the epoch.
ALIVE = "podpath.invalid/alive"
ACCOUNT = "podpath"
JANITOR = "janitor"

#: What the suite needs on each node (docs/kubernetes.md): a namespace and what it makes in it.
NODE_RULES: Sequence[Document] = (
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["create", "delete", "list"]},
    {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["create", "delete", "get"]},
    {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create", "get"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["services"], "verbs": ["create", "delete"]},
)
#: What the janitor needs beyond that: it reads the sign of life.
JANITOR_RULES: Sequence[Document] = (
    {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
)
#: What whoever runs `podpath fleet run` needs, beside all of the above: RBAC lets nobody give away
#: rights that they do not have.
USER_RULES: Sequence[Document] = (
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]},
    {
        "apiGroups": [""],
        "resources": ["namespaces"],
        "verbs": ["create", "delete", "get", "list", "patch"],
    },
    {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["create"]},
    {
        "apiGroups": ["rbac.authorization.k8s.io"],
        "resources": ["clusterroles", "clusterrolebindings"],
        "verbs": ["create"],
    },
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "delete"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["list"]},
)

_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a Job runs.

    Attributes:
        namespace: name of the run's namespace.
        uid: uid of that namespace, for the references to it.
        image: image of podpath.
        pod_image: image of the pods that the suite makes; empty for podpath's own.
        arguments: arguments of the suite.
        seconds: how long a Job may take.
    """

    namespace: str
    uid: str
    image: str
    pod_image: str
    arguments: tuple[str, ...]
    seconds: int


def namespace(name: str, now: float) -> Document:
    """Return the namespace of a run."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {
                LABEL: name,
                "app.kubernetes.io/managed-by": "podpath-fleet",
                "pod-security.kubernetes.io/enforce": "privileged",
            },
            "annotations": {ALIVE: f"{now:.0f}"},
        },
    }


def account(plan: Plan) -> Document:
    """Return the service account of the Jobs."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": ACCOUNT, "labels": {LABEL: plan.namespace}},
    }


def role(plan: Plan) -> Document:
    """Return the cluster role of the Jobs, which ends with the namespace."""
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": _owned(plan),
        "rules": [dict(rule) for rule in (*NODE_RULES, *JANITOR_RULES)],
    }


def binding(plan: Plan) -> Document:
    """Return the binding of the role to the service account."""
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": plan.namespace}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": _owned(plan),
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": plan.namespace},
        "subjects": [subject],
    }


def _owned(plan: Plan) -> Document:
    return {
        "name": plan.namespace,
        "labels": {LABEL: plan.namespace},
        "ownerReferences": [owner(plan.namespace, plan.uid)],
    }


def owner(name: str, uid: str) -> Document:
    """Return a reference to the run's namespace: what has it is deleted with the namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "name": name, "uid": uid}


def job_name(node: str) -> str:
    """Return a Job's name for a node: unique, and a DNS label."""
    return f"node-{hashlib.sha256(node.encode()).hexdigest()[:16]}"


def job(plan: Plan, node: str) -> Document:
    """Return the Job of one node.

    The pod is pinned with nodeName and tolerates all taints: the scheduler would leave out a node
    that is tainted, and a kubelet that has no room says so itself.
    """
    container = {
        "name": "podpath",
        "image": plan.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-m", "podpath", "fleet", "on-node", "--", *plan.arguments],
        "env": [
            {"name": "PODPATH_OWNED_BY", "value": json.dumps(owner(plan.namespace, plan.uid))},
        ],
        "securityContext": {"privileged": True},
    }
    return _job(
        plan,
        job_name(node),
        {
            "nodeName": node,
            "hostPID": True,
            "hostNetwork": True,
            "dnsPolicy": "ClusterFirstWithHostNet",
            "tolerations": [{"operator": "Exists"}],
            "containers": [container],
        },
        {NODE: node},
        seconds=plan.seconds,
    )


def janitor(plan: Plan) -> Document:
    """Return the Job that deletes the namespace when the command no longer lives."""
    container = {
        "name": "podpath",
        "image": plan.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-m", "podpath", "fleet", "janitor", plan.namespace],
    }
    # It has nothing to clean up, and as the first process of its container it ignores SIGTERM.
    spec = {"containers": [container], "terminationGracePeriodSeconds": 1}
    return _job(plan, JANITOR, spec, {}, seconds=None)


def _job(
    plan: Plan, name: str, spec: Document, annotations: Mapping[str, str], *, seconds: int | None
) -> Document:
    labels = {LABEL: plan.namespace, "podpath.invalid/job": name}
    deadline = {} if seconds is None else {"activeDeadlineSeconds": seconds}
    template = {
        "metadata": {"labels": labels, "annotations": dict(annotations)},
        "spec": {
            "serviceAccountName": ACCOUNT,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 30,  # in which a run deletes its pods
            **spec,
        },
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels, "annotations": dict(annotations)},
        "spec": {
            "backoffLimit": 0,
            # the log must outlive the Job until it is read
            "ttlSecondsAfterFinished": 3600,
            **deadline,
            "template": template,
        },
    }
