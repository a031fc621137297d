"""Whole lives of attachments, each recorded once, and checked by several tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from podpath.cni.network import Network
from podpath.cni.versions import since
from podpath.contract import answers, links
from podpath.contract.answers import Answer, Differences, require_success
from podpath.contract.attachments import Attachment, attached
from podpath.contract.links import CONTAINER, AttachmentState
from podpath.contract.runtime import Runtime
from podpath.contract.subjects import ATTACHING, Subject
from podpath.errors import CouldNotTest, DoesNotConform, Unmet
from podpath.lifecycle import deletion
from podpath.model import Difference, shape
from podpath.nodes import inventory, link_settings

_DEL = "CNI-DEL"
#: Differences that an interface left in the container brings with it: its other end is left, too.
_WITH_LINK = {("left behind", where, "gone", "#") for where in ("interfaces", "bridge ports")}


@dataclass(frozen=True, slots=True)
class Life:
    """Record of an attachment from its ADD to a second DEL, with one answer a call.

    Attributes:
        added: answers to ADD, in the order of the calls.
        previous: prevResult of each call in `added`.
        state: the result and the kernel's links after ADD, for subjects that create interfaces.
        checked: answers to CHECK, in the order of the calls.
        deleted: answers to DEL, in the order of the calls.
        deleted_again: answers to the second DEL.
        unrouted: the routes of the result that the container lacks, if CHECK fails.
        leftovers: changes of the node between the time before ADD and the time after the first DEL.
        marked: marks of the node's links before ADD that the first container did not make.
    """

    added: tuple[Answer, ...]
    previous: tuple[Mapping[str, Any] | None, ...] = ()
    state: AttachmentState | None = None
    checked: tuple[Answer, ...] = ()
    deleted: tuple[Answer, ...] = ()
    deleted_again: tuple[Answer, ...] = ()
    unrouted: Sequence[Difference] = ()
    leftovers: list[Difference] = field(default_factory=list)
    marked: Sequence[Difference] = ()

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Answers to all calls."""
        return (*self.added, *self.checked, *self.deleted, *self.deleted_again)

    @property
    def attached(self) -> AttachmentState:
        """The result, and the kernel's links after ADD.

        Raises:
            DoesNotConform: ADD failed.
        """
        self.require_added()
        assert self.state is not None
        return self.state

    def require_added(self) -> None:
        """Require that ADD succeeded: otherwise the rest of the life is empty.

        Raises:
            DoesNotConform: ADD failed.
        """
        require_success(self.added)

    def require_sound(self, network: Network) -> None:
        """Require that the container has what the result lists, where CHECK fails: rightly, then.

        Args:
            network: the configuration: TOPO-ROUTE is about the routes that it has.

        Raises:
            Unmet: it has no such interface, address or route, or the interface is down; or the
                deletion of another container had left something at the node's links.
        """
        if self.state is None or not answers.succeeded(self.checked):
            return
        configured = {str(route.destination) for route in network.ipam.routes}
        is_configured = all(d.expected.split()[-1] in configured for d in self.unrouted)
        link = self.state.container_links.get(self.state.interface)
        down = Difference("interface down", f"{CONTAINER} {self.state.interface}", "up", "down")
        for requirement, lacking in (
            ("TOPO-POD-LINKS", [] if link is None or link.up else [down]),
            ("CNI-ADD-INTERFACE", links.in_kernel(self.state)),
            ("TOPO-ROUTE" if is_configured else "TOPO-RESULT", self.unrouted),
        ):
            if lacking:
                violation = DoesNotConform("\n".join(map(str, lacking)))
                raise Unmet(violation, requirement, links.LACKING)
        if self.marked:
            violation = DoesNotConform("\n".join(map(str, self.marked)))
            raise Unmet(violation, deletion.REQUIREMENT, deletion.CONSEQUENCE)

    def require_released(self) -> None:
        """Require that the first DEL released the addresses.

        Raises:
            Unmet: a lease stayed.
        """
        kept = [d for d in self.leftovers if (d.kind, d.where) == ("left behind", "leases")]
        if kept:
            raise Unmet(DoesNotConform("\n".join(map(str, kept))), _DEL, "DEL frees no address")

    @property
    def undeleted(self) -> Differences:
        """Failures of the first DEL, and the things that it left or took."""
        return answers.succeeded(self.deleted) + self.leftovers

    def beyond_delete(self, differences: Sequence[Difference]) -> Sequence[Difference]:
        """Return what another DEL failed to do, unless the first one failed to do all of it, too.

        Args:
            differences: failures of another container's DEL, and the things that it left or took.

        Raises:
            Unmet: each of them is one of CNI-DEL, apart from the container's names.
        """
        known = {shape(difference) for difference in self.undeleted}
        if any(difference.where == CONTAINER for difference in self.leftovers):
            known |= _WITH_LINK
        if not differences or not {shape(difference) for difference in differences} <= known:
            return differences
        violation = DoesNotConform("\n".join(map(str, differences)))
        raise Unmet(violation, _DEL, "every DEL of the plugin has these differences")


class Lives:
    """Lives of this process's subjects, each recorded at its first use."""

    def __init__(self, runtime: Runtime, network: Network) -> None:
        self._runtime = runtime
        self._network = network
        self._known: dict[tuple[str, str], Life | CouldNotTest | DoesNotConform] = {}

    def of(self, subject: Subject, version: str) -> Life:
        """Return the life of a subject in a version; repeat the error if it could not be recorded.

        Raises:
            DoesNotConform: a plugin does not end in time, or a plugin before the subject fails.
            CouldNotTest: the node cannot be prepared or read.
        """
        key = subject.name, version
        if key not in self._known:
            try:
                with attached(self._runtime, subject, version) as attachment:
                    self._known[key] = _live(attachment, self._network)
            except (CouldNotTest, DoesNotConform) as error:
                self._known[key] = error
        recorded = self._known[key]
        if isinstance(recorded, Life):
            return recorded
        raise recorded.with_traceback(None)


def _unrouted(attachment: Attachment) -> Differences:
    present = links.destinations(attachment.runtime.node, attachment.name)
    return links.missing_routes(attachment.result or {}, present)


def _live(attachment: Attachment, network: Network) -> Life:
    before = inventory.read(attachment.runtime.node, network)
    marked = link_settings.left(
        link_settings.marks(attachment.runtime.node, network), attachment.runtime.marks
    )
    first = attachment.result
    added = attachment.add()
    previous = (first, *(a.object for a in added[:-1]))
    if added[-1].status:
        attachment.runtime.require_first_add()
        return Life(tuple(added), previous)
    has_links = attachment.subject.role in ATTACHING and attachment.version in since("0.3.0")
    has_check = attachment.version in since("0.4.0") and not network.conflist.disable_check
    checked = tuple(attachment.check()) if has_check else ()
    return Life(
        added=tuple(added),
        previous=previous,
        state=attachment.state() if has_links else None,
        checked=checked,
        unrouted=_unrouted(attachment) if has_links and answers.succeeded(checked) else (),
        deleted=tuple(attachment.delete()),
        leftovers=attachment.leftovers(network, before),
        deleted_again=tuple(attachment.delete()),
        marked=marked,
    )
