"""The names by which the things of a pod are known on its node. Pure."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: Names that the reference plugins make of a network and a container (plugins/pkg/utils/utils.go):
#: prefix and length of a chain of ipMasq, a chain of portmap, and an IFB link of bandwidth.
_HASHED = (("CNI-", 28), ("CNI-DN-", 28), ("bwp", 15))


@dataclass(frozen=True, slots=True)
class Belongings:
    """Names of one pod's things.

    Attributes:
        pod: name of the pod.
        names: names that no other pod ever gets: of its sandbox, namespace and host ends.
        addresses: its IP and MAC addresses. A later pod may get them, too.
    """

    pod: str
    names: frozenset[str]
    addresses: frozenset[str] = frozenset()

    def named_in(self, text: str, network: str) -> bool:
        """Return whether a text has one of the names.

        Args:
            text: description of a thing.
            network: name of the pod's CNI network, which chains are named by.
        """
        return _has_any(text, (*self.names, *self._hashed(network)))

    def addressed_in(self, text: str) -> bool:
        """Return whether a text has one of the addresses."""
        return _has_any(text, self.addresses)

    def _hashed(self, network: str) -> Iterable[str]:
        for name in self.names:
            digest = hashlib.sha512(f"{network}{name}".encode()).hexdigest()
            yield from (f"{prefix}{digest}"[:length] for prefix, length in _HASHED)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The pods on a node that podpath did not create, at one moment.

    Attributes:
        live: ids of the sandboxes that run.
        activity: ids of all their sandboxes and containers, with their states.
    """

    live: frozenset[str] = frozenset()
    activity: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Owners:
    """All pods that a node has had since podpath came, as far as podpath saw them.

    Attributes:
        ours: pods that podpath created, also those that were deleted.
        foreign: id of the sandbox -> pod that podpath did not create.
    """

    ours: tuple[Belongings, ...] = ()
    foreign: Mapping[str, Belongings] = field(default_factory=dict)


def _has_any(text: str, words: Iterable[str]) -> bool:
    return any(word in text and _whole(word).search(text) for word in words if word)


def _whole(word: str) -> re.Pattern[str]:
    """Match a word that is not a part of a longer name or address."""
    return re.compile(rf"(?<![0-9A-Za-z.:]){re.escape(word)}(?![0-9A-Za-z]|[.:][0-9A-Za-z:])")
