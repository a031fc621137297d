"""Command `podpath trace`: which way one exchange goes, on every interface of a node."""

import argparse
import os
import sys
import time
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from podpath.cli import node_options, output
from podpath.errors import CouldNotTest

if TYPE_CHECKING:
    from podpath.trace.exchange import Request
    from podpath.trace.result import Trace
    from podpath.trace.scene import Scene

_HTTP = 80
_WATCH_SECONDS, _SLOW_SECONDS = 1.0, 0.6

_DESCRIPTION = (
    "Send one packet, watch every interface of every network namespace of the node, and show which"
    " way it went. Without --node: on the node of `podpath shell` if one stands, else on a node of"
    " its own. Exit status 1 if the packet or its answer is lost, or takes another path than the"
    " plugin's; 6 if podpath cannot say."
)


def add(commands: output.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "trace", help="show which way a packet goes, hop by hop", description=_DESCRIPTION
    )
    parser.add_argument(
        "source", metavar="FROM", nargs="?", default="client", help="a pod, or node"
    )
    parser.add_argument(
        "destination",
        metavar="TO",
        nargs="?",
        default="server",
        help="a pod, node, an address, or svc/NAMESPACE/NAME, a Service",
    )
    _add_packets(parser)
    _add_output(parser)
    _add_node(parser)
    parser.set_defaults(run=_run)


def _add_node(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("place", "where the pods are")
    which = group.add_mutually_exclusive_group()
    which.add_argument(
        "--node",
        choices=("kind", "host"),
        help="a node with pods of your own, NAMESPACE/POD, which stay as they are: of a kind"
        " cluster, or this machine",
    )
    which.add_argument("--join", metavar="NAME", help="this node of `podpath shell`")
    which.add_argument("--new", action="store_true", help="a new node, even if one stands")
    group.add_argument(
        "--kind-existing", metavar="NAME", default="kind", help="kind cluster (default: kind)"
    )
    group.add_argument(
        "--kubeconfig", metavar="FILE", default="", help="how to ask for a Service of --node"
    )
    group.add_argument("--kind-bin", metavar="FILE", help="the program kind (default: on PATH)")
    node_options.add(parser)


def _add_packets(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("packets", "default: one ping")
    protocol = group.add_mutually_exclusive_group()
    protocol.add_argument(
        "--http",
        action="store_const",
        const=_HTTP,
        help="GET / from port 80, that of --http-port, or a Service's",
    )
    protocol.add_argument("--http-port", dest="http", metavar="PORT", type=int, help="GET / there")
    protocol.add_argument("--tcp", metavar="PORT", type=int, help="connect, and close")
    protocol.add_argument("--udp", metavar="PORT", type=int, help="one datagram")
    group.add_argument("--size", metavar="BYTES", type=int, help="payload")
    group.add_argument("--count", metavar="N", type=int, default=1, help="number of pings")
    family = group.add_mutually_exclusive_group()
    family.add_argument("-4", dest="family", action="store_const", const=4, help="IPv4")
    family.add_argument("-6", dest="family", action="store_const", const=6, help="IPv6")
    group.add_argument(
        "--exec",
        dest="by_exec",
        action="store_true",
        help="send by ping or wget of the pod's own image; default: by a program of podpath's in"
        " the pod's network namespace, which needs nothing of the image",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("--watch", action="store_true", help="again each second, until Ctrl-C")
    group.add_argument("--slow", action="store_true", help="line after line, for a projector")
    group.add_argument(
        "--by-hand", action="store_true", help="also print the commands that show each hop by hand"
    )
    group.add_argument("--capture", metavar="FILE", type=Path, help="write the frames as pcapng")
    output.json_option(group)
    output.language_option(group)


def _run(options: argparse.Namespace) -> int:
    _resolve_service(options)
    with node_options.patience(options), _scene(options) as scene:
        if options.watch:
            return _watch(scene, options)
        return _show(scene, _trace(scene, options), options)


def _resolve_service(options: argparse.Namespace) -> None:
    """Put the address and the port of a Service in place of its name."""
    if not options.destination.startswith(("svc/", "service/")):
        return
    from podpath.model import Family
    from podpath.trace import nodes, services

    if not options.node:
        raise CouldNotTest("a Service is of a cluster", "Give --node kind, or --node host")
    family = Family(options.family) if options.family else None
    connect = partial(nodes.api_of, options.node, _of_kind(options), options.kubeconfig)
    service = services.find(connect, options.destination, family)
    options.destination = service.address
    if options.http == _HTTP:
        options.http = service.port
    elif options.http is options.tcp is options.udp is None:
        setattr(options, service.protocol, service.port)


def _of_kind(options: argparse.Namespace) -> dict[str, object]:
    return {"podpath_kind_existing": options.kind_existing, "kind_bin": options.kind_bin}


def _scene(options: argparse.Namespace) -> AbstractContextManager["Scene"]:
    """Open the node: the user's, the one that stands, or a new one."""
    from podpath.trace import nodes

    given = node_options.read(options)
    if options.node:
        ends = options.source, options.destination
        return nodes.of_user(options.node, given.profile, _of_kind(options), ends, _say)
    if options.join or (not options.new and given == type(given)() and nodes.stands()):
        return nodes.standing(options.join or "")
    return nodes.own(given, _say)


def _trace(scene: "Scene", options: argparse.Namespace) -> "Trace":
    from podpath.model import Family
    from podpath.system import randomness
    from podpath.system.randomness import Draws
    from podpath.trace import watching

    family = Family(options.family) if options.family else None
    draws = Draws(randomness.new_seed(), "trace")
    ends = options.source, options.destination
    return watching.trace(scene, *ends, _request(options), draws, family)


def _request(options: argparse.Namespace) -> "Request":
    from podpath.trace.exchange import Protocol, Request

    protocols: tuple[Protocol, ...] = ("http", "tcp", "udp")
    named = [name for name in protocols if getattr(options, name) is not None]
    protocol: Protocol = named[0] if named else "ping"
    port: int = getattr(options, protocol) if named else 0
    if options.count != 1 and protocol != "ping":
        raise CouldNotTest(f"--count is of pings, and not of --{protocol}", "Leave it out")
    most_bytes = 4 << 20 if protocol in ("http", "tcp") else 65507
    numbers = {"--size": (options.size or 0, 0, most_bytes), "--count": (options.count, 1, 10_000)}
    if named:
        numbers["the port"] = (port, 1, 65535)
    for name, (number, least, most) in numbers.items():
        if not least <= number <= most:
            raise CouldNotTest(f"{name} must be from {least} to {most}, not {number}")
    return Request(protocol, port, options.size, options.count, options.by_exec)


def _show(scene: "Scene", trace: "Trace", options: argparse.Namespace) -> int:
    from podpath.report import pcap
    from podpath.trace import document, text

    if options.capture:
        pcap.write(options.capture, trace.sightings)
    if options.json:
        output.write_json(document.of(trace))
        return trace.status
    language = output.language(options)
    for line in text.lines(trace, language, colours=_has_colours()):
        output.write(line)
        if options.slow:
            sys.stdout.flush()
            time.sleep(_SLOW_SECONDS)  # for the people who read it
    if options.by_hand:
        output.write("")
        for line in _by_hand(scene, trace, options):
            output.write(line)
    return trace.status


def _by_hand(scene: "Scene", trace: "Trace", options: argparse.Namespace) -> list[str]:
    from podpath.trace import by_hand

    request = _request(options)
    namespaces = {name: pod.netns for name, pod in scene.pods.items()}
    packets = by_hand.Packets(request.protocol, request.port, request.size)
    return by_hand.lines(trace, namespaces, packets)


def _watch(scene: "Scene", options: argparse.Namespace) -> int:
    """Trace again and again: in full at first and at each change, one line otherwise."""
    from podpath.trace import text

    before, status = "", 0
    try:
        while True:
            trace = _trace(scene, options)
            way = text.verdict(trace).rpartition("(")[0]
            if way != before or options.json:
                status = _show(scene, trace, options)
            else:
                now = datetime.now().astimezone().strftime("%H:%M:%S")
                verdict = text.verdict(trace, output.language(options), colours=_has_colours())
                output.write(f"{now}  {verdict}")
            before = way
            sys.stdout.flush()
            time.sleep(_WATCH_SECONDS)  # the interval that the option names
    except KeyboardInterrupt:
        return status


def _has_colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _say(message: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"podpath: {message}\n")
