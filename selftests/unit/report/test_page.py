"""The report's page: whole by itself, safe with any text, and its drawings tell where it broke."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from podpath import cli
from podpath.errors import COULD_NOT_TEST_STATUS
from podpath.model import NODE, Difference, Direction, Observation, Place, Sighting
from podpath.paths import judgement
from podpath.paths.observe import Observed
from podpath.paths.probes import Echo
from podpath.report import evidence, page, verify
from podpath.report.document import About, TestResult, build, write
from podpath.report.outcome import Outcome, Verdict
from podpath.report.page import drawing, svg, topology
from podpath.report.page.drawing import ASKED, BROKEN, LOST, QUIET, SEEN
from podpath.requirements import REQUIREMENTS

from .. import samples

HOSTILE = "</script></pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def told(*seen: Sighting, differences: tuple[Difference, ...] = ()) -> dict[str, Any]:
    """The evidence of sightings of a ping from the client to the server."""
    observation = Observation(seen)
    judged = judgement.judge(
        [(Echo(samples.IDENTIFIER, 2), samples.paths())], observation, samples.noise()
    )
    found = [*differences, *judged.differences]
    return evidence.of(Observed((), observation, judged, samples.topology(), found))


def states(observed: Mapping[str, Any], path: int = 0) -> list[str]:
    return [s.state for s in drawing.stations(observed["paths"][path], observed)]


def until(packets: int, hops: int) -> list[Sighting]:
    """The exchange, but the last packet that is seen gets only so far."""
    return samples.exchange()[: 5 * (packets - 1) + hops]


def test_whole_path_is_drawn_as_such() -> None:
    observed = told(*samples.exchange())

    assert states(observed) == states(observed, 1) == [SEEN] * 5
    assert 'aria-label="The path client -&gt; server: it is whole."' in drawing.of_path(
        observed["paths"][0], observed
    )


def test_first_hop_that_is_missing_is_where_it_broke() -> None:
    """Those behind it are only lost; an answer that nobody was asked for is not."""
    observed = told(*until(1, 2))

    assert states(observed) == [SEEN, SEEN, BROKEN, LOST, LOST]
    assert states(observed, 1) == [QUIET] * 5
    assert "it broke at node cni0 in (0 of 1)" in drawing.of_path(observed["paths"][0], observed)


def test_answer_that_is_not_given_is_where_it_broke() -> None:
    """The question arrived."""
    observed = told(*until(1, 5))

    assert states(observed) == [SEEN] * 5
    assert states(observed, 1) == [BROKEN, LOST, LOST, LOST, LOST]


@pytest.mark.parametrize(
    ("protocol", "kind", "source", "expected"),
    [
        pytest.param("arp", 1, "10.88.0.2", [ASKED, ASKED, ASKED, BROKEN, LOST], id="arp"),
        pytest.param("icmpv6", 135, "fd00::2", [ASKED, ASKED, ASKED, BROKEN, LOST], id="nd"),
        pytest.param("icmpv6", 135, "::", [BROKEN, LOST, LOST, LOST, LOST], id="its-own-address"),
        pytest.param("icmpv6", 133, "fd00::2", [BROKEN, LOST, LOST, LOST, LOST], id="routers"),
    ],
)
def test_packet_that_was_never_sent_broke_where_the_question_for_the_way_got_lost(
    protocol: str, kind: int, source: str, expected: list[str]
) -> None:
    """Nobody answered the client's requests: they tell how far the path goes."""
    changes: dict[str, Any] = {
        "protocol": protocol,
        "kind": kind,
        "source": ip_address(source),
        "number": None,
    }
    asked = [replace(s, packet=replace(s.packet, **changes)) for s in samples.exchange()[:3]]

    assert states(told(*asked)) == expected


def test_changed_packet_is_where_it_broke() -> None:
    """It was seen, and yet is not what it should be."""
    seen = samples.exchange()
    seen[3] = replace(seen[3], packet=replace(seen[3].packet, ttl=63))
    observed = told(*seen)

    assert states(observed)[:4] == [SEEN, SEEN, SEEN, BROKEN]
    (station,) = [s for s in drawing.stations(observed["paths"][0], observed) if s.state == BROKEN]
    assert station.note == "2 of 2: TTL changed"


def test_sighting_elsewhere_is_drawn_with_the_path_of_its_packet() -> None:
    first = samples.exchange()[0]
    strange = samples.sighting(first.packet, ("bystander", "eth0", Direction.IN), 9_000)
    observed = told(*samples.exchange(), strange)
    there, back = observed["paths"]

    assert drawing.elsewhere(there, observed) == [("bystander", "eth0", Direction.IN)]
    assert drawing.elsewhere(back, observed) == []
    assert "unexpected" in drawing.of_path(there, observed)
    assert "unexpected" in topology.of_topology(observed)


def test_interface_that_vanished_keeps_its_place() -> None:
    """A packet of no path, on an interface whose name podpath could not read any more."""
    strange = samples.sighting(samples.tcp("client", "server"), ("node", "", Direction.IN), 9_000)
    observed = told(*samples.exchange(), strange)
    (difference,) = observed["differences"]

    assert difference["where"] == "node (an interface that vanished) in"
    assert difference["place"] == {"namespace": "node", "interface": "", "direction": "in"}
    assert drawing.elsewhere(observed["paths"][0], observed) == [strange.place]
    assert "(vanished)" in drawing.of_path(observed["paths"][0], observed)


def test_report_without_places_is_drawn_by_its_counts() -> None:
    """As podpath wrote it before differences had places."""
    observed = told(*until(1, 2))
    for difference in observed["differences"]:
        del difference["place"]

    assert states(observed) == [SEEN, SEEN, BROKEN, LOST, LOST]


def test_host_end_without_its_bridge_is_cut_in_the_topology() -> None:
    """By what the kernel says, not only by what was seen."""
    lost = Difference("not bridged", Place(NODE, "veth3"), "port of cni0", "none")
    observed = told(*samples.exchange(), differences=(lost,))
    for link in observed["topology"]["node"]:
        link["master"] = "" if link["name"] == "veth3" else link["master"]
    whole = topology.of_topology(told(*samples.exchange()))
    cut = topology.of_topology(observed)

    assert ("not bridged" in whole, "edge lost cut" in whole) == (False, False)
    assert ("not bridged" in cut, cut.count("edge lost cut")) == (True, 1)


def test_branches_of_a_path_have_columns_of_their_own() -> None:
    """The bridge's sighting is beside the way from port to port."""
    observed = told(*samples.exchange())
    svg = ElementTree.fromstring(drawing.of_path(observed["paths"][0], observed))
    xs = [c.get("cx") for c in svg.iter("circle")]

    assert [x == xs[0] for x in xs] == [True, True, False, True, True]


def document(**fields: Any) -> dict[str, Any]:
    """A report with a failure, a pass with evidence, and much that was not run."""
    results = [
        TestResult(
            f"t.py::test[{HOSTILE}]",
            ("PATH-ICMP",),
            Outcome(Verdict.DOES_NOT_CONFORM, HOSTILE),
            evidence=[told(*until(1, 2))],
            differences=[evidence.difference(Difference(HOSTILE, HOSTILE, HOSTILE, HOSTILE))],
        ),
        TestResult(
            "t.py::good",
            ("PATH-UDP",),
            Outcome(Verdict.CONFORMS),
            evidence=[told(*samples.exchange())],
        ),
    ]
    results.append(TestResult("t.py::gc", ("CNI-GC",), Outcome(Verdict.RECOMMENDED, HOSTILE)))
    facts = {"profile": "bridge", "node": "embedded", "kernel": HOSTILE}
    return build(results, facts, "1.2", About(**fields))


class _Page(HTMLParser):
    """What is in a page: tags with their attributes, and the texts of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = tag == "script"

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts.append(data)
            self._script = False


@pytest.fixture(scope="module")
def text() -> str:
    """The page of a report in which a plugin says hostile things."""
    return page.render(document(implementation={"project": HOSTILE, "url": "javascript:alert(1)"}))


def test_page_needs_nothing_else(text: str) -> None:
    """No file, no network: nothing is loaded from anywhere."""
    loading = {"src", "srcset", "data", "poster", "action", "background"}
    tags = _Page(text).tags

    assert [(t, a) for t, a in tags if loading & a.keys()] == []
    assert [t for t, _ in tags if t in ("link", "iframe", "object", "embed", "base", "img")] == []
    assert [a["href"] for _, a in tags if not str(a.get("href", "#")).startswith("#")] == []
    assert "url(" not in text
    assert "@import" not in text


def test_what_a_plugin_says_stays_text(text: str) -> None:
    """There is one script, the page's own, and the page's policy allows no other."""
    parsed = _Page(text)
    (script,) = parsed.scripts
    checksum = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = (a["content"] for t, a in parsed.tags if a.get("http-equiv"))

    assert script == (Path(page.__file__).parent / "page.js").read_text()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{checksum}'" in str(
        policy
    )
    assert [a for _, a in parsed.tags if any(name.startswith("on") for name in a)] == []
    assert "alert(1)&lt;/script&gt;" in text


def test_page_has_every_requirement_and_those_that_fail_first(text: str) -> None:
    ids = [a["id"] for t, a in _Page(text).tags if a.get("class") == "requirement"]

    assert ids[0] == "PATH-ICMP"
    assert sorted(filter(None, ids)) == sorted(REQUIREMENTS)


def test_page_tells_recommendations_and_sources(text: str) -> None:
    """A recommendation that is not met comes before what conforms."""
    ids = [a["id"] for t, a in _Page(text).tags if a.get("class") == "requirement"]

    assert ids.index("CNI-GC") < ids.index("PATH-UDP")
    assert f"SHOULD: {REQUIREMENTS['CNI-GC'].source}" in text
    assert f"MUST: {REQUIREMENTS['TOPO-RESULT'].source}" in text
    assert "MUST since CNI 1.0.0: " in text


def test_page_is_for_everybody(text: str) -> None:
    """A language, a title, a narrow screen; each drawing and field has a name; ids are unique."""
    tags = _Page(text).tags
    ids = [a["id"] for _, a in tags if "id" in a]

    assert ("html", {"lang": "en"}) in tags
    assert [a for t, a in tags if a.get("name") == "viewport"]
    assert [a for t, a in tags if t in ("input", "select", "svg") and not a.get("aria-label")] == []
    assert len(ids) == len(set(ids))


def test_page_begins_with_what_fails(text: str) -> None:
    """Its drawing is the first one."""
    first = text.index("<svg")

    assert text.index("it broke at node cni0 in") < text.index("it is whole")
    assert first < text.index('id="requirements"')


def test_page_of_a_run_without_traffic() -> None:
    """Nothing is drawn, and everything else is there."""
    text = page.render(build([], {}, "1.2"))

    assert "<svg" not in text
    assert 'id="TOPO-MTU"' in text


def test_command_renders(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write(tmp_path, document())

    assert cli.main(["report", "render", str(tmp_path), "-o", str(tmp_path / "page.html")]) == 0
    assert re.match("(?s)<!doctype html>.*</html>$", (tmp_path / "page.html").read_text().strip())
    nowhere = ["report", "render", str(tmp_path), "-o", str(tmp_path / "no" / "page.html")]
    assert cli.main(nowhere) == COULD_NOT_TEST_STATUS
    assert "cannot be written" in capsys.readouterr().err


def test_hop_that_comes_after_none_of_the_earlier_ones_is_no_report() -> None:
    """The schema allows any number; a page could not draw it."""
    evidence_ = told(*samples.exchange())
    evidence_["paths"][0]["hops"][1]["after"] = [1]
    result = TestResult("t", ("PATH-ICMP",), Outcome(Verdict.CONFORMS), evidence=[evidence_])

    (problem,) = verify.of_format(build([result], {}, "1.2"))

    assert problem == "hop 1 of the path 'client -> server' comes after [1]"


def test_reasons_of_losses_are_shown() -> None:
    """As text, whatever they contain; with the counters that moved."""
    evidence_ = told(*until(1, 3))
    loss = {"packet": "p", "packets": 1, "path": "x", "namespace": "node", "causes": []}
    cause = {"reason": "R", "location": "", "interface": "", "rules": [HOSTILE]}
    evidence_["losses"] = [{**loss, "causes": [cause], "sentence": HOSTILE}]
    evidence_["counters"] = [{"namespace": "node", "counter": "IpInDiscards", "moved": 2}]
    result = TestResult(
        "t", ("PATH-ICMP",), Outcome(Verdict.DOES_NOT_CONFORM), evidence=[evidence_]
    )
    document = build([result], {}, "1.2")
    html = page.render(document)

    assert verify.of_format(document) == []
    assert "moved: node IpInDiscards +2." in html
    assert HOSTILE not in html
    assert "&lt;/script&gt;" in html


def _mtu(found: int) -> TestResult:
    """A failure of TOPO-MTU: the host ends have another MTU."""
    wired = evidence.topology(samples.topology())
    for link in wired["node"]:
        link["mtu"] = found if link["name"].startswith("veth") else 1500
    difference = Difference("MTU", "host end of pod client", "1500", str(found))
    return TestResult(
        "t::mtu",
        ("TOPO-MTU",),
        Outcome(Verdict.DOES_NOT_CONFORM, str(difference)),
        differences=[evidence.difference(difference)],
        topology=wired,
    )


def test_mtu_is_drawn_where_it_is_the_finding() -> None:
    """At each interface, red where it is another one; the report keeps what the drawing needs."""
    built = build([_mtu(1400)], {"profile": "bridge"}, "1.2", About())
    text = page.render(built)
    drawn = text[text.index("<svg") : text.index("</svg>")]

    found = re.findall('class="note ([a-z]+)"[^>]*>(MTU [0-9]+)<', drawn)
    assert Counter(found) == {("broken", "MTU 1400"): 3, ("seen", "MTU 1500"): 4}
    assert verify.problems(built) == []


def test_page_begins_with_what_does_not_conform() -> None:
    """Its drawing comes before the requirements, and these before the results by group."""
    text = page.render(build([_mtu(1400)], {"profile": "bridge"}, "1.2", About(selected=True)))
    order = ["DOES NOT CONFORM", 'id="failures"', "<svg", 'id="requirements"', 'id="results"']
    places = [text.index(part) for part in order]

    assert places == sorted(places)


def test_page_names_the_failures_that_it_does_not_show_as_a_whole() -> None:
    """The headline and the section say that there are more, and each is a link."""
    red = [TestResult(f"t::{i}", (i,), Outcome(Verdict.DOES_NOT_CONFORM, "it")) for i in _SEVEN]
    text = page.render(build(red, {"profile": "bridge"}, "1.2"))
    section = text[text.index('id="failures"') : text.index('id="requirements"')]

    assert 'What does not conform: <span class="counts">the first 3 of 7</span>' in section
    assert f"{', '.join(_SEVEN[:5])} and 2 more · 7 of 7; could not test: 0" in text
    assert [i for i in _SEVEN if f'href="#{i}"' in section] == list(_SEVEN)


_SEVEN = tuple(REQUIREMENTS)[:7]


def test_result_of_a_group_agrees_with_the_verdict() -> None:
    """A known deviation makes a result partial, and the plugin still conforms."""
    known = TestResult("t", ("LIFE-REUSE",), Outcome(Verdict.KNOWN_DEVIATION, "why"))
    text = page.render(build([known], {"profile": "bridge"}, "1.2", About()))

    assert "partial" not in text[text.index("<body>") :]


def test_long_texts_stay_in_their_boxes() -> None:
    """They are narrowed as far as they can be read, then cut."""
    picture = svg.svg(100, 10, "topology", "it")
    texts = ["fd00:10:88:1::2/64", "x" * 100, "eth0"]
    drawn = [svg.text(picture, (0, 0), "address", text, 90) for text in texts]

    assert [one.get("textLength") for one in drawn] == ["90", "90", None]
    assert (drawn[0].text, drawn[2].text) == ("fd00:10:88:1::2/64", "eth0")
    assert str(drawn[1].text).endswith("…")


def test_page_says_once_why_something_could_not_be_tested() -> None:
    """A node that does not start has one reason for all; no drawing of a finding about no path."""
    tests = [
        TestResult(f"t::{i}", (i,), Outcome(Verdict.COULD_NOT_TEST, "the node has ended"))
        for i in list(REQUIREMENTS)[:9]
    ]
    text = page.render(build(tests, {"profile": "bridge"}, "1.2", About()))
    _, section = text.split('<h2 id="untested">', 1)
    section = section.partition("</section>")[0]

    assert section.count("the node has ended") == 1
    assert section.count('<a href="#') == 6
    assert "and 3 more" in section
    assert "no verdict on the plugin" in section
