"""Explain a test's failure: differences, pictures, captures, and what may have caused it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from podpath.plugin import by_hand, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest


def explain(item: pytest.Item, seen: str, finding: str, ids: Sequence[str], suspicion: str) -> str:
    """Format a failure: requirements, finding, sources, causes and commands to look further."""
    from podpath.paths.kinds import MISSING
    from podpath.report.text import failure

    version = shared.version(item)
    requirements = [shared.requirement(item.config, identifier) for identifier in ids]
    way, subject = by_hand.way(item, ids), by_hand.subject(item, version)
    lost = any(difference.kind == MISSING for difference in item.stash[shared.differences])
    return failure(requirements, seen, finding, way, subject, suspicion, version, lost=lost)


def findings(item: pytest.Item, error: BaseException) -> str:
    """Return the test's differences as text, with the pictures of the packets concerned."""
    from podpath.report.text import of_differences, of_judgement, of_losses

    differences = item.stash[shared.differences]
    text = of_differences(differences) if differences else str(error)
    last = item.stash.get(shared.observations, [])[-1:]
    pictures = [of_judgement(o.judgement) for o in last]
    reasons = [f"Why: {why}" for o in last if (why := of_losses(o.losses, o.counts))]
    if (explained := item.stash.get(shared.unwatched, None)) and explained.losses:
        reasons.append(f"Why: {of_losses(explained.losses, ())}")
    capture = _capture(item) if last else ""
    return "\n\n".join(part for part in (*pictures, *reasons, text, capture) if part)


def _capture(item: pytest.Item) -> str:
    """Write the sightings of the last observation as pcapng; return a sentence with the path."""
    from podpath.errors import CouldNotTest
    from podpath.report import pcap

    given, report = shared.given_of(item.config), shared.plan(item.config).report
    if given and given.plan and not report:  # a program judges a node, and wants no files
        return ""
    directory = report or Path.cwd() / "podpath-report"
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in item.name)
    path = directory / "captures" / f"{name}.pcapng"
    try:
        pcap.write(path, item.stash[shared.observations][-1].observation.sightings)
    except CouldNotTest as error:
        return str(error)
    return f"Capture, with every interface: {os.path.normpath(path)}"


def suspicion(item: pytest.Item) -> str:
    """Return a sentence on the chained plugins of a test that podpath does not know."""
    from podpath.cni import reference
    from podpath.errors import CouldNotTest

    try:
        conflist = shared.network(item.config).conflist
    except CouldNotTest:
        return ""  # reported before the first test, or by its fixtures
    _, called = shared.case(item)
    chained = conflist.plugins[conflist.main + 1 :]
    return reference.suspicion(p for p in chained if not called or p in called)


def likeness(item: pytest.Item, ids: Sequence[str]) -> str:
    """Return how to declare that the plugin is like a reference plugin that fails, too."""
    from podpath.cni import code, deviations
    from podpath.errors import CouldNotTest

    case, tested = shared.case(item)
    try:
        plan = shared.plan(item.config)
        origins = plan.origins
        found = (deviations.alike(i, case, tested or origins, origins) for i in ids)
        known = next(filter(None, found), None)
    except CouldNotTest:  # then the plugins are unknown
        return ""
    if known is None:
        return ""
    plugin, deviation = known
    subject = f"The reference plugin {deviation.plugin} fails"
    if deviation.plugin == code.SKEL:
        subject = "Plugins that use libcni's skel fail"
    return (
        f"{subject} this test, too ({deviation.source}). If {plugin} is that code, wrapped or"
        f" rebuilt, add --podpath-deviations-like {plugin}={deviation.plugin}."
    )
