"""Watch the wiring of pods while podpath creates and deletes none: nothing may change then."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial

from podpath.cni.network import Network
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.lifecycle import bystanders, relied_on, strangers
from podpath.model import NODE, POD_INTERFACE, Difference, Topology
from podpath.nodes import leases, link_settings, ruleset
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.system import ipsec, limits, netns, waiting
from podpath.system.netlink.generation import Generation
from podpath.system.netlink.watch import Watch
from podpath.topology import firewall, nodes_own, reading, whole

#: Requirements on the wiring, with the reasons why tests of other requirements are not run.
PERSISTS = ("LIFE-PERSIST", "the pods' wiring changed by itself after ADD")
OTHERS = ("LIFE-OTHERS", "the pods' wiring changed as other pods came or went")

#: Places in a pod.
_IN_POD = re.compile("(routes of |rules of |permanent neighbours of |)pod ")
#: Tables of rules that filter on the pods' links; those of the node itself may come and go.
_ON_LINKS = ("table bridge ", "table netdev ")


class Persistence:
    """The pods that stay, and what changed of their wiring by itself.

    The kernel announces each change of links, addresses, routes and their rules, and of permanent
    neighbours, and counts those of packet filters. Only an announced change is looked at. Changes
    while podpath creates or deletes pods may come of that, which LIFE-OTHERS is about.

    Attributes:
        first: the topology right after ADD.
        meanwhile: changes of settings while podpath created or deleted a pod.
    """

    def __init__(self, node: Node, network: Network, pods: Deployment, first: Topology) -> None:
        """Begin to watch.

        Args:
            node: the node.
            network: the configuration, and how its plugin wires pods.
            pods: the pods that stay.
            first: the topology right after their ADD.

        Raises:
            CouldNotTest: a namespace cannot be entered, or the rules cannot be listed.
            OSError: the kernel does not answer.
        """
        self._node, self._network, self._pods, self.first = node, network, pods, first
        self._began = time.monotonic()
        self.meanwhile: list[Difference] = []
        self._changes: dict[str, Difference] = {}
        self._with_pods: set[str] = set()
        self._apart: set[str] = set()
        self._suspended = 0
        self._closed = False
        self._own, self._links = first.node, link_settings.of_node(node)
        self._first_leases: tuple[str, ...] = ()
        self._stack = ExitStack()
        places = [node.network_namespace()]
        named = node.named_namespaces()
        places += [named[pod.network.netns] for pod in pods if pod.network.netns in named]
        try:
            self._watches = [netns.run_in(place, Watch) for place in places]
            for watch in self._watches:
                self._stack.callback(watch.close)
            self._generations = [netns.run_in(place, Generation) for place in places]
            for generation in self._generations:
                self._stack.callback(generation.close)
            self._counted = self._count_rules()
            self._in_pods, self._listed = self._list_in_pods(), self._counted[1:]
            self._rules = self._list_rules()
            self._known_hooks = set(self._hooks(self._rules))
            self._settings = self._read_settings()
            self._first_leases = self._leases = self._list_leases()
        except BaseException:
            self._stack.close()
            raise
        pods.around = self.suspended

    def close(self) -> None:
        """Stop watching, also within a block of suspended()."""
        self._pods.around = nullcontext
        self._closed = True
        self._stack.close()

    def changes(self) -> list[Difference]:
        """List the changes so far, as far as the kernel announces them."""
        self._look()
        return list(self._changes.values())

    def all_changes(self) -> list[Difference]:
        """List the changes so far, with those that the kernel does not announce."""
        self._look()
        self._compare()
        return list(self._changes.values())

    def by_themselves(self) -> list[Difference]:
        """List the changes so far that did not come as podpath created or deleted a pod."""
        self._look()
        self._keep(self._unannounced())
        return [change for text, change in self._changes.items() if text in self._apart]

    def await_changes(self) -> list[Difference]:
        """List the changes, once the pods have stood for long enough or there are any."""
        age = time.monotonic() - self._began
        rest = max(limits.current().measures.persistence - age, 0.0)
        if waiting.until(lambda: not self.came_with_pods(self.changes()), bool, rest):
            return list(self._changes.values())
        self._compare()  # the kernel does not announce each change of a setting
        return list(self._changes.values())

    def came_with_pods(self, changes: Iterable[Difference]) -> bool:
        """Return whether each change may have come as podpath created or deleted a pod. Pure."""
        return self._apart.isdisjoint(map(str, changes))

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Note what changes within the block, in which podpath itself changes the node."""
        self._look()
        self._keep(self._unannounced())
        self._suspended += 1
        try:
            yield
        finally:
            self._suspended -= 1
            self._announced()
            if not self._closed:
                self.meanwhile += self._changed_settings()
                self._settings = self._read_settings()
                self._leases = self._list_leases()
                self._links = link_settings.of_node(self._node)
                with suppress(CouldNotTest):
                    self._own = reading.read(self._node.network_namespace(), {}, []).node
                    self._note(self._rewired(replace(self.first, node=self._own)))
                with suppress(CouldNotTest):
                    rules = self._list_rules()
                    self._known_hooks |= set(self._hooks(rules))
                    self._note(self._lost(rules))

    def _note(self, differences: Iterable[Difference]) -> None:
        """Note changes that were not there before podpath created or deleted a pod."""
        self._with_pods |= set(map(str, differences)) - self._changes.keys()

    def _rewired(self, now: Topology) -> list[Difference]:
        """List what changed of the pods' links and of the node's ways to them."""
        return [
            *bystanders.changes(self.first, now, self._network),
            *bystanders.lost_ways(self.first, now, self._network),
            *bystanders.new_ways(self.first, now),
        ]

    def _lost(self, rules: Iterable[str]) -> list[Difference]:
        """List the rules and leases of the pods that are gone, given the rules that there are."""
        gone = (Counter(self._rules) - Counter(rules)).elements()
        released = set(self._first_leases) - set(self._list_leases())
        lost_leases = [Difference("lost", "leases", lease, "gone") for lease in sorted(released)]
        return [*(Difference("lost", "rules", rule, "gone") for rule in gone), *lost_leases]

    def _announced(self) -> tuple[bool, bool]:
        """Return whether anything may have changed since the last call: at all, and in a pod."""
        if self._closed:
            return False, False
        of_node, *of_pods = [bool(watch.news()) for watch in self._watches]
        in_pod = any(of_pods)
        try:
            before, self._counted = self._counted, self._count_rules()
        except OSError:  # a busy machine: then the rules are compared
            return True, in_pod
        rules = before != self._counted
        return of_node or in_pod or rules or self._leases != self._list_leases(), in_pod

    def _look(self) -> None:
        anything, in_pod = self._announced()
        if anything:
            self._compare(in_pod=in_pod)

    def _compare(self, *, in_pod: bool = False) -> None:
        """Keep what has changed; what changed in a pod may be older, unless it was announced."""
        self._keep(() if self._closed else self._compared(), in_pod=in_pod)

    def _keep(self, differences: Iterable[Difference], *, in_pod: bool = False) -> None:
        for difference in differences:
            text = str(difference)
            self._changes.setdefault(text, difference)
            known = self._suspended or text in self._with_pods
            if not known and (in_pod or not _IN_POD.match(str(difference.where))):
                self._apart.add(text)

    def _compared(self) -> list[Difference]:
        try:
            now = whole.read(self._node, self._pods)
            rules = self._list_rules()
            hooks = self._new_hooks(rules)
        except CouldNotTest:
            return []
        except DoesNotConform as error:
            return [Difference("changed", NODE, "the pods' namespaces", error.message)]
        differences = [
            difference
            for difference in self._rewired(now)
            if str(difference.where) != f"{NODE} {self._network.bridge} mac"
            or not self._is_usual_mac(difference)
        ]
        if not self._node.shared:
            differences += nodes_own.changes(self._own, now, self._network)
            differences += link_settings.changes(self._links, link_settings.of_node(self._node))
        return [*differences, *hooks, *self._lost(rules), *self._changed_settings()]

    def _is_usual_mac(self, difference: Difference) -> bool:
        """Return whether the bridge has had its MAC address since podpath changed the node last.

        LIFE-OTHERS reports that it changes as pods come and go.
        """
        link = self._own.interface(self._network.bridge)
        return link is not None and link.mac == difference.seen

    def _unannounced(self) -> list[Difference]:
        """List what changed of what the kernel announces no change of: settings and policies."""
        changed = self._changed_settings()
        if not self._closed and not self._node.shared:
            with suppress(CouldNotTest):
                changed += self._new_hooks(firewall.policies(self._node))
        return changed

    def _new_hooks(self, rules: Sequence[str]) -> list[Difference]:
        """List which of the rules decide what becomes of pods' packets, and came by themselves."""
        came = set(self._hooks(rules)) - self._known_hooks
        return [Difference("changed", where, "none", rule) for where, rule in sorted(came)]

    def _changed_settings(self) -> list[Difference]:
        read = {} if self._closed else self._read_settings()
        return [
            Difference("changed", name, value, read[name])
            for name, value in self._settings.items()
            if read.get(name, value) != value
        ]

    def _read_settings(self) -> dict[str, str]:
        """Read the settings on which pods rely: theirs, and the node's if it is podpath's own."""
        places = {} if self._node.shared else {NODE: self._node.network_namespace()}
        named = self._node.named_namespaces()
        pods = self.first.pods.items()
        places |= {f"pod {p}": named[n.netns] for p, n in pods if n.netns in named}
        routed = () if self._network.is_bridged else map(self.first.host_end, self.first.pods)
        ends = (end.name for end in routed if end)
        read = partial(
            relied_on.settings, tuple(filter(None, (POD_INTERFACE, self._network.bridge, *ends)))
        )
        try:
            found = zip(places, netns.run_in_each(places.values(), read), strict=True)
        except CouldNotTest:  # a namespace went, which the topology shows
            return {}
        return {f"{place} {name}": value for place, own in found for name, value in own.items()}

    def _list_leases(self) -> tuple[str, ...]:
        """List the leases of the pods that stay; the same as before if they cannot be read."""
        own = {str(address) for pod in self.first.pods.values() for address in pod.addresses}
        try:
            by_address = leases.store(self._network).leases(self._node)
        except CouldNotTest:
            return self._leases
        return leases.texts({a: c for a, c in by_address.items() if a in own})

    def _hooks(self, rules: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield where a rule is that decides what becomes of pods' packets, and the rule.

        These are all in pods, those on links of the node, and on a node of podpath's own those that
        drop pods' packets, divert them, or keep them from a translation. IPsec policies are among
        them. Those that podpath makes, to see whether they stay, are left out.
        """
        addresses = [a for pod in self.first.pods.values() for a in pod.addresses]
        links = self.first.host_ends() | self._network.shared_links
        at_node = f"rules of the {NODE}"
        for rule in (r for r in rules if strangers.TABLE not in r):
            judged = (ruleset.drops, ruleset.diverts)
            decides = not self._node.shared and any(j(rule, addresses, links) for j in judged)
            if decides or rule.startswith((*_ON_LINKS, ipsec.MARK)):
                yield at_node, rule
        if not self._node.shared:
            exempting = ruleset.exempting(rules, set(self._rules), addresses, links)
            yield from ((at_node, rule) for rule in exempting)
        if self._listed != self._counted[1:]:
            self._in_pods, self._listed = self._list_in_pods(), self._counted[1:]
        yield from self._in_pods

    def _count_rules(self) -> list[int | None]:
        """Return the generations of the rules: the node's first, then those of pods that stay."""
        return [generation.read() for generation in self._generations]

    def _list_in_pods(self) -> list[tuple[str, str]]:
        """List the rules in the pods that stay, which count as changed if they do."""
        named = self._node.named_namespaces()
        return [
            (f"rules of pod {pod}", rule)
            for pod, own in self.first.pods.items()
            if own.netns in named
            for rule in firewall.in_pod(self._node, own.netns)
        ]

    def _list_rules(self) -> list[str]:
        """List the node's rules and IPsec policies; of a shared node, rules of podpath's pods."""
        lines = map(str.strip, firewall.ruleset(self._node).splitlines())
        entries = ruleset.entries(line for line in lines if line)
        if not self._node.shared:
            return [*entries, *firewall.policies(self._node)]
        name, ours = self._network.conflist.name, self._node.owners().ours
        return [
            entry
            for entry in entries
            if any(pod.named_in(entry, name) or pod.addressed_in(entry) for pod in ours)
        ]
