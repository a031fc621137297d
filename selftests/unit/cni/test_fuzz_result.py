"""Whatever a plugin's result is: it is read, or the plugin does not conform."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from podpath.cni import result
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import Difference
from podpath.system import files
from podpath.topology.wiring import Wiring

from .. import samples
from ..strategies import documents, encoded, near, soundly, texts, values

POD = "client"
RESULT = dict(samples.topology().pods[POD].result)
CACHED = {"kind": "cniCacheV1", "containerId": "x", "ifName": "eth0", "result": RESULT}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file for all examples."""
    return tmp_path_factory.mktemp("results") / "podpath-x-eth0"


@given(documents | near(CACHED).map(encoded))
def test_any_cached_result_is_read_or_told(file: Path, content: bytes) -> None:
    """Any bytes where libcni keeps the plugin's result."""
    file.write_bytes(content)
    read = soundly(result.read, file)

    assert read is None or isinstance(read, dict)


@given(near(RESULT))
@example({"interfaces": [{"name": None, "mac": 5}]})
@example({"interfaces": "eth0"})
@example({"interfaces": [None]})
@example({"interfaces": [[["eth0"]]]})
def test_any_interfaces_are_read_or_told(document: Any) -> None:
    """A good result in which something is replaced, at whatever depth."""
    claimed = soundly(result.interfaces, document) if isinstance(document, dict) else None

    for one in claimed or ():
        assert isinstance(one.name, str)
        assert isinstance(one.mac, str)


def _differences(document: object) -> list[Difference]:
    return _wiring(document).mac()


def _wiring(document: object) -> Wiring:
    told = samples.with_pod_network(samples.topology(), POD, result=document)
    return Wiring(told, samples.network())


@given(st.dictionaries(texts, values, max_size=2) | st.builds(dict, interfaces=values))
def test_wiring_says_what_is_wrong_with_a_result(document: dict[str, Any]) -> None:
    """Nothing is raised; and what claims no interface at all is a difference, of TOPO-RESULT."""
    differences = _differences(document) + _wiring(document).result(POD)

    assert differences or all(one.name for one in result.interfaces(document))
    assert differences or document["interfaces"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"interfaces": {}}, '"interfaces" must be a list, not an object'),
        ({"interfaces": ["eth0"]}, 'each of "interfaces" must be an object, not a text'),
        ({"interfaces": [{"name": "eth0", "mac": 5}]}, '"mac" of an interface must be a text'),
        ({"interfaces": [{"name": [], "mac": ""}]}, '"name" of an interface must be a text'),
        ({"interfaces": [{"mac": "02:00:00:00:00:01"}]}, 'must have a "name"'),
        (
            {"interfaces": [{"name": "eth0", "sandbox": True}]},
            '"sandbox" of an interface must be a text',
        ),
    ],
)
def test_malformed_results_are_one_difference(document: object, said: str) -> None:
    """What is not as specified is told as such, for that pod alone."""
    (difference,) = _differences(document)

    assert (difference.kind, difference.where) == ("result", f"pod {POD}")
    assert said in difference.seen


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "must be an object, not a list"),
        (float("nan"), "must be an object, not a number"),
        (True, "must be an object, not a boolean"),
    ],
)
def test_result_that_is_no_object_does_not_conform(file: Path, document: object, said: str) -> None:
    """It is the plugin's, inside of a document that is libcni's."""
    file.write_text(json.dumps({"result": document}))

    with pytest.raises(DoesNotConform, match=said):
        result.read(file)


def test_result_without_end_does_not_conform(file: Path) -> None:
    """Neither size nor depth is without limit."""
    file.write_text(json.dumps({"result": {"dns": "x" * files.LIMIT}}))
    with pytest.raises(DoesNotConform, match="larger than 4 MiB"):
        result.read(file)
    file.write_text('{"result": ' + "[" * 100_000)
    with pytest.raises(DoesNotConform, match="nested too deeply"):
        result.read(file)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{"])
def test_file_that_is_not_libcnis_could_not_be_tested(file: Path, content: bytes) -> None:
    """It says nothing about the plugin."""
    file.write_bytes(content)

    with pytest.raises(CouldNotTest, match="the runtime's copy of the plugin's result"):
        result.read(file)


def test_file_without_end_is_not_read_to_its_end() -> None:
    """A device, too, is read up to the limit only."""
    with pytest.raises(files.TooLarge):
        files.read_text(Path("/dev/zero"))
