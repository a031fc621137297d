"""What all ways to find a cause ask of a test, and how they give their answer."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from podpath.cni.network import Network
    from podpath.errors import Unmet
    from podpath.nodes.base import Node
    from podpath.nodes.deployment import Deployment
    from podpath.topology.cause import Cause


T = TypeVar("T")

#: Requirements on packets of pods.
OF_PACKETS = (
    *("PATH-", "LIFE-REUSE", "LIFE-OTHERS", "LIFE-SURVIVOR", "LIFE-PORTMAP"),
    *("K8S-SERVICE", "K8S-HAIRPIN", "K8S-PROBE"),
)


#: Requirements on packets to mapped ports.
MAPPED = frozenset({"PATH-PORTMAP", "LIFE-PORTMAP"})
#: Consequence of a lo that is down.
DEAF = "no sniffer can show that it misses nothing where lo is down"


def is_lo_down(node: Node) -> bool:
    """Return whether the node's lo is down: no sniffer gets ready, and no own port is reached."""
    from podpath.nodes import link_settings

    return "up" not in link_settings.of_node(node).get("lo flags", "up").split(", ")


def is_about_paths(error: Exception) -> bool:
    """Return whether a test could not be run because of where packets went, perhaps.

    A program cannot even begin to send from an address that its pod lacks.
    """
    from podpath.errors import CouldNotTest, Unmet

    of_path = isinstance(error, Unmet) and error.requirement.startswith("PATH-")
    is_lacking = isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL
    return of_path or is_lacking or isinstance(error, CouldNotTest)


def may_follow(error: Exception) -> bool:
    """Return whether a failure may follow from where packets went: a finding, or no test of it."""
    return isinstance(error, AssertionError) or is_about_paths(error)


def is_of_packets(item: pytest.Item) -> bool:
    """Return whether a test is about packets of pods alone."""
    return all(i.startswith(OF_PACKETS) for i in shared.ids_of(item))


def parameters(item: pytest.Item) -> dict[str, Any]:
    """Return the parameters of a test; none of a test without."""
    call = getattr(item, "callspec", None)
    return dict(call.params) if call else {}


def fixtures(item: pytest.Item) -> Mapping[str, Any]:
    """Return the values of a test's fixtures, by name."""
    return getattr(item, "funcargs", {})


def without_pods(item: pytest.Item) -> tuple[Node, Deployment, Network] | None:
    """Return the node without pods, a maker of pods there, and the network; None if unused."""
    from podpath.nodes.deployment import Deployment

    used = fixtures(item)
    if not used.keys() >= {"contract_node", "hung_calls", "network"}:
        return None
    return (
        used["contract_node"],
        Deployment(used["contract_node"], used["hung_calls"]),
        used["network"],
    )


def once(
    item: pytest.Item, key: pytest.StashKey[Sequence[T]], look: Callable[[], Sequence[T]]
) -> Sequence[T]:
    """Return what was seen of another pod in this process, or is seen now; nothing if it fails.

    Such a pod says nothing then, and the failure of the test stays.
    """
    from podpath.errors import CouldNotTest, DoesNotConform

    stash = item.config.stash
    if key not in stash:
        try:
            stash[key] = look()
        except (CouldNotTest, DoesNotConform, OSError):
            stash[key] = []
    return stash[key]


def named(parameters: Mapping[str, Any]) -> list[str]:
    """List the ends and pods that parameters of a test name."""
    return [parameters[n] for n in ("source", "destination", "pod") if n in parameters]


def violation(cause: Cause) -> Unmet:
    """Return a cause as the violation of its requirement."""
    return unmet((cause.requirement, cause.consequence), cause.differences)


def unmet(violated: tuple[str, str], found: Iterable[object]) -> Unmet:
    """Return what was found as the violation of a requirement.

    Args:
        violated: id of the requirement, and the reason why other tests are not run.
        found: differences, or texts.
    """
    from podpath.errors import DoesNotConform, Unmet

    return Unmet(DoesNotConform("\n".join(map(str, found))), *violated)


def is_judged(item: pytest.Item, requirement: str) -> bool:
    """Return whether a requirement applies, and its violation is no known deviation."""
    is_applicable = requirement not in shared.network(item.config).not_applicable
    return is_applicable and not is_declared(item, requirement)


def is_declared(item: pytest.Item, requirement: str) -> bool:
    """Return whether a requirement's violation is a known deviation, which explains no other."""
    known = shared.plan(item.config).known_deviations
    return any(deviation.requirement == requirement for deviation in known)
