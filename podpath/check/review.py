"""The review of one configuration: what it does, what is wrong, and whether podpath can test it.

Pure, but for reading the shipped tables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from podpath.check import (
    abilities,
    addresses,
    chain,
    explain,
    keys,
    plugins,
    positions,
    syntax,
    templates,
    way,
)
from podpath.check.findings import Finding, Level, Verdict
from podpath.check.sections import Section, of_chain
from podpath.cni import conflist, document, unsupported, versions
from podpath.cni.fields import Malformed
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.system import files


@dataclass(frozen=True, slots=True)
class Review:
    """Review of one file.

    Attributes:
        path: file, as the user named it.
        verdict: verdict on it.
        reason: why it is not judged; empty if it is.
        name: name of the network; empty without one.
        version: CNI version; empty without one.
        does: plugins of the chain in order, each with sentences on what it does.
        profile: profile of the wiring; empty if no profile covers it.
        features: core, and the features that the configuration asks for.
        undecided: features that a file or a daemon of the node decides on.
        ways: kind of path -> its hops.
        untested: why podpath cannot test the network; empty if nothing in the file hinders it.
        findings: mistakes and notes, in the order of their lines.
    """

    path: str
    verdict: Verdict
    reason: str = ""
    name: str = ""
    version: str = ""
    does: tuple[tuple[str, tuple[str, ...]], ...] = ()
    profile: str = ""
    features: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    ways: Mapping[str, tuple[way.Hop, ...]] = field(default_factory=dict)
    untested: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """Findings that are mistakes."""
        return tuple(f for f in self.findings if f.level == Level.WRONG)


def of_file(path: Path, profile: str = "") -> Review:
    """Review a file.

    Args:
        path: the file.
        profile: name or file of a profile; empty for the one that covers the main plugin.

    Raises:
        CouldNotTest: the profile is not usable.
    """
    try:
        text = files.read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        return Review(str(path), Verdict.UNJUDGED, f"it cannot be read: {reason}")
    return of_text(text, path, profile)


def of_text(text: str, path: PurePath, profile: str = "") -> Review:
    """Review the text of a file; the name of the file decides its format.

    Raises:
        CouldNotTest: the profile is not usable.
    """
    try:
        data = document.json_of(text)
        lines = positions.of(text)
    except (Malformed, RecursionError) as error:
        return _of_other_text(text, path, error)
    whole = Section(data, (), lines)
    sections = of_chain(data, lines)
    review = _described(text, whole, sections, path, profile)
    reason = next(filter(None, chain.open_questions(whole, sections)), "")
    if reason and not review.mistakes:
        return replace(review, verdict=Verdict.UNJUDGED, reason=reason)
    return review


def _of_other_text(text: str, path: PurePath, error: Exception) -> Review:
    """Return the review of a text that is no JSON object of a configuration."""
    if reason := templates.reason(text):
        return Review(str(path), Verdict.UNJUDGED, reason)
    if isinstance(error, RecursionError):
        return Review(str(path), Verdict.UNJUDGED, "it is nested too deeply")
    if isinstance(error, document.NotJson):
        return Review(str(path), Verdict.WRONG, findings=(syntax.mistake(text, error),))
    if "NetworkAttachmentDefinition" in str(error):
        return Review(str(path), Verdict.UNJUDGED, f"it is {error}")
    if chain.is_head(text):
        reason = 'its plugins are in files of their own, in the directory of its "name"'
        return Review(str(path), Verdict.UNJUDGED, reason)
    return Review(
        str(path), Verdict.WRONG, findings=(Finding(Level.WRONG, f"it is {error}", line=1),)
    )


def _described(
    text: str, whole: Section, sections: tuple[Section, ...], path: PurePath, profile: str
) -> Review:
    """Return the review of a configuration, with all of its findings."""
    version = _version(whole)
    network, untested = _network(text, sections, path, profile)
    found = sorted(_findings(whole, sections, path, version), key=lambda f: f.line)
    lines = text.split("\n")
    template = [f for f in found if templates.has(f"{f.text}{lines[f.line - 1] if f.line else ''}")]
    kept = tuple(f for f in found if f.level == Level.NOTE or f not in template)
    is_wrong = any(f.level == Level.WRONG for f in kept)
    unfilled = [f for f in template if f.level == Level.WRONG]
    is_unfilled = bool(unfilled) or templates.has(untested)
    verdict = Verdict.WRONG if is_wrong else Verdict.UNJUDGED if is_unfilled else Verdict.RIGHT
    return Review(
        path=str(path),
        verdict=verdict,
        reason=templates.reason(text) if verdict == Verdict.UNJUDGED else "",
        name=name if isinstance(name := whole.data.get("name"), str) else "",
        version=version,
        does=tuple((s.plugin, tuple(explain.does(s))) for s in sections),
        profile=network.profile.name if network else "",
        features=abilities.features_of(network) if network else (),
        undecided=abilities.undecided(network) if network else (),
        ways=way.ways(network) if network else {},
        untested=untested,
        findings=kept,
    )


def _version(whole: Section) -> str:
    try:
        named = document.versions_of(whole.data)
    except Malformed:
        return ""
    return versions.highest(named) or named[0]


def _network(
    text: str, sections: tuple[Section, ...], path: PurePath, profile: str
) -> tuple[Network | None, str]:
    """Return the network with its profile, if there is one, and why podpath cannot test it."""
    if not any(s.is_main for s in sections):
        return None, "it makes no interface for pods"
    try:
        written = conflist.parse(text)
    except Malformed as error:
        return None, str(error)
    try:
        network = Network.of(written, PurePath(path.name), profile)
        unsupported.check(written, path.name)
    except CouldNotTest as error:
        if profile:
            raise
        covered = _covering(written)
        return covered, error.message
    return network, ""


def _covering(written: conflist.Conflist) -> Network | None:
    try:
        return Network(written, Network.covering(written))
    except CouldNotTest:
        return None


def _findings(
    whole: Section, sections: tuple[Section, ...], path: PurePath, version: str
) -> Iterator[Finding]:
    yield from chain.check(whole, sections, path.suffix)
    if "plugins" in whole.data:
        yield from keys.of_list(whole)
    for section in sections:
        yield from keys.unread(section)
        yield from plugins.check(section)
        if section.is_main and not section.is_delegate:
            yield from addresses.check(section, version)
            yield from _of_families(section)
    yield from plugins.of_neighbours(sections)


def _of_families(section: Section) -> Iterator[Finding]:
    """Yield findings that depend on the IP versions of a plugin's pods."""
    try:
        read = addresses.parsed(section.ipam)
    except Malformed:
        return
    if read.is_stated:
        has_ipv6 = any(r.subnet.version == 6 for r in read.ranges)
        yield from plugins.small_mtu(section, has_ipv6=has_ipv6)
        yield from addresses.default_routes(section, read)
