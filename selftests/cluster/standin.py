"""A stand-in for API server, kubelet and kube-proxy, on the embedded node's containerd.

It knows what podpath asks for and no more. What a real cluster does beside that, only one can show.
"""

import base64
import hashlib
import itertools
import json
import socket
import struct
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from podpath.errors import CouldNotTest, DoesNotConform
from podpath.nodes.cri import Runtime
from podpath.nodes.embedded.node import EmbeddedNode
from podpath.system import netns, randomness

NODE = "standin-node"
_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_BINARY, _CLOSE = 0x82, 0x88

Document = dict[str, Any]


class Kubelet:
    """Makes pods of documents, and keeps their status."""

    def __init__(self, node: EmbeddedNode) -> None:
        socket_path = str(node.root("/run/containerd/containerd.sock"))
        self._runtime = Runtime(socket_path, lambda: "", lambda: "")
        self._pods: dict[tuple[str, str], Document] = {}
        self._sandboxes: dict[tuple[str, str], str] = {}
        self._containers: dict[tuple[str, str], dict[str, str]] = {}
        self._events: dict[tuple[str, str], list[Document]] = {}
        self._lock = threading.Lock()
        self._node = node
        self._services: dict[tuple[str, str], tuple[str, str]] = {}
        self._numbers = itertools.count(10)

    def create(self, namespace: str, body: Document) -> Document:
        key = (namespace, body["metadata"]["name"])
        body["metadata"] |= {"namespace": namespace, "uid": randomness.unique(8).hex()}
        body["status"] = {"phase": "Pending", "conditions": []}
        with self._lock:
            self._pods[key], self._events[key] = body, []
        threading.Thread(target=self._start, args=(key, body), daemon=True).start()
        return body

    def _start(self, key: tuple[str, str], body: Document) -> None:
        try:
            self._sandboxes[key], config = self.sandbox(*key, body["metadata"]["uid"])
            self._containers[key] = {
                c["name"]: self._runtime.run_container(
                    self._sandboxes[key], config, c["name"], c["image"], c["command"]
                )
                for c in body["spec"]["containers"]
            }
            addresses, _ = self._runtime.sandbox_status(self._sandboxes[key])
        except (CouldNotTest, DoesNotConform) as error:
            self._tell(key, "FailedCreatePodSandBox", str(error))
            return
        body["status"] = {
            "phase": "Running",
            "podIP": addresses[0],
            "podIPs": [{"ip": a} for a in addresses],
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        first = body["spec"]["containers"][0]
        if body["spec"]["restartPolicy"] == "Always":
            threading.Thread(target=self._restart, args=(key, config, first), daemon=True).start()
        if probe := first.get("livenessProbe"):
            threading.Thread(target=self._ask, args=(key, addresses[0], probe), daemon=True).start()

    def _restart(self, key: tuple[str, str], config: Any, container: Document) -> None:
        """Start a container again when it has ended."""
        runtime, name = self._runtime, container["name"]
        while key in self._sandboxes:
            with suppress(CouldNotTest, KeyError):  # the pod is being deleted
                if name not in runtime.containers(self._sandboxes[key]):
                    ended = self._containers[key].pop(name)
                    request = runtime._api.RemoveContainerRequest(container_id=ended)
                    runtime._call(runtime._runtime.RemoveContainer, request)
                    self._containers[key][name] = runtime.run_container(
                        self._sandboxes[key], config, name, container["image"], container["command"]
                    )
            time.sleep(0.05)

    def _ask(self, key: tuple[str, str], address: str, probe: Document) -> None:
        """The kubelet's HTTP probe, from the node's own namespace."""
        url = f"http://{address}:{probe['httpGet']['port']}{probe['httpGet']['path']}"

        def get() -> None:
            with suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
                answer.read()

        while key in self._sandboxes:
            netns.run_in(self._node.network_namespace(), get)
            time.sleep(probe["periodSeconds"])

    def create_service(self, namespace: str, body: Document) -> Document:
        """As kube-proxy does it: translated on the way in, and what comes back, masqueraded."""
        selector = body["spec"]["selector"]
        (pod,) = [
            p["status"]["podIP"]
            for (of, _), p in self._pods.items()
            if of == namespace and selector.items() <= p["metadata"]["labels"].items()
        ]
        address = f"10.96.0.{next(self._numbers)}"
        self._services[namespace, body["metadata"]["name"]] = (address, pod)
        self._translate("-I", address, pod)  # kube-proxy's rules come before the plugins'
        body["spec"]["clusterIP"] = address
        return body

    def delete_service(self, namespace: str, name: str) -> Document:
        self._translate("-D", *self._services.pop((namespace, name)))
        return {"metadata": {"name": name}}

    def _translate(self, change: str, address: str, pod: str) -> None:
        to = f"-d {address} -p tcp --dport 80 -j DNAT --to-destination {pod}:80"
        for rule in (
            f"PREROUTING {to}",
            f"OUTPUT {to}",
            f"POSTROUTING -s {pod} -d {pod} -j MASQUERADE --random-fully",
        ):
            done = self._node.run(["iptables", "-t", "nat", change, *rule.split()])
            assert done.returncode == 0, done.stderr

    def sandbox(self, namespace: str, name: str, uid: str) -> tuple[str, Any]:
        """A sandbox with the labels of a kubelet; its id and configuration."""
        api = self._runtime._api
        config = api.PodSandboxConfig(
            metadata=api.PodSandboxMetadata(name=name, uid=uid, namespace=namespace),
            hostname=name,
            log_directory=f"/var/log/pods/{uid}",
            labels={"io.kubernetes.pod.uid": uid},
            linux=api.LinuxPodSandboxConfig(),
        )
        reply = self._runtime._network_call(
            f"ADD for pod {name}",
            self._runtime._runtime.RunPodSandbox,
            api.RunPodSandboxRequest(config=config),
        )
        return reply.pod_sandbox_id, config

    def _tell(self, key: tuple[str, str], reason: str, message: str) -> None:
        metadata = {"name": randomness.unique(4).hex()}
        event = {"metadata": metadata, "involvedObject": {}, "reason": reason, "message": message}
        self._events[key].append(event)

    def pod(self, namespace: str, name: str) -> Document | None:
        return self._pods.get((namespace, name))

    def events(self, name: str) -> list[Document]:
        return [e for key, events in self._events.items() if key[1] == name for e in events]

    def delete(self, namespace: str, name: str) -> None:
        key = (namespace, name)
        threading.Thread(target=self._stop, args=(key,), daemon=True).start()

    def _stop(self, key: tuple[str, str]) -> None:
        while key in self._sandboxes:
            try:
                self._runtime.remove_pod(key[1], self._sandboxes[key])
                del self._sandboxes[key]
            except (CouldNotTest, DoesNotConform) as error:
                self._tell(key, "FailedKillPod", str(error))
                time.sleep(0.5)  # as a kubelet tries again
        with self._lock:
            del self._pods[key]

    def execute(self, namespace: str, name: str, container: str, command: list[str]) -> Any:
        return self._runtime.execute(self._containers[namespace, name][container], command, 60)

    def close(self) -> None:
        for namespace, name in list(self._sandboxes):
            with suppress(CouldNotTest, DoesNotConform):
                self._runtime.remove_pod(name, self._sandboxes[namespace, name])
        self._runtime.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kubelet: Kubelet
    namespaces: dict[str, Document]
    asked: set[tuple[str, str]]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        words, query = parts.path.strip("/").split("/")[2:], parse_qs(parts.query)
        self._note("get", words)
        match words:
            case ["nodes"]:
                self._answer({"items": [_node()]})
            case ["nodes", _]:
                self._answer(_node())
            case ["namespaces"]:
                self._answer({"items": list(self.namespaces.values())})
            case ["namespaces", _, "serviceaccounts", name]:
                self._answer({"metadata": {"name": name}})
            case ["namespaces", namespace, "pods", name]:
                self._answer(self.kubelet.pod(namespace, name))
            case ["namespaces", _, "events"]:
                name = query["fieldSelector"][0].partition("=")[2]
                self._answer({"items": self.kubelet.events(name)})
            case ["namespaces", namespace, "pods", name, "exec"]:
                self._execute(namespace, name, query)
            case _:
                self._answer(None)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        words = urlsplit(self.path).path.strip("/").split("/")[2:]
        self._note("create", words)
        match words:
            case ["namespaces"]:
                self.namespaces[body["metadata"]["name"]] = body
                self._answer(body)
            case ["namespaces", namespace, "pods"]:
                self._answer(self.kubelet.create(namespace, body))
            case ["namespaces", namespace, "services"]:
                self._answer(self.kubelet.create_service(namespace, body))
            case _:
                self._answer(None)

    def do_DELETE(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        words = urlsplit(self.path).path.strip("/").split("/")[2:]
        self._note("delete", words)
        match words:
            case ["namespaces", name]:
                self._answer(self.namespaces.pop(name, None))
            case ["namespaces", namespace, "pods", name]:
                found = self.kubelet.pod(namespace, name)
                if found:
                    self.kubelet.delete(namespace, name)
                self._answer(found)
            case ["namespaces", namespace, "services", name]:
                self._answer(self.kubelet.delete_service(namespace, name))
            case _:
                self._answer(None)

    def _note(self, verb: str, words: list[str]) -> None:
        """Which right a request needs: its verb and resource, as RBAC has them."""
        of_namespace = words[2:] if words[0] == "namespaces" and len(words) > 2 else words
        resource = "/".join([*of_namespace[:1], *of_namespace[2:]])
        single = len(of_namespace) > 1 or verb != "get"
        self.asked.add((verb if single else "list", resource))

    def _answer(self, document: Document | None) -> None:
        content = json.dumps(document or {"kind": "Status", "message": "not found"}).encode()
        self.send_response(200 if document else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _execute(self, namespace: str, name: str, query: Mapping[str, list[str]]) -> None:
        """v4.channel.k8s.io: 1 and 2 are the command's output, 3 is how it ended."""
        key = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + _KEY).encode()).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(key).decode())
        self.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        result = self.kubelet.execute(namespace, name, query["container"][0], query["command"])
        status: Document = {"status": "Success"}
        if result.status:
            cause = {"reason": "ExitCode", "message": str(result.status)}
            status = {"status": "Failure", "details": {"causes": [cause]}}
        for start in range(0, len(result.output), 32768):
            self._frame(_BINARY, b"\1" + result.output[start : start + 32768])
        if result.errors:
            self._frame(_BINARY, b"\2" + result.errors.encode())
        self._frame(_BINARY, b"\3" + json.dumps(status).encode())
        self._frame(_CLOSE, struct.pack("!H", 1000))

    def _frame(self, kind: int, content: bytes) -> None:
        size = len(content)
        short = struct.pack("!BB", kind, size) if size < 126 else b""
        head = short or struct.pack("!BBH", kind, 126, size)
        self.wfile.write(head + content)


def _node() -> Document:
    unknown = ("architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "systemUUID")
    more = ("kubeProxyVersion", "machineID", "operatingSystem")
    information = {**dict.fromkeys((*unknown, *more), "?")}
    information["machineID"] = Path("/etc/machine-id").read_text().strip()
    information |= {"kubeletVersion": "none, a stand-in", "osImage": "this system"}
    return {"metadata": {"name": NODE}, "status": {"nodeInfo": information}}


@contextmanager
def serving(node: EmbeddedNode) -> Iterator[tuple[str, Kubelet, set[tuple[str, str]]]]:
    """A stand-in for the length of the block: its address, its kubelet, and what it was asked for.

    The latter as verb and resource, as RBAC has them.
    """
    asked: set[tuple[str, str]] = set()
    kubelet = Kubelet(node)
    handler = type("Handler", (_Handler,), {"kubelet": kubelet, "namespaces": {}, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kubelet, asked
    finally:
        server.shutdown()
        server.server_close()
        kubelet.close()
