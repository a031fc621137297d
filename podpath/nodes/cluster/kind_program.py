"""The program kind: the options for it, its path, its check and its calls."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.nodes.cluster import container_engine, kube_api
from podpath.nodes.cluster.extra import INSTALL
from podpath.system import limits, programs

#: Version to download if PATH has no kind, and the user names none.
KIND_VERSION = "v0.32.0"
#: Oldest usable version: older ones cannot use the current node images.
OLDEST = (0, 24)


@dataclass(frozen=True, slots=True)
class Options:
    """The user's options for the cluster; empty if the user does not give them.

    Attributes:
        name: name of the cluster.
        keep: True to keep the cluster at the end.
        config: path of kind's configuration.
        image: node image.
        kind: path of the program kind.
        kubectl: path of the program kubectl.
        kubeconfig: path of the kubeconfig that kind writes.
    """

    name: str
    keep: bool
    config: Path
    image: str = ""
    kind: str = ""
    kubectl: str = ""
    kubeconfig: str = ""


def path(options: Options) -> str:
    """Return the path of kind: the user's choice, on PATH, or the destination of a download."""
    program = options.kind or shutil.which("kind", path=programs.search_path())
    return program or str(Path(".pytest-kind", f"kind-{KIND_VERSION}").absolute())


def check(options: Options) -> dict[str, str]:
    """Return the facts about kind and the engine for the header.

    Raises:
        CouldNotTest: kind cannot be used; with the remedy.
    """
    kube_api.installed()
    cluster_class()
    if options.kind and not os.access(options.kind, os.X_OK):
        raise CouldNotTest(f"{options.kind} is no program", "Correct --kind-bin")
    if not options.config.is_file():
        raise CouldNotTest(
            f"the kind configuration {options.config} does not exist",
            "Name one with --podpath-kind-config",
        )
    engine = container_engine.find()
    facts = {"container engine": engine.check(), "kind configuration": str(options.config)}
    location = path(options)
    if os.path.exists(location):
        ended = subprocess.run([location, "version"], capture_output=True, text=True, check=False)
        facts["kind"] = f"{location}, {ended.stdout.strip()}"
        if (version := version_of(ended.stdout)) < OLDEST:
            raise CouldNotTest(
                f"{location} is too old: {'.'.join(map(str, version))}, and"
                f" {'.'.join(map(str, OLDEST))} is the oldest that podpath works with",
                f"Install kind {KIND_VERSION}: https://kind.sigs.k8s.io/docs/user/quick-start",
            )
    else:
        facts["kind"] = f"{KIND_VERSION}, to be downloaded to {location}"
    return facts


def run(options: Options, *arguments: str) -> str:
    """Run kind to its end, and return its output.

    Raises:
        CouldNotTest: kind fails, or does not end in time.
    """
    seconds = limits.current().kind_answer
    try:
        done = subprocess.run(
            [path(options), *arguments],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise CouldNotTest(
            f"kind {' '.join(arguments[:2])} did not end in {seconds:.0f} s",
            limits.current().remedy,
        ) from None
    if done.returncode != 0:
        raise CouldNotTest(f"kind {' '.join(arguments[:2])} failed: {done.stderr.strip()}")
    return done.stdout


def version_of(output: str) -> tuple[int, ...]:
    """Read the output of `kind version`; (0,) if it has no version. Pure."""
    words = [w for w in output.split() if w.startswith("v") and "." in w]
    digits = words[0].lstrip("v").split("-")[0].split(".")[:2] if words else []
    return tuple(int(d) for d in digits) if digits and all(d.isdigit() for d in digits) else (0,)


def cluster_class() -> type:
    """Return pytest-kind's class KindCluster.

    Raises:
        CouldNotTest: pytest-kind-ng is not installed.
    """
    try:
        from pytest_kind.cluster import KindCluster
    except ImportError:
        raise CouldNotTest("the Python package pytest-kind-ng is missing", INSTALL) from None
    cluster: type = KindCluster
    return cluster
