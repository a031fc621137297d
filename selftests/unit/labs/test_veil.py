"""What `lab check` prints does not answer the lab's questions."""

import pytest

from podpath.labs.checking import veiled
from podpath.labs.grading import Mark, Verdict


def mark(message: str) -> dict[str, Mark]:
    return {"plug": Mark("plug", 7, Verdict.FAILED, message)}


@pytest.mark.parametrize(
    ("message", "secrets", "shown"),
    [
        (
            "TOPO-BRIDGE-PORT: master at node veth1 (pod client): expected cni0, saw none",
            ("veth1",),
            "TOPO-BRIDGE-PORT: master at node ? (pod client): expected cni0, saw none",
        ),
        ("missing hop at node veth12 in", ("veth1",), "missing hop at node veth12 in"),
        ("eth0 -> veth1 -> cni0", ("veth1", "cni0"), "eth0 -> ? -> ?"),
        ("fe80::1 at 10.88.0.1", ("10.88.0.1", ""), "fe80::1 at ?"),
        ("all of it", (), "all of it"),
    ],
)
def test_values_of_open_questions_are_veiled(
    message: str, secrets: tuple[str, ...], shown: str
) -> None:
    assert veiled(mark(message), secrets)["plug"].message == shown
