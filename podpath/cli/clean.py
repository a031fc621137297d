"""Command `podpath clean`: remove leftovers of runs that SIGKILL ended."""

import argparse
import os
import sys

from podpath.cli import output
from podpath.errors import CouldNotTest


def add(commands: output.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "clean",
        help="remove what killed runs left",
        description="Remove what runs left that were ended by SIGKILL: kind clusters, namespaces of"
        " Kubernetes clusters, and cgroups. It leaves alone what a living run uses or others made."
        " The next run would do the same.",
    )
    parser.add_argument(
        "--kubeconfig",
        metavar="FILE",
        help="also look for namespaces in this cluster (in a pod: in its own)",
    )
    parser.add_argument(
        "--kind-bin",
        metavar="FILE",
        default="",
        help="the program kind that deletes clusters; default: kind on PATH",
    )
    output.json_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from podpath.nodes.cluster import kind
    from podpath.nodes.embedded import cgroups
    from podpath.run import checks

    checks.root()
    if options.kind_bin and not os.access(options.kind_bin, os.X_OK):
        raise CouldNotTest(f"{options.kind_bin} is no program", "Correct --kind-bin")
    say = _silent if options.json else _say
    removed = {
        "clusters": kind.sweep(say, options.kind_bin),
        "namespaces": _namespaces(options.kubeconfig),
        "cgroups": cgroups.sweep(),
    }
    if options.json:
        output.write_json({"removed": removed})
        return 0
    for what, names in removed.items():
        for name in names:
            output.write(f"removed of the {what}: {name}")
    if not any(removed.values()):
        output.write("nothing to do")
    return 0


def _namespaces(kubeconfig: str | None) -> list[str]:
    if not kubeconfig and "KUBERNETES_SERVICE_HOST" not in os.environ:
        return []
    from podpath.nodes.cluster import host, kube_api, kubernetes

    kube_api.installed()
    api = host.api(kubeconfig or "")
    try:
        return kubernetes.sweep(api)
    finally:
        api.close()


def _say(message: str) -> None:
    sys.stderr.write(f"podpath: {message}\n")


def _silent(_: str) -> None:
    """Write nothing: the JSON document lists what was removed."""
