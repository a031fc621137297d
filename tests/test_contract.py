"""The CNI contract: answers of plugins to VERSION, to ADD, and to invalid calls."""

import pytest

from podpath.cni.network import Network
from podpath.cni.versions import CHAINS_SINCE
from podpath.contract import answers, links, refusals
from podpath.contract.answers import UNKNOWN_VERSION
from podpath.contract.attachments import Attachment
from podpath.contract.lives import Life
from podpath.contract.runtime import Runtime
from podpath.contract.subjects import Subject
from podpath.model import Family
from podpath.system import limits
from podpath.testing import each_family, requirement

from .parameters import alone, attaching, chained_plugins, since


@requirement("CNI-VERSION")
@alone
def test_version_lists_supported_versions(
    runtime: Runtime, subject: Subject, network: Network
) -> None:
    """VERSION prints one document with the supported versions, which include the conflist's."""
    answer = runtime.version(subject.name, network.conflist.contract_version)

    assert answers.version(answer, network.conflist.contract_version) == []


@requirement("CNI-VERSION-ECHO")
@alone
@since("1.0.0")
def test_version_is_answered_in_the_version_of_the_question(
    runtime: Runtime, subject: Subject, cni_version: str
) -> None:
    """The answer to VERSION has the cniVersion of the request, for each supported version."""
    by_version = {v: runtime.version(subject.name, v) for v in ("0.4.0", cni_version)}
    if not all(answer.supported_versions for answer in by_version.values()):
        pytest.skip("VERSION lists no version, see CNI-VERSION")

    assert [d for v, answer in by_version.items() for d in answers.echo(answer, v)] == []


@requirement("CNI-VERSION-UNSUPPORTED")
@alone
@since("0.3.0")
def test_unsupported_version_is_refused(absent: Attachment) -> None:
    """ADD fails with code 1 in a version that no plugin supports."""
    answer = absent.call(absent.subject.steps[0], "ADD", version=UNKNOWN_VERSION)

    assert refusals.refused(absent, answer, codes=[1]) == []


@requirement("CNI-ADD-RESULT")
@since("0.1.0")
def test_add_gives_one_result_of_the_configured_version(
    life: Life, subject: Subject, cni_version: str
) -> None:
    """Each plugin exits with 0 and prints one document that matches the version's schema."""
    assert [d for a in life.added for d in answers.result(a, cni_version, subject.role)] == []


@requirement("CNI-ADD-INTERFACE")
@attaching
@since("0.3.0")
def test_result_agrees_with_the_kernel(life: Life) -> None:
    """The kernel has the result's interfaces, MACs and addresses, CNI_IFNAME in CNI_NETNS."""
    links.require_sandbox(life.attached)

    assert links.in_kernel(life.attached) == []


@requirement("CNI-ADD-INTERFACE")
@each_family
@attaching
@since("0.3.0")
def test_addresses_can_be_used_when_add_returns(
    life: Life, network: Network, family: Family
) -> None:
    """Duplicate address detection is finished, or off, for all addresses of the interfaces."""
    if family is Family.IPV4:
        pytest.skip("IPv4 addresses are used without a detection of duplicates")
    assert links.unusable(life.attached, network.shared_links) == []


@requirement("CNI-ADD-TAKEN")
@attaching
@since("1.0.0")
def test_taken_interface_name_is_refused(
    container: Attachment, life: Life, network: Network
) -> None:
    """ADD fails if the container has an interface of that name, and does not change it."""
    name, node = container.interface, container.runtime.node
    links.require(life.attached.container_links, name)
    node.run(["ip", "-n", container.name, "link", "add", name, "type", "bridge"])
    before = links.links(node, container.name)

    by_plugin = {answer.plugin: answer for answer in container.add()}

    after = links.links(node, container.name)
    # lo is the loopback plugin's own, which may come first in the chain
    exempt = {"lo"}
    if network.conflist.delegation and name not in after:
        # a plugin that delegates should call its delegate for DEL, which deletes CNI_IFNAME
        exempt.add(name)
    kept, seen = ({n: x for n, x in of.items() if n not in exempt} for of in (before, after))
    answer = by_plugin[container.subject.main.plugin]
    if changed := links.changes(kept, seen):
        assert answers.refused(answer, container.version) + changed == []
    assert refusals.refused(container, answer) == []


@requirement("CNI-ADD-PREVIOUS")
@chained_plugins
@since(CHAINS_SINCE)
def test_previous_result_is_passed_on(life: Life) -> None:
    """The result of a chained plugin has the interfaces and addresses of prevResult."""
    life.require_added()

    assert answers.kept(life.added[0], life.previous[0]) == []


@requirement("CNI-ADD-ARGS")
@since("0.4.0")
def test_unknown_arguments_are_ignored(container: Attachment, life: Life) -> None:
    """ADD succeeds with unknown CNI_ARGS and those of the kubelet, if IgnoreUnknown=1 is set."""
    life.require_added()
    given = container.environment("ADD")["CNI_ARGS"]

    assert answers.succeeded(container.add({"CNI_ARGS": f"{given};PODPATH_UNKNOWN=1"})) == []


@requirement("CNI-ERROR")
@attaching
@since("0.1.0")
def test_failure_prints_an_error_document(absent: Attachment, cni_version: str) -> None:
    """ADD to a missing namespace exits with a nonzero status, and prints a code and a message."""
    assert answers.refused(absent.add()[0], cni_version) == []


BAD_VARIABLES = [
    pytest.param("CNI_COMMAND", None, id="no-command"),
    pytest.param("CNI_COMMAND", "PODPATH", id="unknown-command"),
    pytest.param("CNI_CONTAINERID", None, id="no-container"),
    pytest.param("CNI_CONTAINERID", "../podpath", id="bad-container"),
    pytest.param("CNI_NETNS", None, id="no-namespace"),
    pytest.param("CNI_IFNAME", None, id="no-interface"),
    pytest.param("CNI_IFNAME", "pod/path", id="bad-interface"),
]


@requirement("CNI-ENVIRONMENT")
@alone
@pytest.mark.parametrize(("variable", "value"), BAD_VARIABLES)
@since("1.0.0")
def test_bad_environment_is_refused(absent: Attachment, variable: str, value: str | None) -> None:
    """ADD with a missing or invalid variable fails with code 4, and names the variable."""
    answer = absent.call(absent.subject.steps[0], "ADD", overrides={variable: value})

    assert refusals.refused(absent, answer, codes=[4], naming=variable) == []


BAD_CONFIGURATIONS = [
    pytest.param({"name": None}, 7, id="no-name"),
    pytest.param({"name": "../podpath"}, 7, id="bad-name"),
    pytest.param(None, 6, id="not-json"),
]


@requirement("CNI-CONFIGURATION")
@alone
@pytest.mark.parametrize(("change", "code"), BAD_CONFIGURATIONS)
@since("1.0.0")
def test_bad_configuration_is_refused(
    absent: Attachment, change: dict[str, str | None] | None, code: int
) -> None:
    """ADD fails with code 6 if the configuration is not JSON, with code 7 without a valid name."""
    text = absent.configuration(change or {})
    broken = text if change is not None else text[:-1]

    answer = absent.runtime.execute(absent.subject.name, broken, absent.environment("ADD"))

    assert refusals.refused(absent, answer, codes=[code]) == []


@requirement("CNI-TIME")
@since("0.1.0")
def test_commands_end_in_time(life: Life) -> None:
    """ADD, CHECK and DEL end in time, and close their output."""
    assert answers.late(life.answers, limits.current().measures.plugin_call) == []
