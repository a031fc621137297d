"""The CNI versions that a runtime, plugins and a conflist agree on. Pure.

A runtime that does not know a version refuses the plugin's result, and a plugin that does not know
it refuses its configuration (CNI specification 1.1.0, section 3): neither is the plugin's fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from podpath.cni.conflist import Conflist
from podpath.cni.versions import VERSIONS
from podpath.errors import CouldNotTest


@dataclass(frozen=True, slots=True)
class Party:
    """A runtime or a plugin, with the CNI versions that it knows.

    Attributes:
        name: name for messages.
        versions: versions that it knows; empty if that is not known.
    """

    name: str
    versions: tuple[str, ...]

    def knows(self, version: str) -> bool:
        """Return whether it knows a version; true if its versions are not known."""
        return not self.versions or version in self.versions

    def __str__(self) -> str:
        return f"{self.name} knows CNI {_span(self.versions)}"


def _span(versions: Sequence[str]) -> str:
    known = [v for v in VERSIONS if v in versions]
    if known and known == list(VERSIONS)[VERSIONS.index(known[0]) :][: len(known)]:
        return known[0] if len(known) == 1 else f"{known[0]} to {known[-1]}"
    return ", ".join(versions)


@dataclass(frozen=True, slots=True)
class Agreement:
    """The versions in which a conflist can be tested.

    Attributes:
        pods: version in which the runtime calls the plugins for pods.
        contract: version of the conflist in which podpath itself calls them.
        reason: sentence on why it is not the conflist's own; empty if it is.
    """

    pods: str
    contract: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.pods} for pods, {self.contract} for the contract ({self.reason})"


def agree(conflist: Conflist, runtime: Party, plugins: Sequence[Party]) -> Agreement:
    """Find the versions in which a conflist can be tested.

    Args:
        conflist: conflist of the run.
        runtime: the node's runtime.
        plugins: all plugins of the chain, IPAM included.

    Raises:
        CouldNotTest: the runtime and the plugins know no common version.
    """
    wanted = conflist.version
    unable = [party for party in (runtime, *plugins) if not party.knows(wanted)]
    if wanted in VERSIONS and not unable:
        return Agreement(wanted, wanted)
    pods = _nearest(conflist, [runtime, *plugins])
    if not pods:
        parties = [party for party in (runtime, *plugins) if party.versions]
        raise CouldNotTest(
            "the runtime and the plugins of the conflist have no CNI version in common: "
            + "; ".join(map(str, parties)),
            "Use releases of the plugins and of the runtime that know the same version",
        )
    is_spoken = wanted in VERSIONS and all(plugin.knows(wanted) for plugin in plugins)
    contract = wanted if is_spoken else pods
    unknown = "; ".join(map(str, unable)) or "the specification has no such version"
    return Agreement(pods, contract, f"the conflist has {wanted}, but {unknown}")


def _nearest(conflist: Conflist, parties: Sequence[Party]) -> str:
    """Return the common version to use: one that the conflist lists, else the nearest to its own.

    The nearest is the highest of the earlier ones, or else the first later one.
    """
    common = [v for v in VERSIONS if all(party.knows(v) for party in parties)]
    wanted = conflist.version
    place = VERSIONS.index(wanted) if wanted in VERSIONS else len(VERSIONS)
    listed = [v for v in common if v in conflist.versions]
    earlier = [v for v in common if VERSIONS.index(v) <= place]
    return next(reversed(listed or earlier), common[0] if common else "")
