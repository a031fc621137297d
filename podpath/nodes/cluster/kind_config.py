"""kind's configuration, and the settings that podpath needs in it.

Format: https://kind.sigs.k8s.io/docs/user/configuration
"""

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest
from podpath.model import Subnet
from podpath.nodes.cluster.extra import INSTALL
from podpath.system import files

#: kind's defaults (pkg/apis/config/v1alpha4/default.go, SetDefaultsCluster).
_POD_SUBNETS = {"ipv4": "10.244.0.0/16", "ipv6": "fd00:10:244::/56"}
_POD_SUBNETS["dual"] = ",".join(_POD_SUBNETS.values())

#: Configuration of podpath's cluster if the user names none.
SHIPPED = Path(__file__).with_name("kind-config.yaml")
#: The same for a cluster whose network is kind's own, or is installed by manifests.
SHIPPED_DEFAULT = Path(__file__).with_name("kind-config-default.yaml")
SHIPPED_APPLY = Path(__file__).with_name("kind-config-apply.yaml")


def check(path: Path, ranges: Iterable[Subnet]) -> None:
    """Check that pods can have podpath's network in a cluster with such a configuration.

    Args:
        path: kind's configuration.
        ranges: networks that the conflist gives pods addresses of.

    Raises:
        CouldNotTest: the configuration cannot be read, or does not suit; with the remedy.
    """
    document = _read(path)
    if problem := unsuited(document, ranges):
        what, remedy = problem
        raise CouldNotTest(f"the kind configuration {path} {what}", remedy)


def check_network(path: Path, *, default: bool) -> None:
    """Check that a configuration leaves kind's own network on, or off.

    Args:
        path: kind's configuration.
        default: True if the network is to be kind's own.

    Raises:
        CouldNotTest: the configuration cannot be read, or does not suit; with the remedy.
    """
    document = _read(path)
    networking = document.get("networking") if isinstance(document, dict) else None
    off = isinstance(networking, dict) and networking.get("disableDefaultCNI") is True
    if default and off:
        raise CouldNotTest(
            f"the kind configuration {path} turns kind's own network off",
            "Remove networking.disableDefaultCNI",
        )
    if not default and not off:
        raise CouldNotTest(
            f"the kind configuration {path} has kind bring its own network plugin",
            "Set networking.disableDefaultCNI: true",
        )


def _read(path: Path) -> Any:
    """Read kind's configuration.

    Raises:
        CouldNotTest: it cannot be read.
    """
    try:
        import yaml
    except ImportError:
        raise CouldNotTest("the Python package PyYAML is missing", INSTALL) from None
    try:
        return yaml.safe_load(files.read_text(path))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise CouldNotTest(
            f"the kind configuration {path} cannot be read: {' '.join(str(error).split())}",
            "See https://kind.sigs.k8s.io/docs/user/configuration",
        ) from None


def unsuited(document: object, ranges: Iterable[Subnet]) -> tuple[str, str] | None:
    """Return what is wrong with a configuration, and the remedy; None if it suits. Pure.

    Args:
        document: kind's configuration.
        ranges: networks that the conflist gives pods addresses of.
    """
    networking: Any = document.get("networking") if isinstance(document, dict) else None
    if not isinstance(networking, dict) or networking.get("disableDefaultCNI") is not True:
        return "has kind bring its own network plugin", "Set networking.disableDefaultCNI: true"
    pod_subnet = str(networking.get("podSubnet") or _default(networking))
    try:
        subnets = [
            ipaddress.ip_network(text.strip(), strict=False) for text in pod_subnet.split(",")
        ]
    except ValueError:
        return f"has no networks as podSubnet: {pod_subnet}", "Set networking.podSubnet"
    for network in ranges:
        known = [s for s in subnets if s.version == network.version]
        if not known:
            return (
                f"makes a cluster without IPv{network.version}, and the conflist has {network}",
                "Set networking.ipFamily: dual, and a podSubnet for each IP version",
            )
        if not any(_holds(s, network) for s in known):
            return (
                f"gives pods {pod_subnet}, which does not hold the conflist's {network}: kube-proxy"
                " would take pods for strangers",
                f"Set networking.podSubnet to a network that holds {network}",
            )
    return None


def _default(networking: dict[str, Any]) -> str:
    return _POD_SUBNETS.get(str(networking.get("ipFamily") or "ipv4"), "")


def _holds(subnet: Subnet, network: Subnet) -> bool:
    first, last = int(subnet.network_address), int(subnet.broadcast_address)
    return first <= int(network.network_address) and int(network.broadcast_address) <= last
