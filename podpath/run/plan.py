"""A run: what it tests, on what."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from podpath.cni import deviations, features
from podpath.cni import network as networks
from podpath.cni.deviations import Deviation
from podpath.nodes.kind import Kind, Setup
from podpath.run import origin


@dataclass(frozen=True)
class Plan(Setup):
    """What is to be tested, on what.

    report: where to leave the report, if anywhere; profile_origin: why it is this profile;
    features: each feature -> why it is not tested, empty if it is.
    """

    conflist_path: Path
    report: Path | None
    deviations: Path
    profile_origin: str = "given"
    features: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        kind: Kind,
        conflist: str | None,
        plugins: Sequence[str],
        report: str | None,
        known: str | None,
        profile: str | None = None,
        asked: str | None = None,
    ) -> "Plan":
        """Read what the options name. Raises CouldNotTest."""
        path = Path(conflist) if conflist else kind.conflist()
        network = networks.read(path, profile or "")
        inferred = f'inferred from the plugin type "{network.conflist.plugins[0]}"'
        return cls(
            kind=kind,
            network=network,
            conflist_path=path,
            profile_origin=f"given as {profile}" if profile else inferred,
            plugin_directories=tuple(os.path.abspath(p) for p in plugins),
            report=Path(report).absolute() if report else None,
            deviations=Path(known) if known else deviations.SHIPPED,
            features=features.chosen(network, kind.name, kind.abilities, asked or ""),
        )

    @cached_property
    def known_deviations(self) -> tuple[Deviation, ...]:
        """What these plugins are known to do otherwise. Raises CouldNotTest."""
        origins = {name: origin.of(path) for name, path in self.plugins.items()}
        return deviations.applying(self.deviations, origins, self.network.conflist.sections)
