"""A run: what it tests, on what."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from podpath import profiles
from podpath.cni import conflist as conflists
from podpath.cni import deviations, features
from podpath.cni.conflist import Conflist
from podpath.cni.deviations import Deviation
from podpath.nodes.cluster import host, kind, kind_config
from podpath.profiles import Profile
from podpath.run import origin
from podpath.system import programs

#: kind's configuration, where the user has none.
_CLUSTER = kind.Options(name="podpath", keep=False, config=kind_config.SHIPPED)


@dataclass(frozen=True)
class Plan:
    """What is to be tested, on what.

    report: where to leave the report, if anywhere; cluster: what the user wants of a cluster;
    pod_image: the image of pods on a node that podpath may not bring its own to; profile_origin:
    why it is this profile; features: each feature -> why it is not tested, empty if it is.
    """

    node: str
    conflist: Conflist
    conflist_path: Path
    profile: Profile
    plugin_directories: tuple[str, ...]
    report: Path | None
    deviations: Path
    cluster: kind.Options = _CLUSTER
    pod_image: str = ""
    profile_origin: str = "given"
    features: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        node: str,
        conflist: str | None,
        plugins: Sequence[str],
        report: str | None,
        known: str | None,
        cluster: kind.Options = _CLUSTER,
        pod_image: str = "",
        profile: str | None = None,
        asked: str | None = None,
    ) -> "Plan":
        """Read what the options name. Raises CouldNotTest."""
        default = host.conflist if node == "host" else lambda: conflists.DEFAULT
        path = Path(conflist) if conflist else default()
        network = conflists.read(path)
        wiring = profiles.named(profile) if profile else profiles.for_plugin(network.plugins[0])
        inferred = f'inferred from the plugin type "{network.plugins[0]}"'
        return cls(
            node=node,
            conflist=network.on(wiring.master_in(network.section)),
            conflist_path=path,
            profile=wiring,
            profile_origin=f"given as {profile}" if profile else inferred,
            plugin_directories=tuple(os.path.abspath(p) for p in plugins),
            report=Path(report).absolute() if report else None,
            deviations=Path(known) if known else deviations.SHIPPED,
            cluster=cluster,
            pod_image=pod_image,
            features=features.chosen(network, wiring, node, asked or ""),
        )

    @cached_property
    def plugins(self) -> dict[str, str]:
        """The plugins of the chain: name -> path. Raises CouldNotTest if one is missing."""
        return {name: self.plugin(name) for name in self.conflist.delegates}

    def plugin(self, name: str) -> str:
        """The path of a plugin. Raises CouldNotTest if it is missing."""
        return programs.plugin(name, (*self.plugin_directories, *self._system_directories))

    @property
    def _system_directories(self) -> tuple[str, ...]:
        return host.plugin_directories() if self.node == "host" else programs.PLUGIN_DIRECTORIES

    @cached_property
    def known_deviations(self) -> tuple[Deviation, ...]:
        """What these plugins are known to do otherwise. Raises CouldNotTest."""
        origins = {name: origin.of(path) for name, path in self.plugins.items()}
        return deviations.applying(self.deviations, origins, self.conflist.sections)
