"""Limits of podpath's waits, all scaled by one factor.

One frozen value is in force in a process. The pytest plugin sets it before the first test, from
`--podpath-patience`; a self-test sets another for the length of a block. A ContextVar would be the
wrong place: threads of a pool start without the caller's context, and would use the defaults.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Measures:
    """Times that verdicts depend on, in seconds. They mean the same on a slow machine."""

    #: CNI-TIME: the time a plugin has for one call. The specification sets no limit to it.
    plugin_call: float = 10.0
    #: LIFE-SURVIVOR: a transfer without progress for so long is stalled. TCP retransmits before.
    stall: float = 15.0
    #: LIFE-PERSIST: the time for which pods' wiring is watched at least. Other programs that take a
    #: link for theirs, such as udev or NetworkManager, have done so by then.
    persistence: float = 6.0
    #: A proxy of neighbours answers up to 0.8 s late (arp(7), proxy_delay): listen for longer.
    neighbour_proxy: float = 0.9


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of waits, in seconds. Each field has the name of the awaited thing.

    A wait ends as soon as the thing is there, so a larger limit makes no passing test slower.
    """

    #: The factor that scales all limits here.
    patience: float = 1.0
    #: Times that `times` does not scale.
    measures: Measures = Measures()

    # ---- commands and the kernel
    #: A program on the node, or in a pod, that ends by itself at once.
    command: float = 30.0
    #: The kernel's answer to an rtnetlink request, which takes milliseconds.
    kernel_answer: float = 10.0
    #: A program's list of its options.
    usage: float = 10.0

    # ---- the embedded node
    #: The namespaces, containerd's first answer, its conflist, the pod image: each takes about 1 s.
    node_start: float = 30.0
    #: The user's script that prepares the node.
    node_setup: float = 60.0
    #: The keeper's removal of the node; longer than the removal of its cgroups.
    node_end: float = 30.0
    #: A node of a failure, after the run, with --podpath-keep: time to look at it.
    kept_node: float = 1800.0
    #: The keeper's message that the node ended, once containerd does not answer.
    node_death: float = 2.0
    #: The last processes in the node's cgroups, which the kernel has already killed.
    cgroup_removal: float = 10.0

    # ---- the container runtime and pods
    #: The runtime's answer to a call that no plugin takes part in.
    runtime_answer: float = 30.0
    #: ADD or DEL of a pod by the runtime. A plugin that takes longer hangs.
    pod_network: float = 20.0
    #: The pod's servers, from its start until they listen.
    pod_serving: float = 20.0
    #: Duplicate address detection, which takes one to two seconds by default.
    address_detection: float = 5.0

    # ---- a cluster
    #: The container engine's command line, which may have to start a container.
    engine_answer: float = 60.0
    #: A command of kind's, other than the creation of a cluster.
    kind_answer: float = 120.0
    #: The API server's answer to one request.
    api_answer: float = 30.0
    #: The cluster's node, from the conflist until it is Ready.
    cluster_ready: float = 120.0
    #: A pod, from its creation until it is Ready.
    pod_ready: float = 60.0
    #: A pod, from its deletion until the API and the runtime have none.
    pod_gone: float = 60.0
    #: A namespace of the API: its service account, and its removal.
    namespace: float = 60.0
    #: kube-proxy's rules for a new Service.
    service: float = 30.0
    #: The Service's answer to one request.
    service_answer: float = 1.0
    #: The kubelet's restart of a container that ended.
    restart: float = 30.0
    #: The kubelet's next liveness probe, which it sends every 5 s.
    kubelet_probe: float = 15.0

    # ---- the contract
    #: The exit of a plugin that closed its output, even past the time for its call.
    plugin_exit: float = 1.0
    #: The kernel's removal of a deleted namespace's links and routes, in the background.
    attachment_gone: float = 3.0
    #: The same for many pods at once.
    pods_gone: float = 5.0
    #: A transfer: of 2 MB at a limited rate, or for as long as other pods come and go.
    transfer: float = 60.0
    #: The TCP connection that a transfer begins with.
    connection: float = 10.0
    #: The first packets of a program that was started in a pod.
    transfer_start: float = 20.0

    # ---- traffic and captures
    #: An HTTP answer. TCP repeats a lost SYN after 1, 3 and 7 s. See await_answers_for_less().
    http: float = 20.0
    #: The reply to a ping, or a datagram's arrival in the program that it is for.
    reply: float = 2.0
    #: A node's refusal at a port that is no longer mapped.
    refusal: float = 2.0
    #: The last packets of an exchange once its program ended, such as a FIN.
    exchange_end: float = 3.0
    #: The same if the program itself waited in vain: only packets that the kernel still holds.
    in_kernel: float = 0.2
    #: The canaries that show that a sniffer misses nothing.
    canary: float = 5.0
    #: Reading all that the sniffers hold. More may come faster than it can be read.
    drain: float = 1.0

    def times(self, factor: float) -> "Limits":
        """Scale all limits, but not the measures. Pure."""
        names = (field.name for field in fields(self) if field.name != "measures")
        return replace(self, **{name: getattr(self, name) * factor for name in names})

    @property
    def remedy(self) -> str:
        """Advice after a time-out that a slow machine may explain."""
        return f"Give --podpath-patience {2 * self.patience:g} on a slow machine"

    @property
    def of_plugins(self) -> str:
        """Advice after a plugin's time-out, whose limit no specification has."""
        return f"The limit is podpath's own. {self.remedy}, or for a plugin that is slow by design"


#: Seconds for an HTTP answer, once one did not come: TCP has repeated a lost SYN after 1 and 3 s.
_AFTER_A_LOST_ANSWER = 5.0

_in_force = [Limits()]


def current() -> Limits:
    """Return the limits in force in this process."""
    return _in_force[-1]


def await_answers_for_less() -> None:
    """Shorten the limit for HTTP answers, once one did not come, or the wiring loses them.

    Otherwise a run would take several minutes where all connections hang, to show the same again.
    """
    limits = _in_force[-1]
    shorter = min(limits.http, _AFTER_A_LOST_ANSWER * limits.patience)
    _in_force[-1] = replace(limits, http=shorter)


@contextmanager
def in_force(limits: Limits) -> Iterator[None]:
    """Replace the limits for the length of a block, in all threads."""
    _in_force.append(limits)
    try:
        yield
    finally:
        _in_force.pop()
