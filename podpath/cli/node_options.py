"""Options of commands that start or join a node: exactly those of pytest, with the same help."""

import argparse
from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, cast

from podpath.plugin import options as of_pytest

if TYPE_CHECKING:
    from podpath.testing import NodeOptions

#: Options of the network and of its node, by the fields of NodeOptions.
NETWORK = ("cni_conf", "cni_bin", "profile", "features", "leases", "node_setup")
_PATIENCE = "patience"


class _Copied:
    """What podpath's pytest plugin takes for pytest's parser; copies some options to argparse's."""

    def __init__(self, group: argparse._ArgumentGroup, fields: Collection[str]) -> None:
        self._group = group
        self._flags = {f"--podpath-{field.replace('_', '-')}" for field in fields}

    def getgroup(self, *_: str) -> "_Copied":
        return self

    def addoption(self, flag: str, **details: Any) -> None:
        if flag in self._flags:
            self._group.add_argument(flag, **details)


def add(parser: argparse.ArgumentParser, fields: Collection[str] = NETWORK) -> None:
    """Add the options to a command's parser.

    Args:
        parser: parser of the command.
        fields: fields of NodeOptions whose options to add.
    """
    group = parser.add_argument_group("node", "as pytest's options of the same names")
    copied = _Copied(group, [*fields, _PATIENCE])
    of_pytest.pytest_addoption(cast("Any", copied))


def read(options: argparse.Namespace) -> "NodeOptions":
    """Return the options that the user gave."""
    from podpath.testing import NodeOptions

    prefix = "podpath_"
    given = {n.removeprefix(prefix): v for n, v in vars(options).items() if n.startswith(prefix)}
    return NodeOptions.read({name: value for name, value in given.items() if value})


def patience(options: argparse.Namespace) -> AbstractContextManager[None]:
    """Scale all limits by --podpath-patience, for the length of the block."""
    from podpath.system import limits

    return limits.in_force(limits.current().times(options.podpath_patience))
