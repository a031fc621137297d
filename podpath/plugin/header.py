"""Print the facts of the preflight above the tests: six lines, or each fact with -v."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from collections.abc import Generator

    from podpath.cni.network import Network

#: Beginnings of lines that pytest prints of itself.
_OF_PYTEST = ("rootdir: ", "configfile: ", "testpaths: ", "plugins: ")
#: True once the facts are printed.
_printed = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Register what surrounds pytest's own header."""
    config.pluginmanager.register(_Around(), "podpath-around-header")


@pytest.hookimpl(trylast=True)
def pytest_report_header(config: pytest.Config) -> list[str]:
    """Print the facts of the preflight, if it came before the tests were collected."""
    return _lines(config)


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Print the facts below the number of tests, if the preflight had to wait for the tests."""
    return [] if config.stash.get(_printed, False) else _lines(config)


class _Around:
    """Hook around pytest's own header."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_report_header(self, config: pytest.Config) -> Generator[None, list[Any], list[Any]]:
        """Leave out what pytest prints of itself, in a run of podpath's tests without -v."""
        given = yield
        if config.option.verbose > 0 or shared.environment not in config.stash:
            return given
        return [kept for lines in given if (kept := _without_own(lines))]


def _without_own(lines: str | list[str]) -> list[str]:
    every = [lines] if isinstance(lines, str) else lines
    return [line for line in every if not line.startswith(_OF_PYTEST)]


def _lines(config: pytest.Config) -> list[str]:
    """List the facts; with -v, also the requirements that do not apply."""
    facts = config.stash.get(shared.environment, {})
    if not facts:
        return []
    config.stash[_printed] = True
    if config.option.verbose <= 0:
        from podpath.run import header

        return header.brief(facts)
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
