"""Command `podpath fleet`: test all nodes of a cluster, and show what came of it."""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podpath.cli import output
from podpath.errors import COULD_NOT_TEST_STATUS

if TYPE_CHECKING:
    from podpath.nodes.cluster.kube_jobs import Jobs

#: What the suite runs on each node. Quick: the wiring of all pods, a ping and a GET.
#: pytest-kind is of no use on a node, and takes long to import.
_FULL = ("--pyargs", "podpath.tests")
_QUICK = ("--pyargs", "podpath.tests.present_pods", "-p", "no:pytest-kind-ng")
#: Seconds that a Job may take.
_FULL_SECONDS, _QUICK_SECONDS = 1800, 300
#: Other runs that gave no sign of life for so long are taken for dead.
_DEAD_SECONDS = 600
_STATUSES = {"conforms": 0, "does not conform": 1}


def add(commands: output.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "fleet",
        help="test all nodes of a cluster",
        description="Test all nodes of a Kubernetes cluster, with a Job on each.",
    )
    actions = parser.add_subparsers(metavar="ACTION")
    output.needs_command(parser)
    _add_run(actions)
    _add_show(actions)
    _add_compare(actions)
    _add_rbac(actions)
    _add_inside(actions)


def _add_run(actions: output.Commands) -> None:
    parser = actions.add_parser(
        "run",
        help="test the nodes, and write one report",
        description="Run the suite on the nodes of a cluster, a Job on each. Exit status 1 if a"
        " node does not conform, 6 if one could not be tested.",
    )
    parser.add_argument("--image", required=True, metavar="NAME", help="podpath's image")
    parser.add_argument("--pod-image", default="", metavar="NAME", help="as --podpath-image")
    parser.add_argument(
        "--kubeconfig", metavar="FILE", help="the cluster (default: the pod's own, else kubectl's)"
    )
    parser.add_argument(
        "--nodes", default="", metavar="SELECTOR", help="label selector of the nodes (default: all)"
    )
    parser.add_argument(
        "--at-once",
        type=_number,
        default=10,
        metavar="N",
        help="most nodes at a time (default: 10)",
    )
    parser.add_argument("--seconds", type=_number, metavar="N", help="most seconds a node may take")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--quick",
        action="store_true",
        help="only the wiring of all pods, and a ping and a GET between two new ones",
    )
    mode.add_argument("--full", action="store_true", help="the whole suite (the default)")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("fleet"), metavar="DIR", help="(default: fleet)"
    )
    parser.add_argument(
        "arguments", nargs="*", metavar="ARGUMENT", help="behind --: further arguments of pytest"
    )
    parser.set_defaults(run=_run)


def _number(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not number:
        raise argparse.ArgumentTypeError(f"it must be a whole number of at least 1, not {text!r}")
    return number


def _connect(kubeconfig: str | None) -> "Jobs":
    from podpath.nodes.cluster import kube_api
    from podpath.nodes.cluster.kube_jobs import Jobs

    in_a_pod = not kubeconfig and "KUBERNETES_SERVICE_HOST" in os.environ
    of_pod, of_file = kube_api.configuration_of_pod, kube_api.configuration_of_file
    return Jobs(of_pod() if in_a_pod else of_file(kubeconfig))


def _run(options: argparse.Namespace) -> int:
    from podpath import __version__
    from podpath.fleet import campaign, page, store, text
    from podpath.fleet.manifests import Plan
    from podpath.fleet.progress import Progress

    arguments = [*(_QUICK if options.quick else _FULL), *options.arguments]
    if options.pod_image:
        arguments += ["--podpath-image", options.pod_image]
    seconds = options.seconds or (_QUICK_SECONDS if options.quick else _FULL_SECONDS)
    plan = Plan("", "", options.image, options.pod_image, tuple(arguments), seconds)
    api = _connect(options.kubeconfig)
    _sweep(api)
    nodes = api.selected_nodes(options.nodes)
    progress, began = Progress(options.output), time.monotonic()
    about: dict[str, Any] = {"podpath": __version__, "mode": "quick" if options.quick else "full"}
    results, complete = [], False
    try:
        with campaign.namespace(api, plan) as named:
            runner = campaign.Campaign(api, named, options.at_once, progress)
            results = runner.results
            runner.run(nodes)
            complete = True
    finally:
        progress.ended()
        about |= {"cluster": api.server, "requests": dict(api.requests)}
        about["seconds"] = round(time.monotonic() - began, 1)
        document = campaign.build(results, about, complete=complete)
        store.save(options.output, document)
        page.save(options.output, document)
        api.close()
    output.write(text.report(document))
    output.write(f"report: {options.output / store.NAME}, page: {options.output / page.NAME}")
    return _status(document)


def _sweep(api: "Jobs") -> None:
    """Name other runs of this cluster, and delete those that are dead."""
    from podpath.fleet import campaign

    for name, seconds in campaign.left_over(api):
        dead = seconds > _DEAD_SECONDS
        what = "is left of a run that was killed: deleted" if dead else "is another run"
        sys.stderr.write(f"namespace {name} {what} (last sign of life {seconds:.0f} s ago)\n")
        if dead:
            api.delete_namespace(name)


def _status(document: dict[str, Any]) -> int:
    return _STATUSES.get(document["verdict"], COULD_NOT_TEST_STATUS)


def _add_show(actions: output.Commands) -> None:
    parser = actions.add_parser(
        "show",
        help="write the verdicts of a fleet's report",
        description="Write what the nodes of a fleet differ in. The exit status is the verdict's.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR")
    output.json_option(parser)
    parser.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> int:
    from podpath.fleet import store, text

    document = store.load(options.directory)
    if options.json:
        output.write_json(document)
    else:
        output.write(text.report(document))
    return _status(document)


def _add_compare(actions: output.Commands) -> None:
    parser = actions.add_parser(
        "compare",
        help="list what changed between two reports of a fleet",
        description="List the nodes whose verdicts or facts changed. Exit status 1 if one got"
        " worse.",
    )
    parser.add_argument("old", type=Path, metavar="OLD")
    parser.add_argument("new", type=Path, metavar="NEW")
    parser.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> int:
    from podpath.fleet import compare, store, text

    changes = compare.of(store.load(options.old), store.load(options.new))
    output.write(text.comparison(changes))
    return int(changes.worse)


def _add_rbac(actions: output.Commands) -> None:
    parser = actions.add_parser(
        "rbac",
        help="write the rights that a fleet run needs, for kubectl apply",
        description="Write the cluster role that whoever runs `podpath fleet run` needs, as JSON.",
    )
    parser.set_defaults(run=_rbac)


def _rbac(_: argparse.Namespace) -> int:
    from podpath.fleet import rights

    output.write(rights.text())
    return 0


def _add_inside(actions: output.Commands) -> None:
    """Add the commands that the Jobs of a run run in the cluster."""
    on_node = actions.add_parser("on-node", help="what a Job runs on its node")
    on_node.add_argument("arguments", nargs="*", metavar="ARGUMENT")
    on_node.set_defaults(run=_on_node)
    sonobuoy = actions.add_parser("sonobuoy", help="what Sonobuoy runs on a node")
    sonobuoy.add_argument("arguments", nargs="*", metavar="ARGUMENT")
    sonobuoy.set_defaults(run=_sonobuoy)
    janitor = actions.add_parser("janitor", help="what deletes the namespace of a killed run")
    janitor.add_argument("namespace", metavar="NAMESPACE")
    janitor.set_defaults(run=_janitor)


def _on_node(options: argparse.Namespace) -> int:
    from podpath.fleet import on_node

    return on_node.run(options.arguments)


def _sonobuoy(options: argparse.Namespace) -> int:
    from podpath.fleet import sonobuoy

    return sonobuoy.run(options.arguments or _FULL)


def _janitor(options: argparse.Namespace) -> int:
    from podpath.fleet import janitor
    from podpath.nodes.cluster import kube_api
    from podpath.nodes.cluster.kube_jobs import Jobs

    return janitor.watch(Jobs(kube_api.configuration_of_pod()), options.namespace)
