"""Options that podpath adds to pytest. Their names are stable."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add podpath's options to pytest's."""
    group = parser.getgroup("podpath", "podpath: prove the path between two pods on one node")
    group.addoption(
        "--podpath-node",
        metavar="KIND",
        type=_kind,
        help="what to test on: embedded (the default: real containerd in private namespaces), kind,"
        " host, or a kind that another package adds",
    )
    group.addoption(
        "--podpath-cni-conf",
        metavar="FILE",
        help="the CNI conflist to test (default: bridge cni0 with host-local and portmap)",
    )
    group.addoption(
        "--podpath-cni-bin",
        metavar="DIR",
        action="append",
        default=[],
        help="directory to search for CNI plugins before the defaults (repeatable)",
    )
    group.addoption(
        "--podpath-profile",
        metavar="NAME|FILE",
        help="how the plugin wires pods (default: inferred from the conflist's main plugin)",
    )
    group.addoption(
        "--podpath-features",
        metavar="+X,-Y",
        help="features to claim, or to waive (default: those that the conflist configures are"
        " tested; `podpath requirements --feature` lists what belongs to each)",
    )
    group.addoption(
        "--podpath-leases",
        metavar="COMMAND",
        help="shell command on the node that lists the IPAM plugin's leases, a line each: address,"
        " container id, interface (default: host-local's store, if it is the IPAM plugin)",
    )
    group.addoption(
        "--podpath-node-setup",
        metavar="SCRIPT",
        help="script to run as root on the embedded node before the first pod, for files, programs,"
        " links and chains that the plugin expects of a real node",
    )
    group.addoption(
        "--podpath-report",
        metavar="DIR",
        help="directory for report.json, and for captures of failed path tests",
    )
    group.addoption(
        "--podpath-implementation",
        metavar="KEY=TEXT",
        action="append",
        default=[],
        help="fact about the plugin for the report: organisation, project, version, url or contact"
        " (repeatable); before [tool.podpath] of pyproject.toml",
    )
    group.addoption(
        "--podpath-deviations",
        metavar="FILE",
        help="known deviations, as TOML (default: those of the reference plugins)",
    )
    group.addoption(
        "--podpath-deviations-like",
        metavar="TYPE=REFERENCE",
        action="append",
        default=[],
        help="a plugin of the conflist has the known deviations of a reference plugin that podpath"
        " does not recognise in it, such as acme=bridge, or of libcni: acme=skel; repeatable",
    )
    group.addoption(
        "--podpath-lang",
        choices=["en", "zh"],
        help="language of titles, verdicts, usual causes and hints (default: that of the locale,"
        " else English); reports are English",
    )
    group.addoption(
        "--podpath-keep",
        action="store_true",
        help="keep the embedded node of a failure, with its pods, for half an hour after the run;"
        " `podpath shell --join` gets there",
    )
    group.addoption(
        "--podpath-seed",
        metavar="N",
        type=_seed,
        help="repeat what was random in a run: identifiers, ports, payloads (default: a new seed)",
    )
    group.addoption(
        "--podpath-patience",
        metavar="FACTOR",
        type=_factor,
        default=1.0,
        help="wait this many times as long before giving up, on a slow machine (default: 1)",
    )
    group.addoption(
        "--podpath-kind-config",
        metavar="FILE",
        help="kind's configuration for --podpath-node kind (default: ./kind-config.yaml, if it is"
        " there, or one node without a network plugin)",
    )
    group.addoption(
        "--podpath-kind-apply",
        metavar="FILE",
        action="append",
        default=[],
        help="a manifest that installs the network of the new kind cluster, in place of a conflist;"
        " repeatable",
    )
    group.addoption(
        "--podpath-kind-network",
        metavar="default",
        choices=["default"],
        help="leave kind's own network on, and test that",
    )
    group.addoption(
        "--podpath-kind-existing",
        metavar="NAME",
        help="test a kind cluster that others made, with the network that it has; nothing of it is"
        " changed or deleted",
    )
    group.addoption(
        "--podpath-image",
        metavar="NAME",
        default="",
        help="the pods' image for --podpath-node host and --podpath-kind-existing (default:"
        " podpath's own; host needs it on the node)",
    )


def _kind(text: str) -> str:
    from podpath.nodes import kinds

    if sentence := kinds.unknown(text):
        raise argparse.ArgumentTypeError(sentence)
    return text


def _seed(text: str) -> int:
    from podpath.system import randomness

    try:
        return randomness.seed(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 1 <= factor < math.inf:
        raise argparse.ArgumentTypeError(f"the factor must be a number of at least 1, not {text!r}")
    return factor
