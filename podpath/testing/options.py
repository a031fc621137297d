"""What a node is started with, in the names of the plugin's options."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from podpath.nodes import kinds
from podpath.run.plan import Plan


@dataclass(frozen=True, kw_only=True)
class NodeOptions:
    """Options of a node. Each is the option of pytest of that name, `--podpath-...`.

    Attributes:
        node: kind of node.
        cni_conf: file of the conflist; empty for the default of the kind.
        cni_bin: directories to search for CNI plugins before the default ones.
        profile: name or file of a profile; empty to infer it from the conflist.
        features: features to claim or to waive, as "+x,-y".
        leases: command that lists the leases on the node.
        node_setup: script that prepares the embedded node.
        deviations: file of known deviations; empty for those of the reference plugins.
        deviations_like: pairs "TYPE=REFERENCE".
        of_kind: options of the kind of node, by pytest's names for their values, for example
            {"podpath_kind_existing": "mine"}.
    """

    node: str = kinds.DEFAULT
    cni_conf: str = ""
    cni_bin: tuple[str, ...] = ()
    profile: str = ""
    features: str = ""
    leases: str = ""
    node_setup: str = ""
    deviations: str = ""
    deviations_like: tuple[str, ...] = ()
    of_kind: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "NodeOptions":
        """Read options from the values that document() returned."""
        known = {f.name for f in fields(cls)}
        lists = {name: tuple(values.get(name, ())) for name in ("cni_bin", "deviations_like")}
        return cls(**{n: v for n, v in values.items() if n in known} | lists)

    def document(self) -> dict[str, Any]:
        """Return the options as JSON values, which mean the same in any directory."""
        paths = {
            name: str(Path(path).absolute())
            for name in ("cni_conf", "node_setup", "deviations")
            if (path := getattr(self, name))
        }
        if self.profile and Path(self.profile).is_file():
            paths["profile"] = str(Path(self.profile).absolute())
        bins = [str(Path(path).absolute()) for path in self.cni_bin]
        return asdict(self) | paths | {"cni_bin": bins, "of_kind": dict(self.of_kind)}

    def plan(self) -> Plan:
        """Return the plan of a run with these options.

        Raises:
            CouldNotTest: an option names something unusable.
        """
        kind = kinds.named(self.node).from_options(self.of_kind.get, Path.cwd())
        if self.node_setup:
            kind.node_setup = Path(self.node_setup).absolute()
        return Plan.read(
            kind,
            self.cni_conf or None,
            self.cni_bin,
            None,
            self.deviations or None,
            self.profile or None,
            self.features or None,
            self.leases or None,
            likes=self.deviations_like,
        )
