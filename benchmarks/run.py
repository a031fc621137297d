"""Measure podpath against its goals: python benchmarks/run.py [--rounds N] [--json FILE].

The benchmarks need all that the suite needs, and tcpdump. Exit status: 0 if every goal is reached,
1 if one is not, 6 if a measurement was impossible, 130 after an interrupt.
"""

import argparse
import json
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import growth
import programs
import proofs
import readings
import recipe
import starts
import whole_suite
from results import Result, table

import podpath
from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest, DoesNotConform
from podpath.nodes.embedded.kind import Embedded
from podpath.run import preflight
from podpath.run.plan import Plan

_INTERRUPTED_STATUS = 130

#: Measurements that share a node with a client and a server.
_ON_BENCH: dict[str, Callable[[proofs.Bench, int], list[Result]]] = {
    "icmp-proof": proofs.icmp,
    "http-proof": proofs.http,
    "topology": readings.topology,
    "program": programs.start,
}
_ALONE: dict[str, Callable[[int], list[Result]]] = {
    "growth": growth.growth,
    "node-start": starts.node,
    "collect": starts.collect,
    "plugin-cost": starts.plugin_cost,
    "suite": whole_suite.suite,
}
#: Rounds without --rounds: differences of milliseconds need more rounds than long runs.
_ROUNDS = {"plugin-cost": 11, "suite": 1}
_OTHER_ROUNDS = 5


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    names = [*_ON_BENCH, *_ALONE]
    parser = argparse.ArgumentParser(description="Measure podpath against its goals.")
    parser.add_argument(
        "--rounds",
        type=_positive,
        metavar="N",
        help="how often to measure each (default: suite 1, plugin-cost 11, any other 5)",
    )
    parser.add_argument("--json", metavar="FILE", help="write the results there, - for stdout")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=names,
        default=names,
        metavar="NAME",
        help=f"what to measure, of: {', '.join(names)}",
    )
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one round is needed")
    return number


def _check(names: Sequence[str]) -> None:
    """Raise CouldNotTest before the first measurement if a requirement of one is missing."""
    if set(names) & set(_ON_BENCH):
        recipe.tcpdump()
    if set(names) & {*_ON_BENCH, "growth", "node-start", "suite"}:
        preflight.check(Plan.read(Embedded(), None, (), None, None))


def _measure(
    names: Sequence[str], rounds: int | None
) -> Iterator[tuple[str, Callable[[], list[Result]]]]:
    """Yield the measurement of each name, in order; the shared node runs only for its own."""

    def of(name: str) -> int:
        return rounds or _ROUNDS.get(name, _OTHER_ROUNDS)

    if on_bench := [name for name in _ON_BENCH if name in names]:
        with proofs.bench() as bench:
            for name in on_bench:
                yield name, partial(_ON_BENCH[name], bench, of(name))
    for name, measure in _ALONE.items():
        if name in names:
            yield name, partial(measure, of(name))


@contextmanager
def _telling(name: str, failures: dict[str, str]) -> Iterator[None]:
    """Print progress, and record a failed measurement so that the others still run."""
    print(f"measuring {name}", file=sys.stderr, flush=True)
    try:
        yield
    except (CouldNotTest, DoesNotConform) as error:
        failures[name] = str(error)
        print(f"could not measure {name}: {error}", file=sys.stderr, flush=True)


def _document(results: Sequence[Result], failures: dict[str, str]) -> dict[str, Any]:
    return {
        "podpath": podpath.__version__,
        "python": platform.python_version(),
        "kernel": platform.release(),
        "cpus": len(os.sched_getaffinity(0)),
        "results": [result.as_json() for result in results],
        "not measured": failures,
    }


def _write(path: str, document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=2) + "\n"
    if path == "-":
        print(text, end="")
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table, and return the exit status."""
    options = _arguments(arguments)
    # A signal that ends this process must raise in Python, which then ends the child processes.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results: list[Result] = []
    failures: dict[str, str] = {}
    try:
        _check(options.only)
        for name, measure in _measure(options.only, options.rounds):
            with _telling(name, failures):
                results += measure()
    except (CouldNotTest, DoesNotConform) as error:
        print(f"podpath benchmarks: {error}", file=sys.stderr)
        return COULD_NOT_TEST_STATUS
    except KeyboardInterrupt:
        print("podpath benchmarks: interrupted", file=sys.stderr)
        return _INTERRUPTED_STATUS
    print(table(results))
    if options.json:
        _write(options.json, _document(results, failures))
    if failures:
        return COULD_NOT_TEST_STATUS
    return 0 if all(result.reached is not False for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
