"""Call a plugin as a container runtime does: on the node, with CNI's variables and its stdin."""

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import IO, Any

from podpath.contract.answers import Answer
from podpath.contract.subjects import Step, Subject, request_configuration
from podpath.errors import CouldNotTest, DoesNotConform, Hung, Unmet
from podpath.model import Difference
from podpath.nodes.base import Node, not_started
from podpath.nodes.hung import HungCalls
from podpath.system import files, limits, programs

#: Requirement that calls end, with the reason why tests that need such a call are not run.
ENDS = ("CNI-TIME", "a call did not end in time")
#: CNI_IFNAME. Not eth0: a plugin must use that name, not the usual one, or return an error.
INTERFACE = "net1"

_CHUNK = 65536


class Runtime:
    """Caller of the plugins on a node.

    Attributes:
        node: the node.
        network_name: name of the network in the conflist.
        path: directories of plugins on the node, in the format of CNI_PATH.
        interface: CNI_IFNAME of each container's first interface.
        unmet: failure of the first ADD, which explains later ones; None if it succeeded.
        marks: marks of the node's own links after the first ADD; see link_settings.
        rerouted: changes of the node's routes by links of all pods, which calls of GC made.
        named_interfaces: names of the subjects whose ADD made an interface named CNI_IFNAME.
        leaves_links: True if DEL of the first container left its interface.
        own_links: names of the node's links after the first container; empty before it.
        live: names of the containers' namespaces that tests use at the moment.
        has_failed: True if an ADD failed since leftovers of failed ADDs were removed.
        hung: the calls that did not end in time.
        is_usual: True if plugins find on this node what they find for pods.
    """

    def __init__(
        self,
        node: Node,
        network_name: str,
        path: str,
        hung: HungCalls | None = None,
        *,
        is_usual: bool = True,
    ) -> None:
        self.node = node
        self.network_name = network_name
        self.path = path
        self.interface = INTERFACE
        self.unmet: Unmet | CouldNotTest | None = None
        self.marks: tuple[str, ...] = ()
        self.rerouted: list[Difference] = []
        self.named_interfaces: set[str] = set()
        self.leaves_links = False
        self.own_links: frozenset[str] = frozenset()
        self.live: set[str] = set()
        self.has_failed = False
        self.hung = hung or HungCalls()
        self.is_usual = is_usual
        self._versions: dict[str, tuple[str, ...]] = {}

    def with_directory(self, directory: str) -> "Runtime":
        """Return a copy that searches for plugins in another directory of the node first."""
        path = f"{directory}:{self.path}"
        other = Runtime(self.node, self.network_name, path, self.hung, is_usual=False)
        other.unmet, other._versions = self.unmet, self._versions
        other.interface = self.interface
        other.leaves_links = self.leaves_links
        other.own_links, other.live = self.own_links, self.live
        other.rerouted = self.rerouted
        return other

    def fail(self, unmet: Unmet | CouldNotTest) -> None:
        """Attribute the calls that hung so far, and later failures of ADD, to the first ADD."""
        self.unmet = unmet
        self.hung.attribute(unmet)

    def require_first_add(self) -> None:
        """Require that the first ADD on the node succeeded.

        Raises:
            Unmet: it failed.
            CouldNotTest: it failed because of something that the node lacks.
        """
        if self.unmet:
            raise self.unmet.with_traceback(None)

    def call(
        self,
        step: Step,
        version: str,
        environment: Mapping[str, str],
        *,
        previous: Mapping[str, Any] | None = None,
        additional_keys: Mapping[str, Any] | None = None,
        violated: tuple[str, str] = ENDS,
    ) -> Answer:
        """Call a plugin with the configuration that a runtime derives for it.

        Args:
            step: the plugin, with its section of the conflist.
            version: cniVersion of the configuration.
            environment: CNI's variables.
            previous: prevResult of the configuration.
            additional_keys: keys that the command adds to the configuration.
            violated: as for execute.

        Raises:
            DoesNotConform: the plugin does not end in time, or prints without end.
            CouldNotTest: the plugin is not on the node.
        """
        configuration = {
            **request_configuration(step, self.network_name, version, previous),
            **(additional_keys or {}),
        }
        return self.execute(step.plugin, json.dumps(configuration), environment, violated)

    def version(self, plugin: str, version: str) -> Answer:
        """Call VERSION with an input of this cniVersion.

        Raises:
            DoesNotConform: as call.
            CouldNotTest: as call.
        """
        return self.execute(plugin, json.dumps({"cniVersion": version}), {"CNI_COMMAND": "VERSION"})

    def status(self, subject: Subject, version: str) -> list[Answer]:
        """Call STATUS of each plugin.

        Raises:
            DoesNotConform: as call.
            CouldNotTest: as call.
        """
        return [self.call(s, version, {"CNI_COMMAND": "STATUS"}) for s in subject.steps]

    def collect_garbage(
        self, subject: Subject, version: str, valid: Iterable[Mapping[str, str]]
    ) -> list[Answer]:
        """Call GC of each plugin.

        The valid attachments are passed by two keys, because the first text of specification 1.1.0
        has the other key.

        Args:
            subject: the plugins to call.
            version: cniVersion of the configuration.
            valid: the attachments that still exist.

        Raises:
            DoesNotConform: as call.
            CouldNotTest: as call.
        """
        attachments = list(valid)
        additional_keys = {
            "cni.dev/valid-attachments": attachments,
            "cni.dev/attachments": attachments,
        }
        environment = {"CNI_COMMAND": "GC"}
        return [
            self.call(s, version, environment, additional_keys=additional_keys)
            for s in subject.steps
        ]

    def execute(
        self,
        plugin: str,
        text: str,
        environment: Mapping[str, str],
        violated: tuple[str, str] = ENDS,
    ) -> Answer:
        """Call a plugin with any text on stdin, unless the same command of it hung before.

        Args:
            plugin: type of the plugin.
            text: its stdin.
            environment: CNI's variables.
            violated: requirement that a call without end violates, and why other tests are not run.

        Raises:
            DoesNotConform: as call.
            CouldNotTest: as call.
        """
        path = self.locate(plugin)
        given = {"PATH": programs.search_path(), "LANG": "C.UTF-8", "CNI_PATH": self.path}
        command = environment.get("CNI_COMMAND", "(no command)")
        self.hung.require_none(command, plugin)
        started = time.monotonic()
        try:
            status, output, errors = _run(
                partial(self.node.start, [path], env=given | dict(environment)),
                text,
                f"{plugin} {command}",
            )
        except OSError as error:
            status, output, errors = not_started([path], error)
        except Hung as error:
            unmet = self.unmet or Unmet(error, *violated)
            only = plugin if violated == ENDS else ""
            raise self.hung.note(unmet, command, only).with_traceback(None) from None
        return Answer(plugin, command, status, output, errors, time.monotonic() - started)

    def supported_versions(self, plugin: str) -> tuple[str, ...]:
        """Return the versions that a plugin supports; empty if it lists none. Calls VERSION once.

        Raises:
            DoesNotConform: as call.
            CouldNotTest: as call.
        """
        if plugin not in self._versions:
            self._versions[plugin] = self.version(plugin, "1.0.0").supported_versions
        return self._versions[plugin]

    def locate(self, plugin: str) -> str:
        """Return the path of a plugin on the node.

        Raises:
            CouldNotTest: no directory has it.
        """
        for directory in self.path.split(":"):
            if os.path.lexists(self.node.root(f"{directory}/{plugin}")):
                return f"{directory}/{plugin}"
        raise CouldNotTest(f'the plugin "{plugin}" is not on the node, in none of {self.path}')


def _run(
    start: Callable[..., "subprocess.Popen[bytes]"], text: str, call: str
) -> tuple[int, str, str]:
    """Return exit status, stdout and stderr; kill the process and its children if it is late."""
    stdin = os.memfd_create("stdin")
    try:
        os.write(stdin, text.encode())
        os.lseek(stdin, 0, os.SEEK_SET)
        process = start(
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a process group of its own, to kill it as a whole
        )
    finally:
        os.close(stdin)
    with process:
        complaint: DoesNotConform | None = None
        try:
            outputs, complaint = _read_to_end(process, call)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if complaint:
            complaint.output = _text(outputs[1])
            raise complaint
        return process.returncode, _text(outputs[0]), _text(outputs[1])


def _read_to_end(
    process: "subprocess.Popen[bytes]", call: str
) -> tuple[list[bytearray], DoesNotConform | None]:
    """Read stdout and stderr until the process has ended and its pipes are closed, as libcni does.

    A process that outlives the plugin may hold its pipes open.

    Returns:
        Both texts, and the error of a plugin that hangs, or prints without end.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    outputs = [bytearray(), bytearray()]
    deadline = time.monotonic() + _until_killed()
    with selectors.DefaultSelector() as selector:
        for number, pipe in enumerate((process.stdout, process.stderr)):
            selector.register(pipe, selectors.EVENT_READ, number)
        while selector.get_map():
            ready = selector.select(max(deadline - time.monotonic(), 0))
            if not ready:
                return outputs, _late(process, call)
            for key, _ in ready:
                _read_pipe(key.fileobj, outputs[key.data], selector.unregister)
            if max(map(len, outputs)) > files.LIMIT:
                most = f"{files.LIMIT // 2**20} MiB"
                return outputs, Hung(
                    f"{call} did not end, printed more than {most}, and was killed"
                )
    try:
        process.wait(max(deadline - time.monotonic(), limits.current().plugin_exit))
    except subprocess.TimeoutExpired:
        return outputs, _late(process, call)
    return outputs, None


def _until_killed() -> float:
    """Return the seconds after which a call is killed; CNI-TIME allows fewer on a slow machine."""
    limit = limits.current()
    return limit.measures.plugin_call * limit.patience


def _late(process: "subprocess.Popen[bytes]", call: str) -> Hung:
    """Return the error of a call that took too long; another process may hold its output open."""
    seconds = f"{_until_killed():.0f} s"
    if process.poll() is None:
        return Hung(f"{call} did not end within {seconds}, and was killed")
    return Hung(f"{call} ended, but another process held its output open for more than {seconds}")


def _read_pipe(pipe: Any, output: bytearray, done: Any) -> None:
    stream: IO[bytes] = pipe
    data = os.read(stream.fileno(), _CHUNK)
    output += data
    if not data:
        done(stream)


def _text(data: bytearray) -> str:
    return bytes(data).decode(errors="replace")
