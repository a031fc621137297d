"""A run over nodes: creates a Job a node, so many at once, and collects what they send."""

import json
import platform
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from podpath.errors import CouldNotTest
from podpath.fleet import document, hindrance, manifests, parcel
from podpath.fleet.document import NodeResult
from podpath.fleet.manifests import Plan
from podpath.nodes.cluster.kube_jobs import ENDED, PENDING, Jobs
from podpath.report.document import digest as report_digest
from podpath.report.outcome import Verdict
from podpath.system import limits, randomness, waiting

#: Seconds between two looks at the Jobs, at pods that do not start, and signs of life.
_LOOK, _LOOK_AT_PENDING, _SIGN = 1.0, 5.0, 20.0
#: Seconds in which the API server may fail to answer before the run gives up.
_SILENCE = 60.0
#: Seconds beyond the deadline after which Kubernetes ends a Job itself.
_BACKSTOP = 120
#: Architectures as Python and as Kubernetes name them.
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class Listener(Protocol):
    """Receives what a run does."""

    def began(self, nodes: int) -> None:
        """Take note of the number of nodes."""

    def started(self, node: str) -> None:
        """Take note that a node's Job was created."""

    def done(self, result: NodeResult, files: Mapping[str, bytes]) -> None:
        """Take a node's result, and the files of its report."""


@dataclass(slots=True)
class _Job:
    """A Job that runs.

    Attributes:
        node: name of its node.
        began: when it was created, by the monotonic clock.
    """

    node: str
    began: float


class Campaign:
    """The Jobs of a run, in a namespace that exists."""

    def __init__(self, api: Jobs, plan: Plan, at_once: int, listener: Listener) -> None:
        """Prepare a run.

        Args:
            api: API server.
            plan: what the Jobs run.
            at_once: most Jobs at a time.
            listener: receives what happens.
        """
        self._api, self._plan, self._at_once, self._listener = api, plan, at_once, listener
        self._label = f"{manifests.LABEL}={plan.namespace}"
        self._running: dict[str, _Job] = {}
        self._looked_at_pending = self._signed = time.monotonic()
        self.results: list[NodeResult] = []

    def run(self, nodes: Sequence[Mapping[str, Any]], machine: str = "") -> None:
        """Test nodes; results has them all afterwards.

        Args:
            nodes: the API's documents of the nodes.
            machine: architecture of the image, as Kubernetes names it; empty to take any.

        Raises:
            CouldNotTest: the API server refuses, or does not answer for a minute.
        """
        self._listener.began(len(nodes))
        left: deque[str] = deque()
        for node in nodes:
            name = node["metadata"]["name"]
            if why := hindrance.of_node(node, machine):
                self._finish(_could_not(name, why))
            else:
                left.append(name)
        answered = time.monotonic()
        while left or self._running:
            try:
                self._step(left)
                answered = time.monotonic()
            except CouldNotTest:
                if time.monotonic() - answered > _SILENCE:
                    raise
            time.sleep(_LOOK)

    def _step(self, left: deque[str]) -> None:
        while left and len(self._running) < self._at_once:
            node = left[0]
            self._api.make_job(self._plan.namespace, manifests.job(self._plan, node))
            left.popleft()
            self._running[manifests.job_name(node)] = _Job(node, time.monotonic())
            self._listener.started(node)
        for pod in self._pods(ENDED):
            self._collect(pod)
        if time.monotonic() - self._looked_at_pending > _LOOK_AT_PENDING:
            self._looked_at_pending = time.monotonic()
            self._give_up()
        if time.monotonic() - self._signed > _SIGN:
            self._signed = time.monotonic()
            self._api.annotate(self._plan.namespace, {manifests.ALIVE: f"{time.time():.0f}"})

    def _pods(self, field: str) -> list[dict[str, Any]]:
        """List the pods of running Jobs."""
        pods = self._api.job_pods(self._plan.namespace, self._label, field)
        return [pod for pod in pods if _job_of(pod) in self._running]

    def _collect(self, pod: Mapping[str, Any]) -> None:
        """Take the report of a pod that has ended."""
        job = self._running[_job_of(pod)]
        seconds = time.monotonic() - job.began
        files: Mapping[str, bytes] = {}
        try:
            text = self._api.log(self._plan.namespace, pod["metadata"]["name"])
            sent = parcel.unpack(text.splitlines())
            files = {**sent.files, "log.txt": "\n".join((*sent.log, "")).encode()}
            result = read(job.node, sent, seconds)
        except CouldNotTest as error:
            why = hindrance.of_pod(pod)
            result = _could_not(job.node, "; ".join(filter(None, [why, str(error)])), seconds)
        self._end(_job_of(pod), result, files)

    def _give_up(self) -> None:
        """End the Jobs whose pods cannot start, and those that are late."""
        now = time.monotonic()
        pending = {_job_of(pod): pod for pod in self._pods(PENDING)}
        for name, pod in pending.items():
            job = self._running[name]
            if why := hindrance.of_pod(pod):
                self._end(name, _could_not(job.node, why, now - job.began), {})
        late = {n: j for n, j in self._running.items() if now - j.began > self._plan.seconds}
        if late:
            pods = {_job_of(pod): pod for pod in self._pods("")}
            for name, job in late.items():
                why = self._late(name, pods.get(name))
                self._end(name, _could_not(job.node, why, now - job.began), {})

    def _late(self, name: str, pod: Mapping[str, Any] | None) -> str:
        names = [name, *([pod["metadata"]["name"]] if pod else [])]
        events = self._api.job_events(self._plan.namespace, names)
        return hindrance.never_ended(pod, events, self._plan.seconds)

    def _end(self, name: str, result: NodeResult, files: Mapping[str, bytes]) -> None:
        self._api.delete_job(self._plan.namespace, name)
        del self._running[name]
        self._finish(result, files)

    def _finish(self, result: NodeResult, files: Mapping[str, bytes] | None = None) -> None:
        self.results.append(result)
        self._listener.done(result, files or {})


def _job_of(pod: Mapping[str, Any]) -> str:
    return str(pod["metadata"].get("labels", {}).get("podpath.invalid/job", ""))


def _could_not(node: str, why: str, seconds: float = 0.0) -> NodeResult:
    return NodeResult(node, str(Verdict.COULD_NOT_TEST), why, round(seconds, 1))


def read(node: str, sent: parcel.Parcel, seconds: float) -> NodeResult:
    """Read what a node sent.

    Args:
        node: the node's name.
        sent: what it sent.
        seconds: how long its Job took.

    Raises:
        CouldNotTest: there is no report, or it is not as podpath wrote it.
    """
    content = sent.files.get("report.json")
    if content is None:
        raise CouldNotTest(f"its run wrote no report (exit status {sent.status}):\n{_last(sent)}")
    try:
        report = json.loads(content)
        # Not the whole of verify.problems: its schema takes 0.4 s a report, and thousands come.
        if report_digest(report) != report["digest"]:
            raise CouldNotTest("its report does not verify: it was edited on its way")
        result = document.of_report(node, report, seconds)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise CouldNotTest(f"its report is not as podpath writes it: {error!r:.200}") from None
    if result.verdict == Verdict.COULD_NOT_TEST and not result.reason:
        why = f"its run was broken off (exit status {sent.status}):\n{_last(sent)}"
        return replace(result, reason=why)
    return result


def _last(sent: parcel.Parcel) -> str:
    """Return the last lines of a run's own output."""
    return "\n".join(sent.log[-20:]).strip()


def machine() -> str:
    """Return this machine's architecture, as Kubernetes names it."""
    return _MACHINES.get(platform.machine(), platform.machine())


@contextmanager
def namespace(api: Jobs, plan: Plan) -> Iterator[Plan]:
    """Create the namespace of a run, with its account, rights and janitor, for the block's length.

    Args:
        api: API server.
        plan: what the Jobs run; its namespace and uid are filled in.

    Raises:
        CouldNotTest: the API server refuses, or the namespace is not gone in time.
    """
    name = f"podpath-fleet-{randomness.unique(4).hex()}"
    made = api.make_namespace(manifests.namespace(name, time.time()))
    try:
        plan = replace(plan, namespace=name, uid=made["metadata"]["uid"])
        api.make_account(name, manifests.account(plan))
        api.make_role(manifests.role(plan), manifests.binding(plan))
        api.make_job(name, manifests.janitor(plan))
        yield plan
    finally:
        api.delete_namespace(name)
        _wait_until_gone(api, name)


def _wait_until_gone(api: Jobs, name: str) -> None:
    """Wait until a namespace is gone, and what it owned."""
    seconds = limits.current().namespace
    label = f"{manifests.LABEL}={name}"
    pause = 0.5  # a request to the API server each time
    if waiting.until(lambda: api.labelled_namespaces(label), lambda x: not x, seconds, pause):
        raise CouldNotTest(
            f"the namespace {name} is not gone after {seconds:.0f} s",
            f"kubectl get namespace {name} -o yaml says what it waits for",
        )


def left_over(api: Jobs) -> list[tuple[str, float]]:
    """List other fleet runs of the cluster, alive or not.

    Returns:
        Name of the namespace, and seconds since the run's last sign of life, by this clock.
    """
    runs = []
    for found in api.labelled_namespaces(manifests.LABEL):
        signed = float((found["metadata"].get("annotations") or {}).get(manifests.ALIVE, 0))
        runs.append((found["metadata"]["name"], time.time() - signed))
    return runs


def build(
    results: Iterable[NodeResult], about: Mapping[str, Any], *, complete: bool
) -> dict[str, Any]:
    """Build the report of a run that ends now."""
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return document.build(results, date, about, complete=complete)
