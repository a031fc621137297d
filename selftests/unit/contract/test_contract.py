"""Pure parts of the CNI contract, and the execution of a plugin."""

import json
import subprocess
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from podpath.cni import conflist
from podpath.cni.versions import VERSIONS
from podpath.contract import answers, links, runtime, subjects
from podpath.contract.answers import Answer
from podpath.contract.links import AttachmentState, Link
from podpath.contract.runtime import Runtime
from podpath.contract.subjects import Role
from podpath.errors import DoesNotConform, Hung, Unmet
from podpath.nodes.base import Node
from podpath.system.limits import Measures

from .. import samples

NETNS = "/run/netns/c"


def answer(output: object, status: int = 0) -> Answer:
    """Return the answer of a plugin that printed this: a text as it is, anything else as JSON."""
    text = output if isinstance(output, str) else json.dumps(output)
    return Answer("bridge", "ADD", status, text, "", 0.1)


def result(version: str, **more: object) -> dict[str, Any]:
    """Return a result that is valid in its version."""
    if version in ("0.1.0", "0.2.0"):
        ip4 = {"ip": "10.1.0.5/16", "gateway": "10.1.0.1", "routes": [{"dst": "0.0.0.0/0"}]}
        return {"cniVersion": version, "ip4": ip4, "dns": {}} | more
    address = {"address": "10.1.0.5/16", "gateway": "10.1.0.1", "interface": 1}
    if version < "1.0.0":
        address["version"] = "4"
    return {
        "cniVersion": version,
        "interfaces": [
            {"name": "veth1", "mac": "02:00:00:00:00:01"},
            {"name": "net1", "mac": "02:00:00:00:00:02", "sandbox": NETNS},
        ],
        "ips": [address],
        "routes": [{"dst": "0.0.0.0/0", "gw": "10.1.0.1"}],
        "dns": {"nameservers": ["10.1.0.1"]},
    } | more


@pytest.mark.parametrize("version", VERSIONS)
def test_right_result_is_right_in_its_version_only(version: str) -> None:
    """Versions 0.1 and 0.2 share a format, so do 0.3 and 0.4, and 1.0 and 1.1."""
    groups = [VERSIONS[:2], VERSIONS[2:5], VERSIONS[5:]]
    for other in VERSIONS:
        same = any({version, other} <= set(group) for group in groups)
        found = answers.result(answer(result(version, cniVersion=other)), other, Role.INTERFACE)
        assert (found == []) is same, f"{version} as {other}: {found}"


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"ips": [{"address": "10.1.0.5"}]}, "$.ips[0].address"),
        ({"ips": [{"address": "10.1.0.500/16"}]}, "$.ips[0].address"),
        ({"ips": [{"address": "10.1.0.5/16", "version": "4"}]}, "$.ips[0].version"),
        ({"ips": [{"address": "10.1.0.5/16", "interface": -1}]}, "$.ips[0].interface"),
        ({"interfaces": [{"mac": "02:00:00:00:00:01"}]}, "$.interfaces[0]"),
        ({"interfaces": [{"name": "a", "mac": "x"}]}, "$.interfaces[0].mac"),
        ({"interfaces": [{"name": "a", "mtu": "1500"}]}, "$.interfaces[0].mtu"),
        ({"routes": [{"gw": "10.1.0.1"}]}, "$.routes[0]"),
        ({"routes": [{"dst": "0.0.0.0/0", "table": 1.5}]}, "$.routes[0].table"),
        ({"dns": {"nameservers": ["localhost"]}}, "$.dns.nameservers[0]"),
        ({"ip4": {}}, "$.ip4"),
    ],
)
def test_what_is_wrong_in_a_result_is_named(wrong: dict[str, Any], where: str) -> None:
    """The difference names the place in the document."""
    (found,) = answers.result(answer(result("1.1.0", **wrong)), "1.1.0", Role.INTERFACE)

    assert found.where == f"bridge ADD {where}"


@pytest.mark.parametrize(
    ("output", "seen"),
    [
        ("", "empty"),
        ("adding\n{}", "adding {}"),
        ("{}{}", "{}{}"),
        ("[" * 100_000, "nested too deeply"),
        ("null", "not of type"),
    ],
)
def test_output_that_is_no_one_object(output: str, seen: str) -> None:
    """No output, text before a document, two documents, unlimited nesting, another value."""
    (found,) = answers.result(answer(output), "1.0.0", Role.INTERFACE)

    assert seen in found.seen


def test_version_of_the_result_is_that_of_the_input() -> None:
    """The rule holds since 0.4.0; an IPAM plugin's result has no interfaces."""
    other = result("0.3.1")

    assert answers.result(answer(other), "0.3.0", Role.INTERFACE) == []
    assert answers.result(answer(other), "0.4.0", Role.INTERFACE) != []
    assert answers.result(answer(result("1.0.0")), "1.0.0", Role.IPAM) != []


REFUSAL = {"cniVersion": "1.0.0", "code": 4, "msg": "CNI_IFNAME is missing"}


@pytest.mark.parametrize(
    ("said", "status", "kind"),
    [
        (REFUSAL, 1, ""),
        ({**REFUSAL, "code": 100}, 1, "error code"),
        ({**REFUSAL, "msg": "no name"}, 1, "error message"),
        ({**REFUSAL, "code": "4"}, 1, "document"),
        (REFUSAL, 0, "success"),
        ("CNI_IFNAME", 1, "output"),
    ],
)
def test_refusal(said: object, status: int, kind: str) -> None:
    """Exit status, error document, code and message are checked."""
    found = answers.refused(answer(said, status), "1.0.0", codes=[4], naming="CNI_IFNAME")

    assert kind in [d.kind for d in found] if kind else found == []


@pytest.mark.parametrize(
    ("code", "version", "known"),
    [(4, "0.4.0", False), (4, "1.0.0", True), (50, "1.0.0", False), (50, "1.1.0", True)],
)
def test_codes_are_of_a_version(code: int, version: str, known: bool) -> None:
    """Codes from 100 on are valid in every version."""
    assert (answers.error_document(answer({**REFUSAL, "code": code}, 1), version) == []) is known
    assert answers.error_document(answer({**REFUSAL, "code": 999}, 1), version) == []


def test_previous_result_that_is_dropped() -> None:
    """Interfaces and addresses must stay; a plugin may add others."""
    before = result("1.0.0")
    more = result("1.0.0", interfaces=[*before["interfaces"], {"name": "later"}])

    assert answers.kept(answer(more), before) == []
    assert len(answers.kept(answer(result("1.0.0", ips=[], interfaces=[])), before)) == 3


def test_addresses_may_be_spelt_otherwise() -> None:
    """An address has many spellings (RFC 4291, section 2.2)."""
    spelt = [{"address": "FD00:88:0:0::05/64", "interface": 1}]
    before = result("1.0.0", ips=spelt)
    usual = result("1.0.0", ips=[{"address": "fd00:88::5/64", "interface": 1}])
    attached = replace(
        state(before), container_links={"net1": Link("02:00:00:00:00:02", ("fd00:88::5/64",))}
    )

    assert answers.kept(answer(usual), before) == []
    assert links.in_kernel(attached) == []


def state(document: dict[str, Any]) -> AttachmentState:
    container_links = {"net1": Link("02:00:00:00:00:02", ("10.1.0.5/16",))}
    return AttachmentState(
        document, "net1", NETNS, container_links, {"veth1": Link("02:00:00:00:00:01", ())}
    )


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({}, []),
        ({"interfaces": [{"name": "eth0", "sandbox": NETNS}], "ips": []}, ["result", "result"]),
        ({"interfaces": [{"name": "net1", "sandbox": "/x"}], "ips": []}, ["sandbox"]),
        ({"ips": [{"address": "10.1.0.6/16", "interface": 1}]}, ["address"]),
        ({"ips": [{"address": "10.1.0.5/16", "interface": 2}]}, ["interface"]),
        ({"ips": [{"address": "10.1.0.5/16"}]}, ["interface"]),
        ({"ips": "none", "interfaces": None}, ["result"]),
    ],
)
def test_result_against_the_kernel(change: dict[str, Any], kinds: list[str]) -> None:
    """Names, sandboxes, addresses and indices are compared, in a result of any shape."""
    assert [d.kind for d in links.in_kernel(state(result("1.0.0", **change)))] == kinds


@pytest.mark.parametrize(
    ("interfaces", "is_told"),
    [
        ([{"name": "net1"}], True),
        ([{"name": "veth1"}, {"name": "net1"}], True),
        ([{"name": "veth2"}, {"name": "net1"}], False),
        ([{"name": "net1", "sandbox": NETNS}], False),
        ([], False),
    ],
    ids=["alone", "with-host-end", "and-a-wrong-name", "present", "no-interfaces"],
)
def test_result_without_a_sandbox_is_told_once(
    interfaces: list[dict[str, str]], *, is_told: bool
) -> None:
    """Pods' results have none either; a further difference is a finding of its own."""
    attached = state(result("1.0.0", interfaces=interfaces, ips=[]))
    with pytest.raises(Unmet, match="have a sandbox") if is_told else nullcontext():
        links.require_sandbox(attached)


def test_subjects_are_the_chain_and_each_plugin() -> None:
    """Each has its role, and the plugins that precede it."""
    chain, bridge, portmap, ipam = subjects.of(conflist.read(conflist.DEFAULT))

    assert [s.name for s in (chain, bridge, portmap, ipam)] == [
        "chain",
        "bridge",
        "portmap",
        "host-local",
    ]
    assert chain.plugins == ("bridge", "host-local", "portmap")
    assert portmap.preceding == bridge.steps
    assert ipam.plugins == ("host-local",)


def test_versions_that_a_subject_lacks() -> None:
    """A plugin does not support the version, or the version has no chains yet."""
    chain, bridge, *_ = subjects.of(conflist.read(conflist.DEFAULT))
    supported = {"bridge": VERSIONS, "portmap": VERSIONS, "host-local": VERSIONS[:-1]}

    assert bridge.unsupported("1.0.0", supported) == ""
    assert '"host-local" does not support CNI 1.1.0' in bridge.unsupported("1.1.0", supported)
    assert "not chained" in chain.unsupported("0.2.0", supported)


def test_versions_whose_results_have_one_address_only() -> None:
    """Two sets of IPv4 ranges give two addresses, which a result has since 0.3.0."""
    sets = [[{"subnet": "10.1.0.0/24"}], [{"subnet": "10.2.0.0/24"}]]
    _, bridge, *_ = subjects.of(samples.conflist({"type": "host-local", "ranges": sets}))
    supported = dict.fromkeys(bridge.plugins, VERSIONS)

    assert "one address" in bridge.unsupported("0.2.0", supported)
    assert bridge.unsupported("0.3.0", supported) == ""


def test_request_is_the_section_with_what_the_runtime_adds() -> None:
    """The runtime inserts name, version and previous result, and removes the capabilities."""
    _, _, portmap, _ = subjects.of(conflist.read(conflist.DEFAULT))
    configuration = subjects.request_configuration(portmap.steps[0], "net", "1.0.0", {"ips": []})

    assert configuration == {
        "type": "portmap",
        "cniVersion": "1.0.0",
        "name": "net",
        "prevResult": {"ips": []},
    }


def run(script: str, text: str = "") -> tuple[int, str, str]:
    def start(**more: Any) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(["sh", "-c", script], env={"PATH": "/usr/bin:/bin"}, **more)

    return runtime._run(start, text, "sh ADD")


def test_plugin_is_run_with_its_input() -> None:
    """The input may be larger than a pipe, and the plugin may ignore it."""
    large = "x" * 300_000

    assert run("wc -c; echo no >&2; exit 3", large) == (3, "300000\n", "no\n")
    assert run("exit 0", large)[0] == 0


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("sleep 60", "sh ADD did not end within"),
        ("sleep 60 & exit 0", "sh ADD ended, but another process held its output open"),
        ("exec >&- 2>&-; sleep 60", "sh ADD did not end within"),
    ],
)
def test_plugin_that_hangs_is_killed(script: str, says: str, limit: Callable[..., None]) -> None:
    """It hangs itself, leaves a process that holds its output, or has closed its output."""
    limit(measures=Measures(plugin_call=0.3))
    started = time.monotonic()

    with pytest.raises(DoesNotConform, match=says):
        run(script)
    assert time.monotonic() - started < 20


def test_slow_plugin_is_not_killed_on_a_slow_machine(limit: Callable[..., None]) -> None:
    """Its answer is judged, and that it was late: nothing else is red, or not run."""
    limit(patience=50.0, measures=Measures(plugin_call=0.2))

    status, _, _ = run("sleep 0.4")
    assert status == 0


def test_plugin_that_does_not_stop_talking_is_killed() -> None:
    """Endless output would fill the memory; like a call that hangs, it is not waited for again."""
    with pytest.raises(Hung, match="sh ADD did not end, printed more than 4 MiB, and was killed"):
        run("yes")


def test_plugin_that_the_chain_has_twice_is_called_alone_once() -> None:
    """As in Nomad's chain, whose second "firewall" finds the rules of the first one."""
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"] += [{"type": "firewall"}, {"type": "firewall", "backend": "ip6tables"}]

    chain, *alone = subjects.of(conflist.parse(json.dumps(document)))

    assert [step.plugin for step in chain.steps][2:] == ["firewall", "firewall"]
    assert [subject.name for subject in alone] == ["bridge", "portmap", "firewall", "host-local"]


def test_loopback_is_called_in_the_chain_only() -> None:
    """A loopback plugin comes first, and yet the plugin after it makes the interface."""
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"].insert(0, {"type": "loopback"})
    chain, main, portmap, ipam = subjects.of(conflist.parse(json.dumps(document)))

    assert [step.plugin for step in chain.steps] == ["loopback", "bridge", "portmap"]
    assert chain.main.delegate == "host-local"
    assert (main.name, main.role) == ("bridge", Role.INTERFACE)
    assert [step.plugin for step in portmap.preceding] == ["loopback", "bridge"]
    assert ipam.name == "host-local"


@pytest.mark.parametrize(
    ("command", "requirement"), [("ADD", "CNI-ADD-RESULT"), ("DEL", "CNI-DEL")]
)
def test_command_that_fails_keeps_other_tests_from_running(command: str, requirement: str) -> None:
    """It is the failure of one requirement, whatever was to be tested after it."""
    failed = Answer("bridge", command, 1, "{}", "no", 0.1)

    with pytest.raises(Unmet, match=f"bridge {command} failed") as caught:
        answers.require_success([failed])
    assert caught.value.requirement == requirement


class _NoNode(Runtime):
    """A runtime whose plugins all hang."""

    def __init__(self) -> None:
        node = SimpleNamespace(start=lambda _, **more: subprocess.Popen(["sleep", "60"], **more))
        super().__init__(cast("Node", node), "n", "")

    def locate(self, plugin: str) -> str:
        return plugin


def test_plugin_that_hung_is_not_called_for_the_same_again(limit: Callable[..., None]) -> None:
    limit(measures=Measures(plugin_call=0.1))
    caller = _NoNode()
    started = time.monotonic()
    for _ in range(200):
        with pytest.raises(Unmet, match="bridge ADD did not end") as caught:
            caller.execute("bridge", "", {"CNI_COMMAND": "ADD"})

    assert caught.value.requirement == "CNI-TIME"
    assert time.monotonic() - started < 20


def test_failure_of_the_first_add_explains_later_ones(limit: Callable[..., None]) -> None:
    limit(measures=Measures(plugin_call=0.1))
    caller = _NoNode()
    with pytest.raises(Unmet) as caught:
        caller.execute("bridge", "", {"CNI_COMMAND": "ADD"})
    caller.fail(Unmet(caught.value, "LIFE-ADD", "no pod could be made"))

    for command in ("ADD", "VERSION"):
        with pytest.raises(Unmet) as again:
            caller.execute("bridge", "", {"CNI_COMMAND": command})
        assert again.value.requirement == "LIFE-ADD"
    with pytest.raises(Unmet):
        caller.with_directory("/x").require_first_add()


def test_container_without_the_interface_of_that_name() -> None:
    """It is one violation, and what changes the interface cannot be tested on it."""
    links.require({"lo": Link("", ()), "net1": Link("", ())}, "net1")
    with pytest.raises(Unmet, match="it has eth0, lo") as caught:
        links.require({"lo": Link("", ()), "eth0": Link("", ())}, "net1")

    assert caught.value.requirement == "CNI-ADD-INTERFACE"


def test_several_calls_that_hung_are_enough(limit: Callable[..., None]) -> None:
    """Whatever a plugin is called for, two time-outs are awaited; the first one is the reason."""
    limit(measures=Measures(plugin_call=0.1))
    caller = _NoNode()
    reasons = set()
    for command in ("VERSION", "GC", "STATUS", "CHECK", "ADD", "DEL") * 10:
        with pytest.raises(Unmet) as caught:
            caller.execute("bridge", "", {"CNI_COMMAND": command})
        reasons.add(caught.value.message.split(" did not end")[0])

    assert reasons == {"bridge VERSION", "bridge GC"}
