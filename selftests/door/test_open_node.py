"""A node outside of pytest: a few lines open it, deploy pods, prove a path, judge requirements."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from podpath.nodes.embedded import places
from podpath.system import waiting
from podpath.testing import (
    CouldNotTest,
    NodeOptions,
    OpenNode,
    PodSpec,
    Verdict,
    attach,
    check,
    deploy,
    open_node,
    prove,
    standing_nodes,
)
from selftests.examples.blocks import read
from selftests.suite import HANG_SECONDS, ROOT

pytestmark = pytest.mark.xdist_group("door")


@pytest.fixture(scope="module")
def node() -> Iterator[OpenNode]:
    """A node with two pods."""
    with open_node(attachable=True) as opened, deploy(opened, "client", "server"):
        yield opened


def test_ping_is_proved(node: OpenNode) -> None:
    observed = prove(node, "client", "server", count=2)

    assert observed.differences == []
    assert len(observed.judgement.crossings) == 4


def test_http_is_proved(node: OpenNode) -> None:
    assert prove(node, "server", "client", protocol="http").differences == []


def test_requirements_are_judged_for_the_pods_that_are_there(node: OpenNode) -> None:
    outcomes = check(node, ["PATH-ICMP", "TOPO-HOOKS", "CNI-VERSION"])

    assert {i: o.verdict for i, o in outcomes.items()} == {
        "PATH-ICMP": Verdict.CONFORMS,
        "TOPO-HOOKS": Verdict.CONFORMS,
        "CNI-VERSION": Verdict.CONFORMS,
    }


def test_broken_node_is_judged_as_it_is_and_again_when_it_is_mended(node: OpenNode) -> None:
    host_end = node.topology().host_end("server")
    assert host_end is not None
    link = ("ip", "link", "set", host_end.name)

    node.node.run([*link, "mtu", "1400"])
    broken = check(node, ["TOPO-MTU"])["TOPO-MTU"]
    node.node.run([*link, "mtu", "1500"])
    mended = check(node, ["TOPO-MTU"])["TOPO-MTU"]

    assert broken.verdict == Verdict.DOES_NOT_CONFORM
    assert "1400" in broken.text
    assert mended.verdict == Verdict.CONFORMS


def test_pod_of_ones_own_runs_what_it_is_to_run(node: OpenNode) -> None:
    with deploy(node, PodSpec("sleeper", {"main": ["/bin/sh", "-c", "sleep 60"]})) as pods:
        assert pods["sleeper"].containers.keys() == {"main"}
    with pytest.raises(CouldNotTest, match="there is no pod sleeper"):
        _ = node.pods["sleeper"]


def test_name_of_a_pod_is_taken_once(node: OpenNode) -> None:
    with pytest.raises(CouldNotTest, match="there is a pod client already"), deploy(node, "client"):
        pass


def test_unknown_requirement_is_refused(node: OpenNode) -> None:
    with pytest.raises(CouldNotTest, match="no requirement has the id PATH-NONE"):
        check(node, ["PATH-NONE"])


def test_other_process_sees_the_pods_and_makes_more(node: OpenNode) -> None:
    with attach(node.id) as attached, deploy(attached, "third"):
        assert prove(attached, "third", "server").differences == []
        with attach(node.id) as again:
            assert {pod.name for pod in again.pods} == {"client", "server", "third"}
    with attach(node.id) as again:
        assert {pod.name for pod in again.pods} == {"client", "server"}


def test_program_on_the_node_finds_its_node(node: OpenNode) -> None:
    program = (
        "from podpath.testing import attach, prove\n"
        "with attach() as node:\n"
        "    print(node.id, prove(node, 'client', 'server').differences)\n"
    )

    done = node.node.run([sys.executable, "-c", program], 120.0)

    assert done.stdout.split(maxsplit=1) == [node.id, "[]\n"], done.stderr


def test_node_that_is_not_attachable_has_no_record() -> None:
    before = _records_in_use()
    with open_node(NodeOptions()) as private:
        assert private.id == ""
        assert _records_in_use() == before


def _records_in_use() -> set[str]:
    """Return the files of records that this process holds open; others may come and go."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(os.readlink(descriptor))
    return {path for path in found if Path(path).is_relative_to(places.STANDING)}


def test_nothing_stands_for_a_wrong_name() -> None:
    with pytest.raises(CouldNotTest, match="no node nowhere stands here"), attach("nowhere"):
        pass
    assert not places.of("nowhere").exists()


def test_page_shows_what_its_program_prints() -> None:
    blocks = read(ROOT / "docs" / "testing.md")
    program, printed = (b.text for b in blocks if b.mark.startswith("door"))

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == (printed, "")


@contextmanager
def _holder(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "selftests.door.holder", *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


def _holds(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _is_gone(name: str) -> bool:
    return waiting.until(lambda: not places.of(name).exists(), bool, HANG_SECONDS)


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "ended"])
def test_node_lives_as_long_as_its_last_holder(*, killed: bool) -> None:
    with _holder("open") as first, _holder("attach", name := _holds(first)) as second:
        assert _holds(second) == name
        if killed:
            first.kill()
        else:
            assert first.stdin is not None
            first.stdin.close()
        first.wait()
        assert name in standing_nodes()

        output, _ = second.communicate()

    assert output == "[]\n"
    assert not places.of(name).exists()
    assert name not in standing_nodes()


def test_killed_holders_leave_nothing() -> None:
    with _holder("open") as first, _holder("attach", name := _holds(first)) as second:
        _holds(second)
        first.kill()
        second.kill()

        assert _is_gone(name)
