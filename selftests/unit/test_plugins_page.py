"""The page of real plugins: a row for each report, and a checked reason for each red."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from podpath.nodes.embedded.kind import Embedded
from podpath.report.document import About, TestResult, build
from podpath.report.outcome import Outcome, Verdict
from podpath.requirements import REQUIREMENTS
from selftests.real.plugins import page
from selftests.real.plugins.page import Plugin, Reason

_FACTS = Path(page.__file__).with_name("plugins.toml")
_MADE = Reason(("TOPO-MTU",), "It ignores `mtu`", "https://example.org/acme/main.go#L7")


def _report(*, broken_off: bool = False, **verdicts: Verdict) -> dict[str, Any]:
    results = [
        TestResult("t", (id_.replace("_", "-"),), Outcome(verdict, "expected 1400, saw 1500"))
        for id_, verdict in verdicts.items()
    ]
    about = About(
        command="pytest -q -n 2 --podpath-cni-bin /home/acme/bin --podpath-seed 7",
        abilities=Embedded.abilities,
        broken_off=broken_off,
        date="2026-11-26T16:33:15+00:00",
    )
    facts = {
        "node": "embedded",
        "kernel": "6.12.1-acme",
        "containerd": "containerd 1.6.20~ds1",
        "known deviation LIFE-REUSE": "announces | too early (acme issue 3)",
    }
    return build(results, facts, "1.2", about)


def _plugin(*reasons: Reason) -> Plugin:
    return Plugin(
        "acme", "acme v1.0", "https://example.org/acme", "bridge", "go build .", reasons=reasons
    )


def test_page_has_a_row_and_a_section_for_a_plugin() -> None:
    report = _report(TOPO_MTU=Verdict.DOES_NOT_CONFORM, PATH_ICMP=Verdict.CONFORMS)

    lines = page.page([_plugin(_MADE)], {"acme": report}).splitlines()

    assert lines[2].startswith(
        "| [acme v1.0](#acme-v10) | bridge | embedded, Linux 6.12.1, containerd 1.6.20 |"
        " **does not conform**: TOPO-MTU | 1 conforms, 1 does not conform,"
    )
    assert "## acme v1.0" in lines
    assert "Source: <https://example.org/acme>. Tested on 2026-11-26 by podpath 1.2." in lines
    assert lines[lines.index("```sh") :][:4] == [
        "```sh",
        "go build .",
        "pytest --podpath-cni-bin BIN",
        "```",
    ]
    assert (
        "| TOPO-MTU | does not conform | It ignores `mtu`"
        " ([source](https://example.org/acme/main.go#L7)) |"
    ) in lines


def test_known_deviations_have_the_reasons_of_the_report() -> None:
    report = _report(LIFE_REUSE=Verdict.KNOWN_DEVIATION)
    assert "| LIFE-REUSE | announces \\| too early \\(acme issue 3\\) |" in page.page(
        [_plugin()], {"acme": report}
    )


def test_recommendation_needs_no_reason_and_may_have_one() -> None:
    report = _report(TOPO_MTU=Verdict.RECOMMENDED, PATH_ICMP=Verdict.CONFORMS)

    without = page.page([_plugin()], {"acme": report})
    with_one = page.page([_plugin(_MADE)], {"acme": report})

    assert "| recommended, not met | why |" in without
    assert "| TOPO-MTU | expected 1400, saw 1500 |" in without
    assert "| TOPO-MTU | recommended | It ignores `mtu`" in with_one
    assert "expected 1400, saw 1500" not in with_one


@pytest.mark.parametrize("verdict", [Verdict.DOES_NOT_CONFORM, Verdict.COULD_NOT_TEST])
def test_red_without_a_reason_is_an_error(verdict: Verdict) -> None:
    with pytest.raises(page.Unexplained, match="acme: TOPO-MTU has no reason"):
        page.page([_plugin()], {"acme": _report(TOPO_MTU=verdict)})


def test_reason_without_a_red_is_an_error() -> None:
    with pytest.raises(page.Unexplained, match="acme: TOPO-MTU has a reason, and conforms"):
        page.page([_plugin(_MADE)], {"acme": _report(TOPO_MTU=Verdict.CONFORMS)})


def test_plugin_without_a_whole_report_is_an_error() -> None:
    with pytest.raises(page.Unexplained, match="acme has no report"):
        page.page([_plugin()], {})
    with pytest.raises(page.Unexplained, match="acme: the run of its report was broken off"):
        page.page([_plugin()], {"acme": _report(broken_off=True, PATH_ICMP=Verdict.CONFORMS)})


def test_command_has_nothing_of_the_machine() -> None:
    command = (
        "pytest -q -n 2 --podpath-implementation project=acme --podpath-cni-conf a.conflist"
        " --podpath-cni-bin=/home/acme/bin --podpath-seed 7 --podpath-leases 'ls -l /run'"
    )
    assert page.command(command) == (
        "pytest --podpath-cni-conf a.conflist --podpath-cni-bin BIN --podpath-leases 'ls -l /run'"
    )


def test_facts_name_requirements_and_public_sources() -> None:
    plugins = page.read(_FACTS.read_text())
    assert len(plugins) == len(tomllib.loads(_FACTS.read_text()))
    for plugin in plugins:
        assert plugin.source.startswith("https://"), plugin.name
        for reason in plugin.reasons:
            assert set(reason.requirements) <= set(REQUIREMENTS), plugin.name
            assert reason.source.startswith(("https://", "")), plugin.name
