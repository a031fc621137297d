"""Command `podpath doctor`: list the needs of a run, and install missing ones."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from podpath.cli import output
from podpath.errors import COULD_NOT_TEST_STATUS
from podpath.model.language import padded, width
from podpath.model.translation import translated
from podpath.nodes import kinds
from podpath.run.plan import Plan
from podpath.system import packages

if TYPE_CHECKING:
    from podpath.run.needs import Finding


def add(commands: output.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "doctor",
        help="list what a run needs and what of that is missing, and install it",
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
    parser.add_argument("--profile", metavar="NAME|FILE", help="as --podpath-profile")
    _add_cluster_options(parser)
    parser.add_argument("--node-setup", metavar="SCRIPT", help="as --podpath-node-setup")
    parser.add_argument(
        "--install",
        action="store_true",
        help="first install, as root and with apt-get, dnf or zypper, what is missing and has a"
        " package; the exit status then shows whether all of it is there",
    )
    output.language_option(parser)
    output.json_option(parser)
    parser.set_defaults(run=_run)


def _add_cluster_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for clusters, each under the name of pytest's without `--podpath-`."""
    group = parser.add_argument_group("clusters", "as pytest's options, for --node kind and host")
    group.add_argument("--kind-config", metavar="FILE", dest="podpath_kind_config")
    group.add_argument(
        "--kind-apply", metavar="FILE", action="append", default=[], dest="podpath_kind_apply"
    )
    group.add_argument("--kind-network", choices=["default"], dest="podpath_kind_network")
    group.add_argument("--kind-existing", metavar="NAME", dest="podpath_kind_existing")
    group.add_argument("--image", metavar="NAME", dest="podpath_image")
    for name in ("--cluster-name", "--kind-image", "--kind-bin", "--kubeconfig"):
        group.add_argument(name, metavar="NAME" if "name" in name else "FILE")


def _run(options: argparse.Namespace) -> int:
    from podpath.run import needs

    kind = kinds.named(options.node).from_options(
        lambda name: getattr(options, name, None), Path.cwd()
    )
    if options.node_setup:
        kind.node_setup = Path(options.node_setup).absolute()
    if options.install:
        _install(needs.packages(needs.of_programs(kind)))
    read = partial(
        Plan.read, kind, options.cni_conf, options.cni_bin, None, None, profile=options.profile
    )
    findings = list(needs.examine(kind, read))
    ready = all(f.found for f in findings)
    if options.json:
        entries = [asdict(f) for f in findings]
        output.write_json({"node": options.node, "ready": ready, "findings": entries})
    else:
        say = partial(translated, language=output.language(options))
        _write(findings, say)
        output.write(say(_summary(options.node, sum(not f.found for f in findings))))
        if absent := needs.packages(findings):
            output.write(say(f"{needs.install_command(options.node)} installs {', '.join(absent)}"))
    done = not needs.packages(findings) if options.install else ready
    return 0 if done else COULD_NOT_TEST_STATUS


def _install(missing: Mapping[str, str]) -> None:
    """Install missing packages. If none is missing, no package manager runs."""
    if missing:
        sys.stderr.write(f"podpath: installing: {packages.command(missing.values())}\n")
        packages.install(missing.values())


def _write(findings: Sequence["Finding"], say: Callable[[str], str]) -> None:
    columns = max(width(say(f.name)) for f in findings) + len("MISSING  ")
    for finding in findings:
        mark = padded(say("ok" if finding.found else "MISSING"), len("MISSING"))
        head = f"{mark}  {say(finding.name)}"
        output.write(output.hanging(head, say(finding.detail), columns))
        if finding.remedy:
            output.write(output.hanging("", say(finding.remedy), columns))


def _summary(node: str, missing: int) -> str:
    if not missing:
        return f"podpath can test on the {node} node"
    return f"podpath cannot test on the {node} node: {missing} of these must be mended first"
