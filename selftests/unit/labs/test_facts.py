"""Facts of a node, and answers that are compared with them."""

import pytest

from podpath.labs import facts
from podpath.labs.facts import FACTS, State, Walk
from podpath.labs.lab import Fact
from podpath.testing import CouldNotTest

from .. import samples

_WALK = Walk(("eth0", "veth2", "veth3", "eth0"), ("cni0",))


def _state() -> State:
    return State(samples.topology(), "cni0", {("client", "server"): _WALK})


@pytest.mark.parametrize(
    ("fact", "values"),
    [
        (Fact("netns", ("client",)), ("cni-00000002-ab12",)),
        (Fact("host-end", ("server",)), ("veth3",)),
        (Fact("ip", ("client",)), ("10.88.0.2",)),
        (Fact("mac", ("client",)), ("02:00:00:00:01:02",)),
        (Fact("bridge"), ("cni0",)),
        (Fact("ports"), ("veth2", "veth3", "veth4")),
        (Fact("mtu", ("client",)), ("1500",)),
        (Fact("path", ("client", "server")), ("eth0", "veth2", "veth3", "eth0")),
        (Fact("missing-hop", ("client", "server")), ("cni0",)),
        (Fact("gateway"), ("10.88.0.1",)),
        (Fact("route", ("client",)), ("10.88.0.1", "eth0")),
        (Fact("fdb", ("server",)), ("veth3",)),
    ],
    ids=lambda value: str(value) if isinstance(value, Fact) else "",
)
def test_each_fact_is_read(fact: Fact, values: tuple[str, ...]) -> None:
    """Each kind of fact has the kernel's values."""
    assert facts.value(_state(), fact) == values


def test_every_kind_of_fact_is_tried() -> None:
    """The test above has every kind."""
    marks = test_each_fact_is_read.pytestmark[0].args[1]  # type: ignore[attr-defined]

    assert {fact.name for fact, _ in marks} == set(FACTS)


def test_what_the_node_lacks_could_not_be_tested() -> None:
    """A fact without a value is the author's mistake, and never a student's."""
    with pytest.raises(CouldNotTest, match="the node has no bridge"):
        facts.value(State(samples.topology(), "br9"), Fact("bridge"))


@pytest.mark.parametrize(
    ("fact", "values", "answer", "right"),
    [
        ("host-end", ["veth3"], "veth3", True),
        ("host-end", ["veth3"], " veth3@if2 ", True),
        ("host-end", ["veth3"], "veth4", False),
        ("host-end", ["veth3"], "veth3 veth4", False),
        ("host-end", ["veth3"], "", False),
        ("ip", ["10.88.0.2"], "10.88.0.2/24", True),
        ("ip", ["10.88.0.2"], "10.88.0.20", False),
        ("mac", ["02:aa:00:00:01:02"], "02:AA:00:00:01:02", True),
        ("ports", ["veth2", "veth3"], "veth3, veth2", True),
        ("ports", ["veth2", "veth3"], "veth3", False),
        ("ports", ["veth2", "veth3"], "veth2 veth2 veth3", False),
        (
            "path",
            ["eth0", "veth2", "cni0", "veth3", "eth0"],
            "eth0 -> veth2 -> cni0 -> veth3 -> eth0",
            True,
        ),
        ("path", ["eth0", "veth2", "cni0"], "veth2 eth0 cni0", False),
        ("route", ["10.88.0.1", "eth0"], "default via 10.88.0.1 dev eth0", True),
        ("mtu", ["1500"], "15000", False),
    ],
)
def test_answers_are_compared(fact: str, values: list[str], answer: str, *, right: bool) -> None:
    """An answer must have exactly the values, whatever stands around them."""
    assert facts.matches(Fact(fact), values, answer) is right
