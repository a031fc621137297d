"""The output of the shell's kubectl, in the form that kubectl prints. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from podpath.nodes.listing import ListedPod

_GAP = 3
_NANOSECONDS = 10**9
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class ShownPod:
    """A pod, with what its own listing does not have.

    Attributes:
        pod: the pod.
        addresses: its IP addresses, the primary one first.
    """

    pod: ListedPod
    addresses: Sequence[str]


def table(pods: Iterable[ShownPod], node: str, now: int, *, wide: bool, every: bool) -> str:
    """Return the table of `kubectl get pods`.

    Args:
        pods: pods to list.
        node: name of the node.
        now: time of the listing, in nanoseconds since 1970.
        wide: True for the columns of -o wide.
        every: True for the column of -A.
    """
    head = ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    head = [*(["NAMESPACE"] if every else []), *head]
    rows = [[*head, *(["IP", "NODE", "NOMINATED NODE", "READINESS GATES"] if wide else [])]]
    for shown in pods:
        row = [*([shown.pod.namespace] if every else []), *_row(shown.pod, now)]
        if wide:
            row += [_first(shown.addresses), node, "<none>", "<none>"]
        rows.append(row)
    return _columns(rows)


def _row(pod: ListedPod, now: int) -> list[str]:
    ready = sum(c.running for c in pod.containers)
    restarts = max((c.restarts for c in pod.containers), default=0)
    total = len(pod.containers)
    return [pod.name, f"{ready}/{total}", status(pod), str(restarts), age(now - pod.created)]


def status(pod: ListedPod) -> str:
    """Return the status of a pod in one word."""
    if not pod.running:
        return "Error"
    return "Running" if any(c.running for c in pod.containers) else "Completed"


def age(nanoseconds: int) -> str:
    """Return an age as kubectl prints it (apimachinery, duration.HumanDuration), less exactly."""
    seconds = max(nanoseconds // _NANOSECONDS, 0)
    if seconds < 2 * _MINUTE:
        return f"{seconds}s"
    if seconds < 3 * _HOUR:
        minutes, rest = divmod(seconds, _MINUTE)
        return f"{minutes}m{rest}s" if rest and minutes < 10 else f"{minutes}m"
    return f"{seconds // _HOUR}h" if seconds < 2 * _DAY else f"{seconds // _DAY}d"


def description(shown: ShownPod, node: str) -> str:
    """Return the text of `kubectl describe pod`, as far as a node without a kubelet knows it.

    Args:
        shown: the pod.
        node: name of the node.
    """
    pod = shown.pod
    lines = [
        _field("Name", pod.name),
        _field("Namespace", pod.namespace),
        _field("Node", node),
        _field("Status", status(pod)),
        _field("IP", _first(shown.addresses)),
        "IPs:",
        *(f"  {_field('IP', address)}" for address in shown.addresses),
        "Containers:",
    ]
    for container in pod.containers:
        state = "Running" if container.running else "Terminated"
        lines += [
            f"  {container.name}:",
            f"    {_field('Container ID', f'containerd://{container.id}')}",
            f"    {_field('Image', container.image)}",
            f"    {_field('State', state)}",
            f"    {_field('Restart Count', str(container.restarts))}",
        ]
    return "\n".join(lines) + "\n"


def _field(name: str, value: str) -> str:
    return f"{name + ':':<20}{value}"


def _first(addresses: Sequence[str]) -> str:
    return addresses[0] if addresses else "<none>"


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) + _GAP for column in zip(*rows, strict=True)]
    lines = ("".join(f"{t:<{w}}" for t, w in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"{line.rstrip()}\n" for line in lines)
