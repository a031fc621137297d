"""A lab's node: started, with its pods, and broken as the lab says."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from podpath.labs import facts
from podpath.labs.facts import State, Walk
from podpath.labs.lab import Lab
from podpath.labs.place import temporary
from podpath.labs.reading import PODS
from podpath.testing import (
    CouldNotTest,
    DoesNotConform,
    NodeOptions,
    OpenNode,
    Topology,
    deploy,
    open_node,
    prove,
)

_SHOWN = 400
#: Pods in the order of their creation, which is that of the fault matrix.
_CREATED = ("bystander", "client", "server")


@dataclass
class Scene:
    """The node of one lab.

    Attributes:
        lab: the lab.
        node: the node.
        failure: how the plugin failed to make the pods; empty if it made them.
        answers: task -> right answer, of tasks with an answer.
    """

    lab: Lab
    node: OpenNode
    failure: str = ""
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@contextmanager
def built(
    lab: Lab,
    plugin: bytes | None = None,
    *,
    say: Callable[[str], None] = lambda _: None,
    attachable: bool = False,
) -> Iterator[Scene]:
    """Start a lab's node, make its pods, and break it, for the length of the block.

    Args:
        lab: the lab.
        plugin: the program to use as the lab's plugin; by default the lab's starter.
        say: function that shows progress.
        attachable: True if other processes may use the node.

    Raises:
        CouldNotTest: the node does not come up, or the lab's fault fails.
    """
    with ExitStack() as stack:
        options = _options(lab, stack, plugin)
        node = stack.enter_context(open_node(options, say=say, attachable=attachable))
        scene = Scene(lab, node)
        say("making pods")
        try:
            stack.enter_context(deploy(node, *_CREATED, until_node_ends=True))
        except DoesNotConform as error:
            scene.failure = " ".join(str(error).split())[:_SHOWN]
        else:
            _break(scene)
            scene.answers = _answers(scene)
        yield scene


def _options(lab: Lab, stack: ExitStack, plugin: bytes | None) -> NodeOptions:
    """Write what the node is started with, for the length of a stack."""
    place = stack.enter_context(temporary())
    if not lab.conflist:
        return NodeOptions()
    conflist = place / "lab.conflist"
    conflist.write_text(lab.conflist, encoding="utf-8")
    if not lab.plugin:
        return NodeOptions(cni_conf=str(conflist), profile=lab.profile)
    directory = place / "plugins"
    directory.mkdir()
    program = directory / lab.plugin
    program.write_bytes(lab.starter.lstrip().encode() if plugin is None else plugin)
    program.chmod(0o755)
    return NodeOptions(cni_conf=str(conflist), profile=lab.profile, cni_bin=(str(directory),))


def _break(scene: Scene) -> None:
    """Run the lab's fault for each pod.

    Raises:
        CouldNotTest: the fault fails.
    """
    if not scene.lab.fault:
        return
    topology = scene.node.topology()
    functions = helpers(topology)
    for pod in _CREATED:
        end = topology.host_end(pod)
        values = {"POD": pod, "HOST": end.name if end else "", "IP": _ip(topology, pod)}
        values["NETNS"] = topology.pods[pod].netns
        given = "\n".join(f"{name}={shlex.quote(value)}" for name, value in values.items())
        done = scene.node.node.run(["bash", "-c", f"{functions}\n{given}\n{scene.lab.fault}"])
        if done.returncode:
            output = (done.stderr or done.stdout).strip()
            raise CouldNotTest(
                f"the fault of lab {scene.lab.name} fails for pod {pod} with status"
                f" {done.returncode}: {output}",
                "Correct the lab",
            )


def helpers(topology: Topology) -> str:
    """Return the shell functions that faults and solutions may use."""
    return "\n".join(
        [
            'in_pod() { nsenter --net="/run/netns/$NETNS" -- "$@"; }',
            "pod_mac() { in_pod ip -o link show eth0 | sed 's/.*ether \\([^ ]*\\).*/\\1/'; }",
            'host_of() { host_end "$1"; }',
            _table("netns", {pod: topology.pods[pod].netns for pod in PODS}),
            _table("host_end", {pod: _host_end(topology, pod) for pod in PODS}),
            _table("ip_of", {pod: _ip(topology, pod) for pod in PODS}),
        ]
    )


def _table(name: str, values: Mapping[str, str]) -> str:
    cases = " ".join(f"{pod}) echo {shlex.quote(value)};;" for pod, value in values.items())
    return f'{name}() {{ case $1 in {cases} *) echo "no pod $1" >&2; return 1;; esac; }}'


def _host_end(topology: Topology, pod: str) -> str:
    end = topology.host_end(pod)
    return end.name if end else ""


def _ip(topology: Topology, pod: str) -> str:
    return str(topology.pods[pod].addresses[0])


def _answers(scene: Scene) -> Mapping[str, tuple[str, ...]]:
    """Read the right answers, before anybody changes the node."""
    wanted = {task.id: task.answer for task in scene.lab.tasks if task.answer}
    if not wanted:
        return {}
    walks = {
        (pods[0], pods[1]): _walk(scene.node, *pods)
        for pods in {f.pods for f in wanted.values() if facts.FACTS[f.name].walks}
    }
    state = State(scene.node.topology(), scene.node.network.bridge, walks)
    return {task: facts.value(state, fact) for task, fact in wanted.items()}


def _walk(node: OpenNode, source: str, destination: str) -> Walk:
    """Send an echo request, and read which interfaces it and its reply cross."""
    crossings = prove(node, source, destination).judgement.crossings
    if not crossings:
        raise CouldNotTest(f"no packet from {source} to {destination} was seen at all")
    request = crossings[0]
    order = {hop.place: number for number, hop in enumerate(request.path.hops)}
    sightings = [s for seen in (*request.at_hops, request.elsewhere) for s in seen]
    sightings.sort(key=lambda s: (order.get(s.place, len(order)), s.time))
    seen: list[str] = []
    for sighting in sightings:
        if not seen or seen[-1] != sighting.interface:
            seen.append(sighting.interface)
    missing = tuple(
        hop.place.interface
        for crossing in crossings
        for hop, at_hop in zip(crossing.path.hops, crossing.at_hops, strict=True)
        if not at_hop and not hop.optional
    )
    return Walk(tuple(seen), missing)
