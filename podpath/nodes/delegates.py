"""Configurations of delegates that a delegating plugin keeps on its node."""

import json
from collections.abc import Iterable
from typing import Any

from podpath.cni.conflist import Conflist
from podpath.cni.fields import Malformed
from podpath.errors import CouldNotTest
from podpath.nodes.base import Node
from podpath.nodes.pod import Pod


def completed(conflist: Conflist, node: Node, pods: Iterable[Pod]) -> Conflist:
    """Return a conflist with the whole configuration that its delegate was given for a pod.

    Without a record, the conflist is returned as it is.

    Raises:
        CouldNotTest: a record is no plugin configuration.
    """
    if conflist.delegation is None or not conflist.delegation.records:
        return conflist
    for pod in pods:
        path = f"{conflist.delegation.records}/{pod.sandbox}"
        try:
            return conflist.delegating(_section(node.read(path)))
        except OSError:
            continue
        except (ValueError, Malformed) as error:
            raise CouldNotTest(
                f"{conflist.delegation.plugin} keeps no configuration of its delegate at {path}:"
                f" {error}"
            ) from None
    return conflist


def _section(text: str) -> dict[str, Any]:
    section = json.loads(text)
    if not isinstance(section, dict) or not isinstance(section.get("type"), str):
        raise Malformed("it is no object with a type")
    return section
