"""Provenance in a report: implementation, configuration, version of podpath, and command."""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest
from podpath.report.document import About
from podpath.requirements import Requirement
from podpath.run import origin, settings
from podpath.run.plan import Plan
from podpath.system import programs

_PACKAGE = Path(__file__).parent.parent


def implementation(directory: Path, given: Sequence[str]) -> dict[str, Any]:
    """Read the owner of the plugin from options, else from the nearest pyproject.toml.

    Args:
        directory: directory at which the search for pyproject.toml with [tool.podpath] begins.
        given: options KEY=TEXT, which override the file.

    Raises:
        CouldNotTest: an option or the file is malformed.
    """
    described = settings.implementation(directory)
    for option in given:
        key, equals, text = option.partition("=")
        if not equals or key not in settings.IMPLEMENTATION:
            raise CouldNotTest(
                f"--podpath-implementation {option} is not understood",
                f"Write KEY=TEXT, with one of {', '.join(settings.IMPLEMENTATION)}",
            )
        described[key] = text
    if contact := described.get("contact"):
        described["contact"] = [contact] if isinstance(contact, str) else contact
    return described


def about(
    plan: Plan,
    whose: Mapping[str, Any],
    arguments: Sequence[str],
    seed: int,
    *,
    broken_off: bool,
    selected: bool = False,
    own_selected: bool = False,
    requirements: tuple[Requirement, ...] = (),
) -> About:
    """Collect the facts about a run that its report has besides the results.

    Args:
        plan: plan of the run.
        whose: implementation, as implementation() returns it.
        arguments: arguments of pytest.
        seed: seed of the run.
        broken_off: true if not all tests that were selected were run.
        selected: true if the user selected some of the tests.
        own_selected: true if the user selected some of the vendor's own tests.
        requirements: the vendor's own requirements.

    Raises:
        CouldNotTest: a plugin cannot be read any more.
    """
    return About(
        abilities=plan.kind.abilities,
        commit=commit(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        implementation=whose,
        configuration={
            "conflist": {
                "path": str(plan.conflist_path),
                "sha256": hashlib.sha256(plan.network.conflist.written.encode()).hexdigest(),
                "text": plan.network.conflist.written,
            },
            "plugins": [_plugin(name, path) for name, path in plan.plugins.items()],
        },
        command=command(arguments, seed),
        broken_off=broken_off,
        selected=selected,
        own_selected=own_selected,
        features=plan.features,
        requirements=requirements,
    )


def _plugin(name: str, path: str) -> dict[str, str]:
    try:
        checksum = programs.checksum(path)
        return {"name": name, "path": path, "origin": str(origin.of(path)), "sha256": checksum}
    except OSError as error:
        raise CouldNotTest(f"the plugin {path} cannot be read: {error.strerror}") from None


def command(arguments: Sequence[str], seed: int) -> str:
    """Return the command that repeats a run, with its random seed. Pure."""
    kept = []
    skip = False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        ours = name in ("--podpath-seed", "--podpath-report")
        if not skip and not ours:
            kept.append(argument)
        skip = ours and not equals
    return shlex.join(["pytest", *kept, "--podpath-seed", str(seed)])


def commit() -> str:
    """Return the commit of the installed podpath, or of its checkout; empty if it is unknown.

    It ends with "-dirty" if the checkout differs from the commit.
    """
    if (_PACKAGE / "tests").is_dir():
        return _installed_from()
    checkout = _PACKAGE.parent
    git = shutil.which("git")
    if git is None or not os.path.exists(checkout / ".git"):
        return ""
    described = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    done = subprocess.run(
        [git, "-C", str(checkout), *described], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _installed_from() -> str:
    """Return the commit that pip records for an installation from a repository (PEP 610)."""
    try:
        noted = metadata.distribution("podpath").read_text("direct_url.json")
        known: Any = json.loads(noted or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return ""
    return str(known.get("vcs_info", {}).get("commit_id", ""))
