"""Measure starts: of a node, of a collection, and of pytest with the plugin installed."""

import importlib.metadata
import json
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from children import ROOT, Taken, child, timed
from results import Goal, Result

from podpath.errors import CouldNotTest

_START_SECONDS = 60.0
_PYTEST = [sys.executable, "-m", "pytest"]


def node(rounds: int) -> list[Result]:
    """Measure the time until the first pod of a new node answers a ping from the node.

    Each round is a new Python process, whose start and imports count, as they do for a user. A
    further line shows the library's own time.
    """
    whole, library = [], []
    for _ in range(rounds):
        seconds, own = _first_answer()
        whole.append(seconds)
        library.append(own)
    return [
        Result("node-start", "node-start: until the first pod answers", "s", whole, Goal(2)),
        Result("node-start.library", "without Python's start and imports", "s", library),
    ]


def _first_answer() -> tuple[float, float]:
    begin = time.monotonic()
    command = [sys.executable, str(Path(__file__).with_name("first_pod.py"))]
    with (
        tempfile.TemporaryFile("w+") as errors,
        child(command, ROOT, subprocess.PIPE, errors) as process,
    ):
        assert process.stdout
        ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
        line = process.stdout.readline() if ready else ""
        taken = time.monotonic() - begin
        answer = json.loads(line) if line else {"status": -1}
        if answer["status"] == 0:
            process.wait(_START_SECONDS)
            return taken, float(answer["seconds"])
        errors.seek(0)
        raise CouldNotTest(f"the first pod of a node did not answer:\n{errors.read()[-2000:]}")


def collect(rounds: int) -> list[Result]:
    """Measure `pytest --collect-only -q` of the suite in the checkout, after one unmeasured run.

    Other installed pytest plugins count, as they do for a user. Further lines show the time with
    podpath's own dependency only, which is xdist.
    """
    command = [*_PYTEST, "--collect-only", "-q"]
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    all_plugins, few_plugins = [], []
    for number in range(rounds + 1):
        every = timed(command, ROOT, _START_SECONDS)
        few = timed([*command, "-p", "xdist"], ROOT, _START_SECONDS, extra=alone)
        if number:  # the first round fills caches
            all_plugins.append(every)
            few_plugins.append(few)
    return [
        Result(
            "collect",
            "collect: pytest --collect-only -q",
            "s",
            [t.seconds for t in all_plugins],
            Goal(1),
        ),
        Result("collect.cpu", "its CPU time", "s", [t.cpu for t in all_plugins]),
        Result("collect.alone", "without others' plugins", "s", [t.seconds for t in few_plugins]),
        Result("collect.alone.cpu", "its CPU time", "s", [t.cpu for t in few_plugins]),
    ]


def plugin_cost(rounds: int) -> list[Result]:
    """Measure the time that the installed plugin adds to pytest in an unrelated directory.

    `pytest --version --version` and `pytest --help` run in an empty directory, with and without
    `-p no:NAME`, where NAME is the plugin's entry point. The two take turns, in changing order,
    so that a noisy machine disturbs both. The difference of the medians is compared with the goal;
    the spread is that of the differences of each round. Further lines show the CPU time, which
    other programs disturb less.
    """
    without = ["-p", f"no:{_entry_point()}"]
    results = []
    with tempfile.TemporaryDirectory() as empty:
        for arguments in (["--version", "--version"], ["--help"]):
            variants: dict[str, list[str]] = {"with": arguments, "without": [*without, *arguments]}
            taken: dict[str, list[Taken]] = {name: [] for name in variants}
            for number in range(rounds + 1):
                for name in sorted(variants, reverse=number % 2 == 0):
                    time_taken = timed([*_PYTEST, *variants[name]], Path(empty), _START_SECONDS)
                    if number:  # the first round fills caches
                        taken[name].append(time_taken)
            results += _differences(arguments[0], taken["with"], taken["without"])
    return results


def _differences(option: str, plugin: list[Taken], bare: list[Taken]) -> list[Result]:
    name = f"plugin-cost.{option.strip('-')}"

    def of(name: str, what: str, goal: Goal | None, read: Callable[[Taken], float]) -> Result:
        with_plugin = [1000 * read(taken) for taken in plugin]
        without = [1000 * read(taken) for taken in bare]
        differences = [w - b for w, b in zip(with_plugin, without, strict=True)]
        value = median(with_plugin) - median(without)
        return Result(name, what, "ms", differences, goal, value)

    return [
        of(name, f"plugin-cost: added to pytest {option}", Goal(50), lambda t: t.seconds),
        of(f"{name}.cpu", "in CPU time", None, lambda t: t.cpu),
    ]


def _entry_point() -> str:
    """Return the installed plugin's name for -p no:. Raises CouldNotTest if it is missing."""
    for entry in importlib.metadata.entry_points(group="pytest11"):
        if entry.value == "podpath.plugin":
            return entry.name
    raise CouldNotTest("podpath is not installed, so its plugin costs nothing", "pip install -e .")
