"""Calling a plugin as a container runtime does: in the node, with CNI's variables and its stdin."""

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from typing import IO, Any

from podpath.contract.answers import BUDGET, Answer
from podpath.contract.subjects import Step, Subject, request
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.nodes.base import Node
from podpath.system import files, programs

#: A process that outlives the plugin may hold its pipes; how long they are waited for then.
_KILLED_SECONDS = 1.0
_CHUNK = 65536


class Runtime:
    """Calls plugins on a node.

    network: the name of the conflist; path: where plugins are on the node, as CNI_PATH has it.
    """

    def __init__(self, node: Node, network: str, path: str) -> None:
        self.node = node
        self.network = network
        self.path = path
        self._spoken: dict[str, tuple[str, ...]] = {}

    def searching(self, directory: str) -> "Runtime":
        """The same, with plugins of another directory of the node found first."""
        other = Runtime(self.node, self.network, f"{directory}:{self.path}")
        other._spoken = self._spoken
        return other

    def call(
        self,
        step: Step,
        version: str,
        environment: Mapping[str, str],
        *,
        previous: Mapping[str, Any] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Call a plugin with the configuration that it must get.

        environment: CNI's variables; more: what the command adds to the configuration.
        Raises DoesNotConform if the plugin does not end in time, or does not stop talking.
        """
        configuration = {**request(step, self.network, version, previous), **(more or {})}
        return self.say(step.plugin, json.dumps(configuration), environment)

    def version(self, plugin: str, version: str) -> Answer:
        """VERSION, asked in a version. Raises as call does."""
        return self.say(plugin, json.dumps({"cniVersion": version}), {"CNI_COMMAND": "VERSION"})

    def status(self, subject: Subject, version: str) -> list[Answer]:
        """STATUS of each plugin. Raises as call does."""
        return [self.call(s, version, {"CNI_COMMAND": "STATUS"}) for s in subject.steps]

    def collect(
        self, subject: Subject, version: str, valid: Iterable[Mapping[str, str]]
    ) -> list[Answer]:
        """GC of each plugin; valid: the attachments that there still are. Raises as call does.

        They go by two keys: the specification's first text of 1.1.0 has the other one.
        """
        attachments = list(valid)
        more = {"cni.dev/valid-attachments": attachments, "cni.dev/attachments": attachments}
        environment = {"CNI_COMMAND": "GC"}
        return [self.call(s, version, environment, more=more) for s in subject.steps]

    def say(self, plugin: str, text: str, environment: Mapping[str, str]) -> Answer:
        """Call a plugin with any text on stdin. Raises as call does."""
        path = self.locate(plugin)
        given = {"PATH": programs.search_path(), "LANG": "C.UTF-8", "CNI_PATH": self.path}
        command = environment.get("CNI_COMMAND", "(no command)")
        started = time.monotonic()
        status, output, errors = _run(
            self.node.entering([path]), text, given | dict(environment), f"{plugin} {command}"
        )
        return Answer(plugin, command, status, output, errors, time.monotonic() - started)

    def supported(self, plugin: str) -> tuple[str, ...]:
        """The versions that a plugin says it supports, none if it does not say. Asked once."""
        if plugin not in self._spoken:
            self._spoken[plugin] = self.version(plugin, "1.0.0").supported_versions
        return self._spoken[plugin]

    def locate(self, plugin: str) -> str:
        """The path of a plugin on the node. Raises CouldNotTest if it is not there."""
        for directory in self.path.split(":"):
            if os.path.lexists(self.node.root(f"{directory}/{plugin}")):
                return f"{directory}/{plugin}"
        raise CouldNotTest(f'the plugin "{plugin}" is not on the node, in none of {self.path}')


def _run(
    command: list[str], text: str, environment: dict[str, str], about: str
) -> tuple[int, str, str]:
    """Exit status, stdout and stderr; whatever the process started is killed if it is late."""
    stdin = os.memfd_create("stdin")
    try:
        os.write(stdin, text.encode())
        os.lseek(stdin, 0, os.SEEK_SET)
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # a group of its own, which can be killed as a whole
        )
    finally:
        os.close(stdin)
    with process:
        complaint = ""
        try:
            said, complaint = _listen(process, time.monotonic() + BUDGET)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if complaint:
            raise DoesNotConform(f"{about} {complaint}", _text(said[1]))
        return process.returncode, _text(said[0]), _text(said[1])


def _listen(process: "subprocess.Popen[bytes]", deadline: float) -> tuple[list[bytearray], str]:
    """What a process says until it has ended, and its pipes are closed, as libcni waits for.

    Then, what is wrong with that, if anything.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    said = [bytearray(), bytearray()]
    with selectors.DefaultSelector() as selector:
        for number, pipe in enumerate((process.stdout, process.stderr)):
            selector.register(pipe, selectors.EVENT_READ, number)
        while selector.get_map():
            ready = selector.select(max(deadline - time.monotonic(), 0))
            if not ready:
                return said, f"did not end within {BUDGET:.0f} s, and was killed"
            for key, _ in ready:
                _hear(key.fileobj, said[key.data], selector.unregister)
            if max(map(len, said)) > files.MOST:
                return said, f"printed more than {files.MOST // 2**20} MiB, and was killed"
    try:
        process.wait(max(deadline - time.monotonic(), _KILLED_SECONDS))
    except subprocess.TimeoutExpired:
        return said, f"did not end within {BUDGET:.0f} s, and was killed"
    return said, ""


def _hear(pipe: Any, said: bytearray, done: Any) -> None:
    stream: IO[bytes] = pipe
    data = os.read(stream.fileno(), _CHUNK)
    said += data
    if not data:
        done(stream)


def _text(data: bytearray) -> str:
    return bytes(data).decode(errors="replace")
