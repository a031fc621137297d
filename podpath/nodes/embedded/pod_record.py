"""Pods as JSON values, for other processes that use their node. Pure."""

from collections.abc import Mapping
from typing import Any

from podpath.model import Family, Inherited, PodNetwork, Settings, ip_addresses
from podpath.nodes.pod import Pod


def document(pod: Pod) -> dict[str, Any]:
    """Return a pod as JSON values."""
    network = pod.network
    return {
        "name": pod.name,
        "sandbox": pod.sandbox,
        "netns": network.netns,
        "addresses": [str(address) for address in network.addresses],
        "result": dict(network.result),
        "inherited": [_values(s) for s in (network.inherited.pod, network.inherited.node)],
        "containers": dict(pod.containers),
        "pids": dict(pod.pids),
    }


def pod(values: Mapping[str, Any]) -> Pod:
    """Read a pod that document() wrote.

    Raises:
        KeyError: a value is missing.
        ValueError: a value is malformed.
        TypeError: a value is of another type.
    """
    of_pod, of_node = map(_settings, values["inherited"])
    network = PodNetwork(
        name=values["name"],
        netns=values["netns"],
        addresses=ip_addresses(values["addresses"]),
        sandbox=values["sandbox"],
        result=dict(values["result"]),
        inherited=Inherited(of_pod, of_node),
    )
    containers, pids = dict(values["containers"]), dict(values["pids"])
    return Pod(network.name, network.sandbox, network, containers, pids)


def _values(settings: Settings) -> list[list[Any]]:
    return [sorted(family.value for family in settings.forwarding), sorted(settings.proxies)]


def _settings(values: list[list[Any]]) -> Settings:
    forwarding, proxies = values
    return Settings(frozenset(Family(value) for value in forwarding), frozenset(proxies))
