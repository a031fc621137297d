"""Join podpath's options with their values, which pytest would take for the paths of tests.

pytest searches for its settings near the paths among its arguments, before it knows podpath's
options. In `--podpath-cni-bin DIR` it takes DIR for such a path; in `--podpath-cni-bin=DIR` it does
not.
"""

from __future__ import annotations

import copy
import os
import shlex
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX = "--podpath-"
#: Environment variable with arguments that pytest reads before those of the command.
_VARIABLE = "PYTEST_ADDOPTS"

#: Arguments of a second run, which replaces a run that searched for settings in the wrong place.
_again = pytest.StashKey[list[str]]()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Load nothing for a run that searched for settings in the wrong place."""
    given = early_config.invocation_params
    if not _misleads((*given.args, *shlex.split(os.environ.get(_VARIABLE, "")))):
        return
    early_config.stash[_again] = joined(given.args)
    args.clear()
    empty = ["--noconftest"]
    namespace = copy.copy(early_config.option)
    early_config.known_args_namespace = parser.parse_known_args(empty, namespace)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Start a second run, with arguments that pytest reads in one way only."""
    arguments = config.stash.get(_again, None)
    if arguments is None:
        return None
    with pytest.MonkeyPatch.context() as patch:
        if added := os.environ.get(_VARIABLE):
            patch.setenv(_VARIABLE, shlex.join(joined(shlex.split(added))))
        given = config.invocation_params
        return pytest.main(arguments, [*(given.plugins or ()), _Given(given.args)])


@dataclass
class _Given:
    """Plugin that hands the arguments to the second run as the user wrote them."""

    arguments: tuple[str, ...]

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[shared.arguments] = self.arguments


def joined(arguments: Iterable[str]) -> list[str]:
    """Return the arguments with each option of podpath and its value as one argument."""
    found: list[str] = []
    for argument in arguments:
        if found and _awaits_value(found[-1]):
            found[-1] += f"={argument}"
        else:
            found.append(str(argument))
    return found


def _misleads(arguments: tuple[str, ...]) -> bool:
    """Return whether the value of an option of podpath is an argument by itself.

    The value need not be an existing path yet: the directory of the report exists by the time that
    xdist's workers read the same arguments.
    """
    return any(_awaits_value(option) for option, _ in pairwise(arguments))


def _awaits_value(argument: str) -> bool:
    return str(argument).startswith(_PREFIX) and "=" not in argument
