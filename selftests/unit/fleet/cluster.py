"""A stand-in for the API server of a cluster of many nodes, as far as a fleet run asks it.

Each Job's pod ends at once with a report, or does what its node's name says: "lost-…" has a log
without a report, "cut-…" one with a line missing, "image-…" waits for an image, "full-…" is refused
by its kubelet, "pending-…" never ends.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from podpath.fleet import manifests, parcel

Document = dict[str, Any]


def node(
    name: str, *, ready: bool = True, cordoned: bool = False, system: str = "linux"
) -> Document:
    """The API's document of a node."""
    condition = {"type": "Ready", "status": "True" if ready else "Unknown"}
    if not ready:
        condition |= {"reason": "NodeStatusUnknown", "message": "Kubelet stopped posting"}
    information = dict.fromkeys(
        (
            *("architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "machineID"),
            *("kubeProxyVersion", "kubeletVersion", "osImage", "systemUUID"),
        ),
        "amd64",
    )
    return {
        "metadata": {"name": name},
        "spec": {"unschedulable": cordoned},
        "status": {
            "nodeInfo": {**information, "operatingSystem": system},
            "conditions": [condition],
        },
    }


class Cluster:
    """The state of the stand-in.

    Attributes:
        nodes: documents of the nodes.
        reports: files of the report that a node's Job sends; "" is any other node's.
        namespaces: name -> document.
        jobs: name -> document, of those that run.
        most_jobs: most Jobs that there were at once, without the janitor.
        requests: verb and resource -> number.
        bytes: bytes that were sent to the client.
    """

    def __init__(self, nodes: Sequence[Document], reports: dict[str, dict[str, bytes]]) -> None:
        self.nodes, self.reports = list(nodes), reports
        self.namespaces: dict[str, Document] = {}
        self.jobs: dict[str, Document] = {}
        self.roles: dict[str, Document] = {}
        self._packed: dict[str, list[str]] = {}
        self.most_jobs = 0
        self.requests: Counter[str] = Counter()
        self.bytes = 0

    def create(self, kind: str, body: Document) -> Document:
        name = body["metadata"]["name"]
        if kind == "namespaces":
            body["metadata"]["uid"] = f"uid-of-{name}"
            self.namespaces[name] = body
        elif kind == "jobs":
            self.jobs[name] = body
            self.most_jobs = max(self.most_jobs, len(self.jobs) - (manifests.JANITOR in self.jobs))
        elif kind.startswith("clusterrole"):
            self.roles[f"{kind}/{name}"] = body
        return body

    def delete(self, kind: str, name: str) -> Document | None:
        if kind == "jobs":
            return self.jobs.pop(name, None)
        gone = self.namespaces.pop(name, None)
        if gone:  # what it owns goes with it
            self.jobs.clear()
            owned = {
                key
                for key, role in self.roles.items()
                if role["metadata"]["ownerReferences"][0]["uid"] == gone["metadata"]["uid"]
            }
            self.roles = {k: v for k, v in self.roles.items() if k not in owned}
        return gone

    def pods(self, field: str) -> list[Document]:
        """The pods of all Jobs whose phase a selector selects."""
        pods = [self._pod(name, job) for name, job in self.jobs.items()]
        phases = {"status.phase=Pending": ("Pending",), "": ("Pending", "Running", "Succeeded")}
        chosen = phases.get(field, ("Succeeded", "Failed"))
        return [pod for pod in pods if pod["status"]["phase"] in chosen]

    def _pod(self, name: str, job: Document) -> Document:
        spec = job["spec"]["template"]
        return {
            "metadata": {**spec["metadata"], "name": f"{name}-pod"},
            "spec": {"containers": [{"name": "podpath", "image": "podpath:1"}]},
            "status": _status(spec["spec"].get("nodeName", "janitor-")),
        }

    def log(self, pod: str) -> str:
        name = self.jobs[pod.removesuffix("-pod")]["spec"]["template"]["spec"]["nodeName"]
        of = name if name in self.reports else ""
        if of not in self._packed:
            self._packed[of] = list(parcel.pack(self.reports[of], 1))
        lines = ["collected 5 items", *self._packed[of]]
        if name.startswith("lost-"):
            lines = ["Traceback", "MemoryError"]
        elif name.startswith("cut-"):
            del lines[1]
        elif name.startswith("full-"):
            lines = []
        return "\n".join(lines) + "\n"


def _status(node_name: str) -> Document:
    match node_name.partition("-")[0]:
        case "image":
            waiting = {"reason": "ErrImagePull", "message": "no such host"}
            container: Document = {"name": "podpath", "state": {"waiting": waiting}}
            container |= {"image": "", "imageID": "", "ready": False, "restartCount": 0}
            return {"phase": "Pending", "containerStatuses": [container]}
        case "full":
            return {"phase": "Failed", "reason": "OutOfpods", "message": "Node has no room"}
        case "pending" | "janitor":
            return {"phase": "Pending"}
    return {"phase": "Succeeded"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster: Cluster

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _words(self, verb: str) -> tuple[list[str], dict[str, list[str]]]:
        parts = urlsplit(self.path)
        words = parts.path.strip("/").split("/")
        words = words[2:] if words[0] == "api" else words[3:]
        inner = words[2:] if words[0] == "namespaces" and len(words) > 2 else words
        self.cluster.requests[f"{verb} {'/'.join(inner[:1] + inner[2:])}"] += 1
        return words, parse_qs(parts.query)

    def do_GET(self) -> None:
        words, query = self._words("get")
        match words:
            case ["nodes"]:
                self._answer({"items": self.cluster.nodes})
            case ["namespaces"]:
                label = query.get("labelSelector", [""])[0]
                key, _, value = label.partition("=")
                chosen = [
                    n
                    for n in self.cluster.namespaces.values()
                    if value in ("", n["metadata"]["labels"].get(key))
                ]
                self._answer({"items": chosen})
            case ["namespaces", name]:
                self._answer(self.cluster.namespaces.get(name))
            case ["namespaces", _, "pods"]:
                field = query.get("fieldSelector", [""])[0]
                self._answer({"items": self.cluster.pods(field)})
            case ["namespaces", _, "pods", pod, "log"]:
                self._send(200, self.cluster.log(pod).encode(), "text/plain")
            case ["namespaces", _, "events"]:
                event = {"metadata": {"name": "e"}, "involvedObject": {}, "reason": "Scheduled"}
                self._answer({"items": [{**event, "message": "assigned"}]})
            case _:
                self._answer(None)

    def do_POST(self) -> None:
        words, _ = self._words("create")
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(self.cluster.create(words[-1], body))

    def do_PATCH(self) -> None:
        words, _ = self._words("patch")
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = self.cluster.namespaces.get(words[-1])
        if found:
            found["metadata"]["annotations"] |= body["metadata"]["annotations"]
        self._answer(found)

    def do_DELETE(self) -> None:
        words, _ = self._words("delete")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = "jobs" if "jobs" in words else "namespaces"
        self._answer(self.cluster.delete(kind, words[-1]))

    def _answer(self, document: Document | None) -> None:
        content = json.dumps(document or {"kind": "Status", "message": "not found"}).encode()
        self._send(200 if document is not None else 404, content, "application/json")

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.cluster.bytes += len(content)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(cluster: Cluster) -> Iterator[str]:
    """Serve a cluster for the length of the block, at the URL that is returned."""
    handler = type("Handler", (_Handler,), {"cluster": cluster})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
