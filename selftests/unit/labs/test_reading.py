"""Labs are read from their files, and mistakes are named."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podpath.labs import reading
from podpath.labs.lab import Fact
from podpath.testing import CouldNotTest

from . import lab_text


def test_a_lab_is_read() -> None:
    """Every key of the format has its place."""
    lab = lab_text.lab()

    assert (lab.name, lab.points, lab.level, lab.fault) == ("ping", 10, "medium", "true")
    assert lab.title.in_language("zh") == "能 ping 通"
    assert lab.tasks[0].answer == Fact("missing-hop", ("client", "server"))
    assert lab.tasks[1].conforms == ("PATH-ICMP", "TOPO-HOOKS")
    assert [hint.cost for hint in lab.hints] == [0, 2]
    assert lab.solution == "answer hop cni0"


def test_the_solution_may_stand_first() -> None:
    """A solution is found at the top of a file, as TOML has it, and at its end."""
    text = 'solution = "x"\n' + lab_text.TEXT.replace('solution = "answer hop cni0"', "")

    assert reading.parse("ping", tomllib.loads(text)).solution == "x"


def test_one_language_is_enough() -> None:
    """A text that a lab lacks in one language is shown in the other."""
    data = lab_text.tables()
    data.pop("zh")
    data["task"][0].pop("zh")
    data["hint"][0].pop("en")
    lab = reading.parse("ping", data)

    assert lab.story.in_language("zh") == "Is it?"
    assert lab.tasks[0].text.in_language("zh") == "Which interface?"
    assert lab.hints[0].text.in_language("en") == "看。"


def test_without_reasons_every_requirement_is_red_at_first() -> None:
    """Reasons are for authors who want to be sure of more than the requirement."""
    data = lab_text.tables()
    del data["task"][1]["reasons"]

    assert reading.parse("ping", data).tasks[1].reasons == {"PATH-ICMP": "", "TOPO-HOOKS": ""}


@pytest.mark.parametrize("path", sorted(reading.SHIPPED.glob("*.toml")), ids=lambda p: p.stem)
def test_shipped_labs_are_complete(path: Path) -> None:
    """Each shipped lab is well-formed, and its texts are in two languages."""
    lab = reading.load(path)
    texts = [lab.title, lab.story, *(t.text for t in lab.tasks), *(h.text for h in lab.hints)]

    assert all(re.search("[\u4e00-\u9fff]", text.zh) for text in texts)
    assert not any(re.search("[\u4e00-\u9fff]", text.en) for text in texts)
    assert len(lab.title.en) <= 40


def test_there_are_at_least_twelve() -> None:
    """The field's classics are there."""
    assert len(reading.shipped()) >= 12
    assert {"tour", "unplugged", "wrong-path", "wire"} <= set(reading.names())


def _task(number: int, **values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda data: data["task"][number].update(values)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: data.update(format=2), "reads format 1, not 2"),
        (lambda data: data.update(points=11), "points is 11, but the tasks have 10"),
        (lambda data: data.update(points="10"), "'points' is a number"),
        (lambda data: data.update(points=True), "'points' is a number"),
        (lambda data: data.update(level="tricky"), "level is one of easy, medium, hard"),
        (lambda data: data.update(storry=""), "unknown key 'storry'"),
        (lambda data: (data.pop("zh"), data.pop("en")), "the lab has no text: en or zh"),
        (lambda data: data["hint"][0].clear(), "hint 1 has no text"),
        (lambda data: data["zh"].pop("story"), "[zh] lacks 'story'"),
        (lambda data: data.pop("task"), "at least one [[task]]"),
        (lambda data: data.update(task={}), "written as [[task]]"),
        (lambda data: data.pop("solution"), "lacks 'solution'"),
        (_task(0, answer="hop client server"), "no fact 'hop'"),
        (_task(0, answer="netns client server"), "netns takes 1 of client"),
        (_task(0, answer="netns nobody"), "netns takes 1 of client"),
        (_task(0, answer=""), "no fact ''"),
        (_task(0, conforms=["PATH-ICMP"]), "either an answer or conforms"),
        (_task(0, id="path"), "two tasks have the id 'path'"),
        (_task(0, id="a b"), "an id has small letters"),
        (_task(0, points=0), "points is at least 1"),
        (_task(1, conforms=["PATH-NONE"]), "no requirement 'PATH-NONE'"),
        (_task(1, reasons={}), "at least one requirement has a reason"),
        (_task(1, reasons={"PATH-UDP": "x"}), "PATH-UDP has a reason, and is not in conforms"),
        (_task(1, reasons={"PATH-ICMP": 3}), "the reason of PATH-ICMP is a text"),
        (lambda data: data["hint"][1].update(cost=-1), "hint 2: cost is 0 or more"),
        (lambda data: data.update(plugin="wire"), "plugin and starter stand together"),
        (lambda data: data.update(conflist="{"), "conflist is no JSON"),
    ],
)
def test_mistakes_are_named(change: Callable[[dict[str, Any]], object], sentence: str) -> None:
    """Each mistake of an author is one sentence that names the key."""
    data = lab_text.tables()
    change(data)

    with pytest.raises(reading.Malformed, match=re.escape(sentence)):
        reading.parse("ping", data)


@pytest.mark.parametrize("content", [b"format = ", b"\xff", b"x = " + b"[" * 5000])
def test_a_file_that_is_no_lab_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    """A file that is no TOML is refused with the file's name."""
    file = tmp_path / "bad.toml"
    file.write_bytes(content)

    with pytest.raises(CouldNotTest, match=r"the lab .*bad\.toml is malformed"):
        reading.load(file)


def test_an_unknown_lab_is_answered_with_those_there_are(tmp_path: Path) -> None:
    """A name that no lab has is answered with the names."""
    with pytest.raises(CouldNotTest, match=r"no lab 'tours'.*tour"):
        reading.path_of("tours")
    with pytest.raises(CouldNotTest, match="no lab"):
        reading.path_of(str(tmp_path))
