"""`podpath doctor`: what is there, what is missing, and how to get it."""

import argparse
from dataclasses import asdict
from pathlib import Path

from podpath.cli import output
from podpath.errors import COULD_NOT_TEST_STATUS
from podpath.nodes import kinds
from podpath.run.plan import Plan


def add(commands: output.Commands) -> None:
    """Make the command known."""
    parser = commands.add_parser(
        "doctor",
        help="say what is missing on this machine, and how to get it",
        description="Look at all that a test run needs. Exit status 6 if something is missing.",
    )
    parser.add_argument(
        "--node",
        type=output.kind_name,
        metavar="KIND",
        default=kinds.DEFAULT,
        help=f"what is to be tested on: {', '.join(kinds.OWN)}, or another kind that is installed"
        f" (default: {kinds.DEFAULT})",
    )
    parser.add_argument("--cni-conf", metavar="FILE", help="as --podpath-cni-conf")
    parser.add_argument(
        "--cni-bin",
        metavar="DIR",
        action="append",
        default=[],
        help="where plugins are, as --podpath-cni-bin; repeatable",
    )
    output.json_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from podpath.run import doctor

    kind = kinds.named(options.node).from_options(lambda _: None, Path.cwd())
    findings = doctor.examine(
        lambda: Plan.read(kind, options.cni_conf, options.cni_bin, None, None), kind
    )
    ready = all(f.found for f in findings)
    if options.json:
        told = [asdict(f) for f in findings]
        output.write_json({"node": options.node, "ready": ready, "findings": told})
    else:
        width = max(len(f.name) for f in findings) + len("MISSING  ")
        for one in findings:
            mark = "ok" if one.found else "MISSING"
            output.write(output.hanging(f"{mark:<7}  {one.name}", one.detail, width))
            if one.remedy:
                output.write(output.hanging("", one.remedy, width))
        output.write(_summary(options.node, sum(not f.found for f in findings)))
    return 0 if ready else COULD_NOT_TEST_STATUS


def _summary(node: str, missing: int) -> str:
    if not missing:
        return f"podpath can test on the {node} node"
    return f"podpath cannot test on the {node} node: {missing} of these must be mended first"
