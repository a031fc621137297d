"""A container's attachment to the network, from ADD to DEL, without a container.

Rules: CNI specification 1.1.0, section 3.
"""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from podpath.cni.conflist import Conflist
from podpath.contract import links
from podpath.contract.answers import Answer, require_success
from podpath.contract.links import Sight
from podpath.contract.runtime import Runtime
from podpath.contract.subjects import Step, Subject, request, runtime_config
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import Difference, Settings
from podpath.nodes import inventory
from podpath.nodes.inventory import Inventory
from podpath.system import randomness, sysctl, waiting

#: Not eth0: a plugin takes the name that it is given.
INTERFACE = "net1"

#: The kernel takes a namespace's links away in the background.
_SETTLE_SECONDS = 3.0

_numbers = itertools.count(1)

Previous = Mapping[str, Any] | None
#: Variables to set to something else, or with None not to set.
Changes = Mapping[str, str | None]
_AS_IT_IS: Changes = {}
_NOTHING: Mapping[str, Any] = {}


class Attachment:
    """One container's attachment of one subject in one version; made by attached().

    result: what the last ADD gave; None before that. asked: capability -> what is asked of the
    plugins that have it.
    """

    def __init__(
        self, runtime: Runtime, subject: Subject, version: str, asked: Mapping[str, Any] = _NOTHING
    ) -> None:
        self.runtime = runtime
        self.asked = asked
        self.subject = subject
        self.version = version
        self.container = randomness.unique(16).hex()
        self.name = f"contract-{next(_numbers)}-{self.container[:8]}"
        self.netns = f"/run/netns/{self.name}"
        self.result: Previous = None
        self._up: list[Step] = []
        self._hung = False
        self._lost = False

    @property
    def identity(self) -> dict[str, str]:
        """How GC names it."""
        return {"containerID": self.container, "ifname": INTERFACE}

    def environment(self, command: str, changes: Changes = _AS_IT_IS) -> dict[str, str]:
        """The variables of a call; CNI_ARGS are those that containerd gives."""
        given = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": self.container,
            "CNI_NETNS": self.netns,
            "CNI_IFNAME": INTERFACE,
            "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=contract"
            f";K8S_POD_INFRA_CONTAINER_ID={self.container};K8S_POD_UID={self.name}",
        }
        return {k: v for k, v in {**given, **changes}.items() if v is not None}

    def add(self, changes: Changes = _AS_IT_IS) -> list[Answer]:
        """ADD, plugin by plugin, as far as they succeed."""
        return self._add(self.subject.steps, changes)

    def attach(self) -> list[Answer]:
        """ADD that must succeed. Raises DoesNotConform."""
        answers = self.add()
        require_success(answers)
        return answers

    def prepare(self) -> None:
        """ADD of those that the subject builds on. Raises DoesNotConform."""
        require_success(self._add(self.subject.before, {}))

    def _add(self, steps: Sequence[Step], changes: Changes) -> list[Answer]:
        answers = []
        for step in steps:
            answers.append(self.call(step, "ADD", self.result, changes))
            if answers[-1].status:
                break
            self.result = answers[-1].object
        return answers

    def check(self, previous: Previous = None) -> list[Answer]:
        """CHECK, plugin by plugin, each with the final result, or with the one that is given."""
        result = self.result if previous is None else previous
        return [self.call(step, "CHECK", result) for step in self.subject.steps]

    def delete(self, changes: Changes = _AS_IT_IS, *, forget: bool = False) -> list[Answer]:
        """DEL, in reverse order, each with the final result, or without if it is forgotten."""
        result = None if forget else self.result
        return [self.call(step, "DEL", result, changes) for step in reversed(self.subject.steps)]

    def call(
        self,
        step: Step,
        command: str,
        previous: Previous = None,
        changes: Changes = _AS_IT_IS,
        *,
        version: str = "",
    ) -> Answer:
        """Call one plugin, in another version if one is named.

        Raises DoesNotConform if it hangs.
        """
        environment = self.environment(command, changes)
        if command == "ADD":
            self._up.append(step)
        try:
            spoken = version or self.version
            more = runtime_config(step, self.asked)
            answer = self.runtime.call(step, spoken, environment, previous=previous, more=more)
        except DoesNotConform:
            self._hung = True
            raise
        if command == "DEL" and answer.status == 0 and step in self._up:
            self._up.remove(step)
        return answer

    def detach(self) -> None:
        """DEL of what is left, whatever comes of it; not if one hangs, as it would again."""
        with suppress(DoesNotConform):
            for step in () if self._hung else tuple(reversed(self._up)):
                self.call(step, "DEL", self.result)

    def configuration(self, changes: Changes) -> str:
        """What the first plugin gets on stdin, with some keys changed, or left out for None."""
        network = self.runtime.network
        given = request(self.subject.steps[0], network, self.version, self.result) | dict(changes)
        return json.dumps({k: v for k, v in given.items() if v is not None})

    def sight(self) -> Sight:
        """The result, and what the kernel has now. Raises CouldNotTest."""
        node = self.runtime.node
        inside, outside = links.links(node, self.name), links.links(node)
        return Sight(self.result or {}, INTERFACE, self.netns, inside, outside)

    def settings(self) -> Settings:
        """What the container does for others now. Raises CouldNotTest."""
        return sysctl.of_namespace(str(self.runtime.node.root(self.netns)), INTERFACE)

    def lose_namespace(self) -> None:
        """Remove the container's namespace, as when the container has died."""
        self.runtime.node.run(["ip", "netns", "delete", self.name])
        self._lost = True

    def unmount_namespace(self) -> None:
        """Remove the namespace, but not the file that it was mounted on."""
        self.lose_namespace()
        self.runtime.node.run(["touch", self.netns])

    def left(self, conflist: Conflist, before: Inventory) -> list[Difference]:
        """What the node has more, or fewer, than before.

        Namespaces are the runtime's affair, and so is what goes with one that is lost.
        """
        node = self.runtime.node

        def settled(now: Inventory) -> bool:
            # a link's routes outlive its name for a moment
            kinds = ("interfaces", "routing")
            return all(set(now.things[k]) <= set(before.things[k]) for k in kinds)

        now = waiting.until(lambda: inventory.read(node, conflist), settled, _SETTLE_SECONDS)
        found = now.since(before)
        gone = ("interfaces", "bridge ports", "routing", "mounts") if self._lost else ()
        ours = {("lost", where) for where in gone}
        return [d for d in found if d.where != "namespaces" and (d.kind, d.where) not in ours]


@contextmanager
def attached(
    runtime: Runtime, subject: Subject, version: str, asked: Mapping[str, Any] = _NOTHING
) -> Iterator[Attachment]:
    """A container's namespace, ready for ADD of the subject; in the end it is gone again.

    asked: capability -> what is asked of the plugins that have it.
    What plugins fail to remove then is the affair of the tests that are about it.
    """
    one = Attachment(runtime, subject, version, asked)
    done = runtime.node.run(["ip", "netns", "add", one.name])
    if done.returncode != 0:
        raise CouldNotTest(f"no namespace could be made on the node: {done.stderr.strip()}")
    try:
        one.prepare()
        yield one
    finally:
        one.detach()
        one.lose_namespace()
