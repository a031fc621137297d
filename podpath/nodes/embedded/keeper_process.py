"""The keeper's process (keeper.py) as pytest's process sees it."""

import json
import select
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import podpath
from podpath.errors import CouldNotTest
from podpath.nodes.embedded.init import NodeSpec
from podpath.system import limits, programs


class Keeper(Protocol):
    """The process that keeps a node, as the node needs it."""

    @property
    def init(self) -> int:
        """Pid of the node's init."""

    @property
    def missing(self) -> Sequence[str]:
        """Parts of the isolation that this kernel does not offer."""

    def ended(self, seconds: float) -> str:
        """Return how the node ended by itself; empty if it still runs after these seconds."""


class KeeperProcess:
    """The process that keeps a node, started by this process, and its messages.

    Attributes:
        node: id of the node.
        pid: pid of the keeper.
        init: pid of the node's init.
        missing: parts of the isolation that this kernel does not offer.
        left_to_others: True if other processes hold the node, which must outlive this one.
    """

    left_to_others = False

    def __init__(self, node: str, process: "subprocess.Popen[bytes]", seconds: float) -> None:
        self.node = node
        self.pid = process.pid
        self._process = process
        self._lock = threading.Lock()
        self._ended = ""
        message = self._hear(seconds)
        if message is None:
            raise CouldNotTest(
                f"the node's namespaces were not ready in {seconds:.0f} s",
                limits.current().remedy,
            )
        if "error" in message:
            raise CouldNotTest(
                f"the node's namespaces could not be made: {message['error']}",
                "Run as root with all capabilities (in a container: --privileged)",
            )
        self.init: int = message["init"]
        self.missing: list[str] = message["missing"]

    def _hear(self, seconds: float) -> dict[str, Any] | None:
        """Return the next message; None if none arrives in time."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return None
        if line := self._process.stdout.readline():
            return dict(json.loads(line))
        return {"error": self._process.stderr.read().decode()}

    def ended(self, seconds: float) -> str:
        """Return how the node ended by itself; empty if it still runs.

        Args:
            seconds: time to wait for the end.
        """
        with self._lock:
            if not self._ended and (message := self._hear(seconds)):
                self._ended = message.get("ended", "the node has ended: its keeper was killed")
            return self._ended


@contextmanager
def kept(spec: NodeSpec) -> Iterator[KeeperProcess]:
    """Run a keeper for the length of the block.

    Raises:
        CouldNotTest: the node's namespaces cannot be made, or the node does not end.
    """
    source = str(Path(podpath.__file__).parent.parent)
    program = (
        f"import sys; sys.path.insert(0, {source!r});"
        " from podpath.nodes.embedded import keeper; keeper.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", program, json.dumps(asdict(spec))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # select must see the data that is not read yet
        # Its own session: Ctrl-C ends pytest, and the end of pytest ends the keeper.
        start_new_session=True,
        # The plugins inherit it through containerd, so it holds nothing of the user's.
        env={"PATH": programs.search_path(), "LANG": "C.UTF-8", "HOME": "/root"},
    )
    keeper: KeeperProcess | None = None
    try:
        of_setup = limits.current().node_setup if spec.setup else 0.0
        seconds = limits.current().node_start + of_setup
        yield (keeper := KeeperProcess(spec.id, process, seconds))
    finally:
        if keeper is not None and keeper.left_to_others:
            _leave(process)
        else:
            _end(process)


def _leave(process: "subprocess.Popen[bytes]") -> None:
    """Close this process's end of the pipe. The keeper ends with the last other holder of it."""
    for stream in (process.stdin, process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    process.returncode = 0  # nobody waits for it here


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Close the pipe that the keeper lives by, and wait until the keeper has removed everything."""
    seconds = limits.current().node_end
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise CouldNotTest(
            f"the embedded node did not end in {seconds:.0f} s",
            "Its cgroups are named podpath-*; the next run removes them."
            f" {limits.current().remedy}",
        ) from None
