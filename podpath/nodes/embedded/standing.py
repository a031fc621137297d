"""Nodes that stand for several processes: a node's own record, and each process's hold on it.

The process that started a node writes the record: what another process needs to use the node. Both
then hold the node in the same two ways. A lock on a file says who holds it; an open end of the pipe
that the keeper lives by keeps it up (keeper.py). The node ends with its last holder, SIGKILL
included, and the keeper removes the record.

A copy of the record is in the node's own file system, for a process that runs on the node.
"""

import json
import os
import select
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest
from podpath.nodes.embedded import places, pod_record
from podpath.nodes.embedded.keeper_process import KeeperProcess
from podpath.nodes.embedded.node import EmbeddedNode
from podpath.nodes.pod import Pod
from podpath.system import files, limits, owner, randomness, shared_lock

#: Files of a node's directory: the record, and the configuration of its network.
_RECORD, _CONFLIST = "node.json", "network.conflist"
#: Directory of both on the node itself.
_INSIDE = "/run/podpath"
_FORMAT = 1
#: Pid of the node's first process for programs on the node.
_INIT = 1


@dataclass(frozen=True)
class Record:
    """What another process needs to use a node.

    Attributes:
        id: unique name of the node.
        keeper: mark of the keeper, as owner.of writes it; empty in the copy on the node.
        init: pid of the node's init, for a process beside the keeper.
        missing: parts of the isolation that this kernel does not offer.
        links: the node's own interfaces.
        versions: part of the node -> version of it.
        options: the options that the node was started with, as its starter writes them.
        pods: pods of the node.
    """

    id: str
    keeper: str
    init: int
    missing: tuple[str, ...]
    links: tuple[str, ...]
    versions: Mapping[str, str]
    options: Mapping[str, Any]
    pods: tuple[Pod, ...] = ()
    format: int = field(default=_FORMAT)

    def text(self) -> str:
        """Return the record as JSON."""
        pods = [pod_record.document(pod) for pod in self.pods]
        document = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps(document | {"pods": pods, "versions": dict(self.versions)})

    @classmethod
    def read(cls, text: str) -> "Record":
        """Read a record.

        Raises:
            CouldNotTest: it is not one, or one of another release of podpath.
        """
        try:
            document = json.loads(text)
            if document["format"] != _FORMAT:
                raise ValueError(f"format {document['format']}")
            pods = tuple(pod_record.pod(entry) for entry in document["pods"])
            lists = {name: tuple(document[name]) for name in ("missing", "links")}
            return cls(**{**document, **lists, "pods": pods})
        except (ValueError, KeyError, TypeError) as error:
            raise CouldNotTest(
                f"the record of a standing node cannot be read: {error}",
                "Use the podpath that started it",
            ) from None


class Hold:
    """This process's hold on a node, with the record that it shares with other holders.

    Attributes:
        id: the node's id.
        conflist: file of the node's network configuration.
    """

    def __init__(
        self, node: EmbeddedNode, identifier: str, share: shared_lock.Share | None
    ) -> None:
        """Make a hold.

        Args:
            node: the node.
            identifier: its id.
            share: this process's share in the node's directory; None on the node itself.
        """
        self.id = identifier
        self._node = node
        self._share = share
        self._directory = share.directory if share else Path(_INSIDE)

    @property
    def conflist(self) -> Path:
        """File of the node's network configuration."""
        return self._directory / _CONFLIST

    def record(self) -> Record:
        """Return the record as it is now."""
        return Record.read(files.read_text(self._directory / _RECORD))

    def change_pods(self, *, add: Sequence[Pod] = (), remove: Sequence[str] = ()) -> None:
        """Add pods to the record, and remove pods by their names."""
        if self._share is None:
            raise CouldNotTest(
                "a program on the node cannot make pods there", "Start it outside of the node"
            )
        with shared_lock.changing(self._directory):
            now = self.record()
            kept = [pod for pod in now.pods if pod.name not in remove]
            _write(self._directory, self._node, replace(now, pods=(*kept, *add)))

    def is_alone(self) -> bool:
        """Return whether no other process holds the node at this moment."""
        if self._share is None:
            return False
        with shared_lock.changing(self._directory):
            alone = self._share.alone()
            self._share.admit()
        return alone


def _write(directory: Path, node: EmbeddedNode, record: Record, conflist: str = "") -> None:
    """Write a record, the copy on the node, and both conflists if one is given."""
    inside = replace(record, keeper="", init=_INIT)
    with node.directory(_INSIDE) as there:
        for place, one in ((directory, record), (there, inside)):
            if conflist:
                _replace(place / _CONFLIST, conflist)
            _replace(place / _RECORD, one.text())


def _replace(path: Path, text: str) -> None:
    """Write a file as a whole, and never through a link that a program on the node left there."""
    new = path.with_name(f"{path.name}.new")
    with suppress(FileNotFoundError):
        new.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    new.rename(path)


@contextmanager
def shown(node: EmbeddedNode, options: Mapping[str, Any], conflist: str) -> Iterator[Hold]:
    """Let other processes use a node of this process, for the length of the block.

    The node outlives this process if another one holds it at the end of the block.

    Args:
        node: the node.
        options: the options that it was started with.
        conflist: text of its network configuration.
    """
    keeper = node.keeper
    assert isinstance(keeper, KeeperProcess)
    record = Record(
        id=keeper.node,
        keeper=owner.of(keeper.pid),
        init=keeper.init,
        missing=tuple(keeper.missing),
        links=tuple(sorted(node.links)),
        versions=node.versions,
        options=options,
    )
    directory = places.of(record.id)
    last: list[bool] = []
    try:
        with _shared(
            directory,
            lambda: _write(directory, node, record, conflist),
            lambda: last.append(True),
        ) as share:
            yield Hold(node, record.id, share)
    finally:
        keeper.left_to_others = not last


@contextmanager
def _shared(
    directory: Path, first: Callable[[], None], last: Callable[[], None]
) -> Iterator[shared_lock.Share]:
    """Hold a share in a node's directory, as shared_lock.shared does, and leave none above it."""
    try:
        with shared_lock.shared(directory, first, last) as share:
            yield share
    finally:
        places.tidy()  # the keeper of a node that ended by itself may have tidied up before


def listed() -> list[str]:
    """Return the ids of the nodes that stand on this machine; remove what abandoned ones left."""
    places.sweep()
    return sorted(directory.name for directory in places.STANDING.glob("*"))


def has(identifier: str, options: Mapping[str, Any], conflist: str) -> bool:
    """Return whether a node that stands was started with exactly these options and conflist."""
    directory = places.of(identifier)
    try:
        record = Record.read(files.read_text(directory / _RECORD))
        same_network = files.read_text(directory / _CONFLIST) == conflist
    except (OSError, CouldNotTest):  # it has ended, or another release of podpath started it
        return False
    return same_network and record.options == json.loads(json.dumps(options))


def inside() -> bool:
    """Return whether this process runs on a standing node."""
    return Path(_INSIDE, _RECORD).exists()


@contextmanager
def joined(identifier: str) -> Iterator[tuple[EmbeddedNode, Hold]]:
    """Hold a node that another process started, for the length of the block.

    Args:
        identifier: id of the node, which listed() returns.

    Raises:
        CouldNotTest: the node has ended, or is not of this pid namespace.
    """
    directory = places.of(identifier)
    gone = CouldNotTest(f"no node {identifier} stands here, or it has ended")

    def refuse() -> None:
        raise gone

    held: list[_Held] = []

    def last() -> None:
        for keeper in held:
            keeper.end()

    with _shared(directory, refuse, last) as share:
        record = Record.read(files.read_text(directory / _RECORD))
        keeper = _Held(record, gone)
        held.append(keeper)
        try:
            node = _node(record, keeper)
            try:
                yield node, Hold(node, identifier, share)
            finally:
                node.close()
        finally:
            keeper.close()


@contextmanager
def entered() -> Iterator[tuple[EmbeddedNode, Hold]]:
    """Use the node that this process runs on, for the length of the block."""
    record = Record.read(files.read_text(Path(_INSIDE, _RECORD)))
    node = _node(record, _Surrounding(record))
    try:
        yield node, Hold(node, record.id, None)
    finally:
        node.close()


def _node(record: Record, keeper: "_Held | _Surrounding") -> EmbeddedNode:
    node = EmbeddedNode(keeper, int.from_bytes(randomness.unique(4), "big"))
    node.versions = dict(record.versions)
    node.links = frozenset(record.links)
    return node


class _Surrounding:
    """The keeper of the node that this process runs on, which it cannot see."""

    def __init__(self, record: Record) -> None:
        self.init = record.init
        self.missing = record.missing

    def ended(self, seconds: float) -> str:  # noqa: ARG002
        """See Keeper. This process would have ended, too."""
        return ""


class _Held:
    """The keeper of a node that another process started."""

    def __init__(self, record: Record, gone: CouldNotTest) -> None:
        self.init = record.init
        self.missing = record.missing
        pid = owner.pid(record.keeper)
        if pid is None:
            raise gone
        try:
            self._keeper = os.pidfd_open(pid)
            self._pipe: int | None = os.open(f"/proc/{pid}/fd/0", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            raise gone from None
        if owner.pid(record.keeper) != pid:
            raise gone

    def ended(self, seconds: float) -> str:
        """See Keeper. Only the process that started the node learns the reason."""
        over = bool(select.select([self._keeper], [], [], seconds)[0])
        return "the node has ended" if over else ""

    def close(self) -> None:
        """Let go of the node."""
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None

    def end(self) -> None:
        """Wait until the keeper has removed the node, whose last holder this process was."""
        seconds = limits.current().node_end
        if not self.ended(seconds):
            raise CouldNotTest(
                f"the embedded node did not end in {seconds:.0f} s", limits.current().remedy
            )
