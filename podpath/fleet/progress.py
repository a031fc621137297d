"""What a fleet run prints while it runs: one line that is rewritten, or a line a node."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from podpath.fleet import store
from podpath.fleet.document import NodeResult
from podpath.report.outcome import Verdict


class Progress:
    """Writes progress and the reports of nodes; a Listener of campaign."""

    def __init__(self, directory: Path, stream: TextIO | None = None) -> None:
        """Prepare.

        Args:
            directory: directory of the fleet's report.
            stream: where the lines go; None for stderr.
        """
        self._directory, self._stream = directory, stream or sys.stderr
        self._rewrites = self._stream.isatty()
        self._nodes = 0
        self._running: set[str] = set()
        self._results: list[NodeResult] = []
        self._began = time.monotonic()

    def began(self, nodes: int) -> None:
        """See Listener."""
        self._nodes = nodes

    def started(self, node: str) -> None:
        """See Listener."""
        self._running.add(node)
        self._show()

    def done(self, result: NodeResult, files: Mapping[str, bytes]) -> None:
        """See Listener."""
        store.save_node(self._directory, result.name, files)
        self._running.discard(result.name)
        self._results.append(result)
        if not self._rewrites:
            reason = f": {' '.join(result.reason.split())[:160]}" if result.reason else ""
            self._say(f"{result.name}  {result.verdict}  {result.seconds:.0f} s{reason}\n")
        self._show()

    def ended(self) -> None:
        """Clear the line."""
        if self._rewrites:
            self._say("\r\x1b[K")

    def _show(self) -> None:
        if self._rewrites:
            seconds = time.monotonic() - self._began
            text = line(self._results, self._nodes, len(self._running), seconds)
            self._say(f"\r\x1b[K{text}")

    def _say(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def line(results: list[NodeResult], nodes: int, running: int, seconds: float) -> str:
    """Format the line of progress. Pure.

    Args:
        results: what came of the nodes that are done.
        nodes: number of all nodes.
        running: number of Jobs that run.
        seconds: since the beginning.
    """
    failed = sum(r.verdict == Verdict.DOES_NOT_CONFORM for r in results)
    untested = sum(r.verdict == Verdict.COULD_NOT_TEST for r in results)
    tested = [r for r in results if r.seconds]
    left = (
        f", about {_span(seconds / len(tested) * (nodes - len(results)))} left"
        if tested and len(results) < nodes
        else ""
    )
    return (
        f"{len(results)} of {nodes} nodes done, {running} running, {failed} do not conform,"
        f" {untested} could not be tested{left}"
    )


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
