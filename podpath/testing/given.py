"""What a run of the suite uses as it is, in place of a node and pods of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from podpath.nodes.base import Node
    from podpath.nodes.deployment import Deployment
    from podpath.run.plan import Plan


@dataclass(frozen=True)
class Given:
    """A node that runs already.

    Attributes:
        node: the node.
        plan: the plan that the node was started with; None for the one that options name.
        pods: its pods; None for pods of the run's own.
    """

    node: Node
    plan: Plan | None = None
    pods: Deployment | None = None


#: Where a run of the suite finds what it is given.
GIVEN = pytest.StashKey[Given]()
