"""Name the option of podpath that a misspelt one is most like, as pytest itself does not."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

_PREFIX = "--podpath-"
#: Groups of the options that podpath adds to pytest.
_GROUPS = ("podpath", "podpath labs")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Look at the options when all are known: a conftest may add some.

    Raises:
        UsageError: an option begins as podpath's do, and pytest does not know it.
    """
    outcome = yield
    if early_config.known_args_namespace.help:
        return outcome
    namespace = copy.copy(early_config.option)
    _, unknown = parser.parse_known_and_unknown_args(args, namespace)
    options = (option for group in _GROUPS for option in parser.getgroup(group).options)
    known = [name for option in options for name in option.names()]
    if sentences := [*_sentences(unknown, known)]:
        raise pytest.UsageError("\n".join(sentences))
    return outcome


def _sentences(unknown: Iterable[str], known: Iterable[str]) -> Iterable[str]:
    """Yield a sentence for each unknown option that begins as podpath's do. Pure."""
    from podpath.model import spelling

    known = [*known]
    for name in (argument.partition("=")[0] for argument in unknown):
        if name.startswith(_PREFIX):
            remedy = spelling.meant(name, known, _PREFIX) or "`pytest --help` lists all options"
            yield f"podpath has no option {name}: {remedy}"
