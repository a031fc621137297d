"""Attachment of a container to a network, from ADD to DEL, without a container.

Rules: CNI specification 1.1.0, section 3.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from podpath.cni.network import Network
from podpath.cni.result import in_lists
from podpath.contract import links
from podpath.contract.answers import Answer, entries, require_success
from podpath.contract.links import CONTAINER, AttachmentState
from podpath.contract.runtime import ENDS, Runtime
from podpath.contract.subjects import (
    ATTACHING,
    CapabilityArgs,
    Step,
    Subject,
    request_configuration,
    runtime_config,
)
from podpath.errors import CouldNotTest, DoesNotConform, Unmet
from podpath.model import Difference, Settings
from podpath.nodes import inventory
from podpath.nodes.deployment import ADDED, DELETED
from podpath.nodes.inventory import Inventory
from podpath.system import limits, randomness, sysctl, waiting

#: Second interface of the same container.
SECOND_INTERFACE = "net2"
#: Requirement that ADD of a second interface of a container violates if it fails.
BESIDE = "CNI-INTERFACES"
_numbers = itertools.count(1)

Previous = Mapping[str, Any] | None
#: Variable -> another value for it, or None to leave it unset.
Overrides = Mapping[str, str | None]
_NO_OVERRIDES: Overrides = {}
_NO_CAPABILITY_ARGS: CapabilityArgs = {}


class Attachment:
    """One container's attachment for one subject in one version; attached() creates it.

    Attributes:
        runtime: caller of the plugins.
        capability_args: values for the plugins' capabilities.
        subject: the plugins to call.
        version: cniVersion of each call.
        container: CNI_CONTAINERID.
        name: name of the container's network namespace.
        pod: K8S_POD_NAME in CNI_ARGS; plugins may know their attachments by it.
        netns: CNI_NETNS, the path of that namespace on the node.
        interface: CNI_IFNAME.
        result: result of the last successful ADD; None before it.
    """

    def __init__(
        self,
        runtime: Runtime,
        subject: Subject,
        version: str,
        capability_args: CapabilityArgs = _NO_CAPABILITY_ARGS,
    ) -> None:
        self.runtime = runtime
        self.capability_args = capability_args
        self.subject = subject
        self.version = version
        self.container = randomness.unique(16).hex()
        self.name = f"contract-{next(_numbers)}-{self.container[:8]}"
        self.pod = self.name
        self.netns = f"/run/netns/{self.name}"
        self.interface = runtime.interface
        self.result: Previous = None
        self._up: list[Step] = []
        self._hung = False
        self._lost = False

    @property
    def identity(self) -> dict[str, str]:
        """The attachment as GC lists it."""
        return {"containerID": self.container, "ifname": self.interface}

    @property
    def addresses(self) -> list[Mapping[str, Any]]:
        """The addresses of the last result, each with an "address", in any version of CNI."""
        return entries(in_lists(self.result or {}), "ips", "address")

    def environment(self, command: str, overrides: Overrides = _NO_OVERRIDES) -> dict[str, str]:
        """Return the variables of a call; CNI_ARGS has the keys that containerd sets."""
        given = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": self.container,
            "CNI_NETNS": self.netns,
            "CNI_IFNAME": self.interface,
            "CNI_ARGS": f"IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME={self.pod}"
            f";K8S_POD_INFRA_CONTAINER_ID={self.container};K8S_POD_UID={self.pod}",
        }
        return {k: v for k, v in {**given, **overrides}.items() if v is not None}

    def add(self, overrides: Overrides = _NO_OVERRIDES) -> list[Answer]:
        """Call ADD of each plugin, until one fails."""
        return self._add(self.subject.steps, overrides)

    def attach(self) -> list[Answer]:
        """Call ADD of each plugin, and require that all succeed.

        Raises:
            DoesNotConform: a plugin failed, or did not end in time.
        """
        answers = self.add()
        self.require_added(answers)
        if self.subject.role in ATTACHING:
            self.require_interface()
        return answers

    def require_interface(self) -> None:
        """Require that ADD made the interface in the container; the kernel is asked once a subject.

        Raises:
            Unmet: the container has no interface of that name.
        """
        known = self.runtime.named_interfaces
        if self.subject.name not in known:
            links.require(links.links(self.runtime.node, self.name), self.interface)
            known.add(self.subject.name)

    def require_up(self) -> None:
        """Require that the container's interface is up, as a route by it needs.

        Raises:
            Unmet: it is down.
        """
        link = links.links(self.runtime.node, self.name).get(self.interface)
        if link and not link.up:
            fault = f"the container's interface {self.interface} is down"
            raise Unmet(DoesNotConform(fault), "TOPO-POD-LINKS", "a pod's interface is down")

    def prepare(self, requirement: str = "") -> None:
        """Call ADD of the plugins that come before the subject in the chain.

        Args:
            requirement: as require_added has it.

        Raises:
            DoesNotConform: a plugin failed, or did not end in time.
        """
        self.require_added(self._add(self.subject.preceding, {}), requirement)

    def require_added(self, answers: Sequence[Answer], requirement: str = "") -> None:
        """Require that ADD succeeded; if the first ADD on the node failed, repeat its error.

        Args:
            answers: the calls.
            requirement: id of the requirement that a failure violates; by default that of ADD.

        Raises:
            Unmet: a plugin failed.
        """
        if any(answer.status for answer in answers):
            self.runtime.require_first_add()
        require_success(answers, requirement)

    def _add(self, steps: Sequence[Step], overrides: Overrides) -> list[Answer]:
        answers = []
        for step in steps:
            answers.append(self.call(step, "ADD", self.result, overrides))
            if answers[-1].status:
                break
            self.result = answers[-1].object
        return answers

    def check(self, previous: Previous = None) -> list[Answer]:
        """Call CHECK of each plugin with the final result, or with `previous` instead."""
        result = self.result if previous is None else previous
        return [self.call(step, "CHECK", result) for step in self.subject.steps]

    def delete(self, overrides: Overrides = _NO_OVERRIDES, *, forget: bool = False) -> list[Answer]:
        """Call DEL of each plugin in reverse, with the final result unless `forget` is set."""
        result = None if forget else self.result
        return [self.call(step, "DEL", result, overrides) for step in reversed(self.subject.steps)]

    def call(
        self,
        step: Step,
        command: str,
        previous: Previous = None,
        overrides: Overrides = _NO_OVERRIDES,
        *,
        version: str = "",
    ) -> Answer:
        """Call one plugin.

        Args:
            step: the plugin, with its configuration.
            command: value of CNI_COMMAND.
            previous: prevResult of the configuration.
            overrides: variables that differ from the usual ones.
            version: cniVersion, if not the attachment's.

        Raises:
            DoesNotConform: the plugin does not end in time.
            CouldNotTest: the plugin is not on the node.
        """
        environment = self.environment(command, overrides)
        if command == "ADD":
            self._up.append(step)
        try:
            cni_version = version or self.version
            additional_keys = runtime_config(step, self.capability_args)
            answer = self.runtime.call(
                step,
                cni_version,
                environment,
                previous=previous,
                additional_keys=additional_keys,
                violated=ENDS if overrides or version else self._violated(command, previous),
            )
        except DoesNotConform:
            self._hung = True
            raise
        if command == "ADD" and answer.status:
            self.runtime.has_failed = True
        if command == "DEL" and answer.status == 0 and step in self._up:
            self._up.remove(step)
        return answer

    def _violated(self, command: str, previous: Previous) -> tuple[str, str]:
        """Return the requirement that the call violates if it hangs: of pods, if it is as theirs.

        Pods are given their networks, and deleted, by calls in their namespaces; a DEL has the
        result.
        """
        if not self.runtime.is_usual or self._lost or (command == "DEL" and previous is None):
            return ENDS
        return {"ADD": ADDED, "DEL": DELETED}.get(command, ENDS)

    def detach(self) -> None:
        """Call DEL for each ADD that is not undone yet, and ignore failures.

        After a plugin that did not end in time, no DEL is called: it would not end either.
        """
        with suppress(DoesNotConform):
            for step in () if self._hung else tuple(reversed(self._up)):
                self.call(step, "DEL", self.result)

    def tidy(self) -> None:
        """Remove the links of the node that failed ADDs left, once no container is in use.

        CNI-ADD-AGAIN reports them. Later ADDs that want their names would all fail.
        """
        runtime = self.runtime
        if runtime.live or not (runtime.has_failed and runtime.own_links):
            return
        runtime.has_failed = False
        for name in links.links(runtime.node).keys() - runtime.own_links:
            runtime.node.run(["ip", "link", "delete", "dev", name])

    def configuration(self, overrides: Overrides) -> str:
        """Return the first plugin's stdin with some keys changed; None removes a key."""
        network_name = self.runtime.network_name
        given = request_configuration(
            self.subject.steps[0], network_name, self.version, self.result
        ) | dict(overrides)
        return json.dumps({k: v for k, v in given.items() if v is not None})

    def state(self) -> AttachmentState:
        """Return the result with the links that the kernel has now.

        Raises:
            CouldNotTest: the links cannot be listed.
        """
        node = self.runtime.node
        container_links, node_links = links.links(node, self.name), links.links(node)
        return AttachmentState(
            self.result or {}, self.interface, self.netns, container_links, node_links
        )

    def settings(self) -> Settings:
        """Return the container's forwarding and proxy settings as they are now.

        Raises:
            CouldNotTest: they cannot be read.
        """
        return sysctl.of_namespace(str(self.runtime.node.root(self.netns)), self.interface)

    def lose_namespace(self) -> set[str]:
        """Remove the container's namespace, as if the container had died.

        Returns:
            Names of the node's links that vanished with it. The kernel removes them a moment later:
            they are awaited, or a later comparison of the node with itself would count them.
        """
        node, seconds = self.runtime.node, limits.current().attachment_gone
        has_ends = self._up or self.runtime.leaves_links
        ends = links.host_ends(node, self.name) if has_ends else set()
        node.run(["ip", "netns", "delete", self.name])
        self._lost = True
        if ends:
            waiting.until(lambda: links.links(node), lambda now: not ends & set(now), seconds)
        return ends

    def after_reboot(self, runtime: Runtime) -> "Attachment":
        """Return the attachment as another runtime knows it, on a node without its namespace."""
        lost = Attachment(runtime, self.subject, self.version, self.capability_args)
        lost.container, lost.pod = self.container, self.pod
        lost.name, lost.netns = self.name, self.netns
        lost.result, lost._lost = self.result, True
        return lost

    def known_by(self) -> list[str]:
        """Return the container's id and its addresses, which texts about its things have."""
        return [self.container, *(str(a["address"]).partition("/")[0] for a in self.addresses)]

    def unmount_namespace(self) -> None:
        """Remove the namespace, but keep the file on which it was mounted."""
        self.lose_namespace()
        self.runtime.node.run(["touch", self.netns])

    def leftovers(self, network: Network, before: Inventory) -> list[Difference]:
        """List the things that the node has in addition to an earlier inventory, or no longer has.

        Namespaces are the runtime's responsibility; so are the things that vanish with a lost one,
        and the file on which the container's own was mounted.
        """
        node = self.runtime.node

        def settled(now: Inventory) -> bool:
            # the routes of a link outlive its name for a moment, and programs of the node start
            # others for a moment
            kinds = ("interfaces", "routing", "neighbours", "processes")
            return all(Counter(now.things[k]) <= Counter(before.things[k]) for k in kinds)

        seconds = limits.current().attachment_gone
        now = waiting.until(lambda: inventory.read(node, network), settled, seconds)
        differences = self._own_link() + now.since(before)
        things = ("interfaces", "bridge ports", "routing", "neighbours", "mounts")
        gone = things if self._lost else ()
        ours = {("lost", where) for where in gone}
        of_runtime = {("left behind", "files", self.netns)}
        return [
            d
            for d in differences
            if d.where != "namespaces"
            and (d.kind, d.where) not in ours
            and (d.kind, d.where, d.seen) not in of_runtime
        ]

    def _own_link(self) -> list[Difference]:
        """List the interface of a container that still exists, which DEL must have deleted."""
        if self._lost or self.subject.role not in ATTACHING or not self.has_link():
            return []
        return [Difference("left behind", CONTAINER, "gone", f"interface {self.interface}")]

    def has_link(self) -> bool:
        """Return whether the container has the attachment's interface.

        Raises:
            CouldNotTest: the links cannot be listed.
        """
        return self.interface in links.links(self.runtime.node, self.name)


@contextmanager
def attached(
    runtime: Runtime,
    subject: Subject,
    version: str,
    capability_args: CapabilityArgs = _NO_CAPABILITY_ARGS,
) -> Iterator[Attachment]:
    """Create a container's namespace, ready for ADD of the subject, and remove it at the end.

    The tests of DEL report what plugins fail to remove; this ignores it.

    Args:
        runtime: caller of the plugins.
        subject: the plugins to call.
        version: cniVersion of each call.
        capability_args: values for the plugins' capabilities.

    Raises:
        CouldNotTest: the namespace cannot be created.
        DoesNotConform: a plugin that comes before the subject fails.
    """
    attachment = Attachment(runtime, subject, version, capability_args)
    ended = runtime.node.run(["ip", "netns", "add", attachment.name])
    if ended.returncode != 0:
        raise CouldNotTest(f"no namespace could be made on the node: {ended.stderr.strip()}")
    runtime.live.add(attachment.name)
    try:
        attachment.prepare()
        yield attachment
    finally:
        attachment.detach()
        attachment.lose_namespace()
        runtime.live.remove(attachment.name)
        attachment.tidy()


@contextmanager
def attached_beside(first: Attachment) -> Iterator[Attachment]:
    """Yield a second attachment of a container, by another interface, ready for ADD.

    Raises:
        Unmet: a plugin that comes before the subject fails.
    """
    second = Attachment(first.runtime, first.subject, first.version, first.capability_args)
    second.container, second.pod = first.container, first.pod
    second.name, second.netns = first.name, first.netns
    second.interface = SECOND_INTERFACE
    try:
        second.prepare(BESIDE)
        yield second
    finally:
        second.detach()
