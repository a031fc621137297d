"""Join options and their values, which pytest would take for the paths of tests.

pytest searches for its settings near the paths among its arguments, before it knows the options of
podpath and of pytest-kind. In `--podpath-cni-bin DIR` it takes DIR for such a path; in
`--podpath-cni-bin=DIR` it does not. podpath is loaded only after that search: it then runs pytest
again, with joined options.
"""

from __future__ import annotations

import copy
import os
import shlex
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX = "--podpath-"
#: Options of pytest-kind that podpath reads, too.
_OF_KIND = ("--cluster-name", "--kind-bin", "--kind-image", "--kind-kubectl-bin", "--kubeconfig")
#: Options that take no value.
_FLAGS = ("--podpath-keep", "--podpath-lab-test")
#: Environment variable with arguments that pytest reads before those of the command.
_VARIABLE = "PYTEST_ADDOPTS"

#: What a second run takes over from a run that searched for settings in the wrong place.
_again = pytest.StashKey["_Restarted"]()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Load nothing for a run that searched for settings in the wrong place."""
    given = early_config.invocation_params.args
    added = shlex.split(os.environ.get(_VARIABLE, ""))
    options = early_config.known_args_namespace
    if options.inifilename:  # then pytest does not search
        return
    values = _separate_values([*added, *given])
    if not _misleads(values, distributed=shared.distributed(options)):
        return
    early_config.stash[_again] = _Restarted(given, parser.prog)
    args.clear()
    empty = ["--noconftest"]
    namespace = copy.copy(early_config.option)
    early_config.known_args_namespace = parser.parse_known_args(empty, namespace)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Start a second run, with arguments that pytest reads in one way only."""
    restarted = config.stash.get(_again, None)
    if restarted is None:
        return None
    plugins = config.invocation_params.plugins or ()
    with pytest.MonkeyPatch.context() as patch:
        if added := os.environ.get(_VARIABLE):
            patch.setenv(_VARIABLE, shlex.join(joined(shlex.split(added))))
        patch.setattr(sys, "path", _path_without(map(str, config.getini("pythonpath"))))
        return pytest.main(joined(restarted.arguments), [*plugins, restarted])


def _path_without(entries: Iterable[str]) -> list[str]:
    """Return the path of imports without what pytest added to it for settings."""
    path = [*sys.path]
    for entry in entries:
        if entry in path:
            path.remove(entry)
    return path


@dataclass
class _Restarted:
    """Plugin of the second run, which passes on what the user typed and sees in the usage.

    Attributes:
        arguments: arguments as the user wrote them, for the report.
        program: name of the program, as the user started it.
    """

    arguments: tuple[str, ...]
    program: str

    def pytest_addoption(self, parser: pytest.Parser) -> None:
        parser.prog = self.program

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[shared.arguments] = self.arguments


def joined(arguments: Iterable[str]) -> list[str]:
    """Return the arguments with each option that podpath reads and its value as one argument."""
    complete: list[str] = []
    for argument in arguments:
        if complete and _are_option_and_value(complete[-1], argument):
            complete[-1] += f"={argument}"
        else:
            complete.append(str(argument))
    return complete


def _separate_values(arguments: Iterable[str]) -> list[str]:
    """List the values of options that podpath reads and that are arguments by themselves."""
    return [str(value) for name, value in pairwise(arguments) if _are_option_and_value(name, value)]


def _misleads(values: Iterable[str], *, distributed: bool) -> bool:
    """Return whether pytest takes one of these arguments for a path to search for settings at.

    Args:
        values: arguments that are no paths of tests.
        distributed: true for a run with xdist, whose workers read the same arguments later. By
            then a path may exist that does not exist yet: the directory of the report.
    """
    return any(distributed or os.path.exists(value.partition("::")[0]) for value in values)


def _are_option_and_value(name: str, value: str) -> bool:
    ours = str(name).startswith(_PREFIX) and "=" not in str(name) and name not in _FLAGS
    return (ours or name in _OF_KIND) and not str(value).startswith("-")
