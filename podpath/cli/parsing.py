"""The parser of the command: an error shows the usage of the subcommand that it is of."""

import argparse
from collections.abc import Sequence
from typing import Any

from podpath.model import spelling


class Parser(argparse.ArgumentParser):
    """Parser of a command and, by itself, of each subcommand."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse arguments; end with the usage of this command if it does not know one."""
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(self._sentence(unknown))
        return parsed, unknown

    def _sentence(self, unknown: Sequence[str]) -> str:
        name = unknown[0].partition("=")[0]
        remedy = spelling.meant(name, self._option_string_actions) if name[0] == "-" else ""
        return f"unrecognized arguments: {' '.join(unknown)}" + (f": {remedy}" if remedy else "")
