"""Plan of a run: its subject, its kind of node, and its files."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from podpath.cni import agreement, code, deviations, features, version_query
from podpath.cni import conflist as conflists
from podpath.cni.agreement import Agreement, Party
from podpath.cni.code import Origin
from podpath.cni.delegation import delegated
from podpath.cni.deviations import Deviation, Program
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.nodes.kind import Kind, Setup
from podpath.run import origin


@dataclass(frozen=True)
class Plan(Setup):
    """Subject of a run, its kind of node, and the files it uses.

    Attributes:
        conflist_path: file of the conflist.
        report: directory for the report; None for no report.
        deviations: file that declares known deviations.
        adopted: pairs of a plugin's type and of the reference plugin whose deviations it has.
        profile_origin: reason for the choice of the profile.
        features: feature -> reason why it is not tested; empty if it is tested.
        agreement: CNI versions of the run, if they are not the conflist's own.
        own_requirements: ids of the vendor's own requirements, which deviations may name.
    """

    conflist_path: Path
    report: Path | None
    deviations: Path
    adopted: tuple[tuple[str, str], ...] = ()
    profile_origin: str = "given"
    features: Mapping[str, str] = field(default_factory=dict)
    agreement: Agreement | None = None
    own_requirements: frozenset[str] = frozenset()

    @classmethod
    def read(
        cls,
        kind: Kind,
        conflist: str | None,
        plugins: Sequence[str],
        report: str | None,
        known: str | None,
        profile: str | None = None,
        chosen_features: str | None = None,
        leases: str | None = None,
        own_requirements: Iterable[str] = (),
        likes: Sequence[str] = (),
    ) -> "Plan":
        """Read a plan from options.

        Args:
            kind: kind of node.
            conflist: file of the conflist, or a directory such as /etc/cni/net.d, of which the
                runtime's choice is taken; None for that of the kind of node.
            plugins: directories of plugins.
            report: directory for the report; None for no report.
            known: file of known deviations; None for podpath's own.
            profile: name or file of a profile; None to infer it from the plugin's type.
            chosen_features: "+x,-y" claims feature x and waives feature y; None does neither.
            leases: command that lists the leases on the node; None for host-local's store.
            own_requirements: ids of the vendor's own requirements.
            likes: "x=y": plugin x has the known deviations of the reference plugin y.

        Raises:
            CouldNotTest: a file cannot be read, or an option or a file is malformed.
        """
        path = _file(Path(conflist)) if conflist else kind.conflist()
        network = replace(Network.read(path, profile or ""), lease_command=leases or "")
        inferred = f'inferred from the plugin type "{network.conflist.wiring_plugin}"'
        plan = cls(
            kind=kind,
            network=network,
            conflist_path=path,
            profile_origin=f"given as {profile}" if profile else inferred,
            plugin_directories=tuple(os.path.abspath(p) for p in plugins),
            report=Path(report).absolute() if report else None,
            deviations=Path(known) if known else deviations.SHIPPED,
            adopted=tuple(_adopted(text, network) for text in likes),
            features=features.chosen(network, kind.name, kind.abilities, chosen_features or ""),
            own_requirements=frozenset(own_requirements),
        )
        return plan.in_common_versions()

    def in_common_versions(self) -> "Plan":
        """Return the plan in CNI versions that its runtime and its plugins know.

        Raises:
            CouldNotTest: they have none in common.
        """
        conflist = self.network.conflist
        try:
            plugins = self.plugins
            runtime = self.kind.runtime()
        except CouldNotTest:  # the preflight reports what is missing
            return self
        parties = [Party(f'"{n}"', version_query.supported(p)) for n, p in plugins.items()]
        agreed = agreement.agree(conflist, runtime, parties)
        if not agreed.reason:
            return self
        other = conflist.in_versions(agreed.pods, agreed.contract)
        network = replace(self.network, conflist=other)
        return replace(self, network=network, agreement=agreed)

    @cached_property
    def origins(self) -> Mapping[str, Origin]:
        """Type of a plugin -> origin of its program.

        Raises:
            CouldNotTest: a plugin is missing.
        """
        return {name: origin.of(path) for name, path in self.plugins.items()}

    @cached_property
    def known_deviations(self) -> tuple[Deviation, ...]:
        """Known deviations of these plugins.

        Raises:
            CouldNotTest: a plugin is missing, or the file of deviations is malformed.
        """
        return deviations.applying(self.deviations, self._programs(), self.own_requirements)

    def _programs(self) -> Iterator[Program]:
        """Yield the programs that take part in the calls of each plugin."""
        sections = {section["type"]: section for section in self.network.conflist.sections}
        for name, known in self.origins.items():
            section = sections.get(name, {})
            yield Program(name, name, known, section)
            for inner, configuration in delegated(section):
                with suppress(CouldNotTest):  # the plugin that needs it reports it as missing
                    path = self.plugin(inner)
                    yield Program(name, inner, origin.of(path), configuration)
            for plugin, reference in self.adopted:
                if plugin == name:
                    yield Program(name, reference, code.like(reference), section, adopted=True)


def _adopted(text: str, network: Network) -> tuple[str, str]:
    """Read TYPE=REFERENCE. Raises CouldNotTest if a name is unknown."""
    plugin, _, reference = text.partition("=")
    types = network.conflist.delegates
    known = sorted({one.plugin for one in deviations.read(deviations.SHIPPED)})
    if plugin not in types or reference not in known:
        raise CouldNotTest(
            f"--podpath-deviations-like {text} is not understood",
            f"Write TYPE=REFERENCE, with a plugin of the conflist ({', '.join(types)})"
            f" and one of {', '.join(known)}",
        )
    return plugin, reference


def _file(path: Path) -> Path:
    """Return the conflist's file: in a directory, the one that a runtime uses.

    Raises:
        CouldNotTest: the directory has none.
    """
    try:
        chosen = conflists.in_directory(path) if path.is_dir() else path
    except OSError as error:
        raise CouldNotTest(f"the directory {path} cannot be read: {error.strerror}") from None
    if chosen is None:
        raise CouldNotTest(
            f"the directory {path} has no network configuration",
            f"A runtime reads the files that end with {', '.join(conflists.SUFFIXES)}",
        )
    return chosen
