"""Print the facts of the preflight, and the requirements that do not apply, above the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from podpath.cni.network import Network

#: True once the facts are printed.
_printed = pytest.StashKey[bool]()


@pytest.hookimpl(trylast=True)
def pytest_report_header(config: pytest.Config) -> list[str]:
    """Print the facts of the preflight, if it came before the tests were collected."""
    return _lines(config)


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Print the facts below the number of tests, if the preflight had to wait for the tests."""
    return [] if config.stash.get(_printed, False) else _lines(config)


def _lines(config: pytest.Config) -> list[str]:
    """List the facts, and the requirements that do not apply to the node or to the profile."""
    facts = config.stash.get(shared.environment, {})
    if not facts:
        return []
    config.stash[_printed] = True
    lines = [f"podpath {name}: {text}" for name, text in facts.items()]
    plan = shared.plan(config)
    if absent := shared.not_applicable(config):
        lines.append(f"podpath not applicable on {plan.kind.name}: {', '.join(absent)}")
    return lines + _out_of_scope(plan.network)


def _out_of_scope(network: Network) -> list[str]:
    """List the requirements that do not apply to the network, one line for each reason."""
    reasons = dict.fromkeys(network.not_applicable.values())
    return [
        f"podpath not applicable to {network.profile.name}: "
        f"{', '.join(i for i, why in network.not_applicable.items() if why == reason)} ({reason})"
        for reason in reasons
    ]
