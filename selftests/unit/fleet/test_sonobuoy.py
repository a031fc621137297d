"""Sonobuoy's contract with a plugin, as its worker keeps it."""

import tarfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from podpath import cli
from podpath.fleet import on_node, sonobuoy

PLUGIN = Path(__file__).parents[3] / "deploy" / "sonobuoy.yaml"


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the results; the suite is one test that fails."""
    (tmp_path / "test_x.py").write_text("def test_it():\n    assert 0\n")
    suite = (on_node._SUITE[0], "-m", "pytest", "-p", "no:cacheprovider")
    monkeypatch.setattr(on_node, "_SUITE", suite)
    monkeypatch.setenv(sonobuoy.DIRECTORY, str(tmp_path / "results"))
    return tmp_path / "results"


def sent(results: Path) -> tuple[Path, str]:
    """What the worker sends once there is the file `done`: the file, and its extension."""
    named = (results / "done").read_text()
    return Path(named), named.partition(".")[2]


def test_worker_finds_what_to_send(results: Path, tmp_path: Path) -> None:
    """An archive with the JUnit file and the report; the aggregator unpacks it by its extension."""
    plugin = yaml.safe_load(PLUGIN.read_text())
    command = plugin["spec"]["command"]
    assert command[:3] == ["python3", "-m", "podpath"]
    assert cli.main([*command[3:], "--", str(tmp_path / "test_x.py")]) == 0
    file, extension = sent(results)

    assert extension == "tar.gz"
    with tarfile.open(file) as archive:
        assert "podpath.xml" in archive.getnames()
        junit = archive.extractfile("podpath.xml")
        assert junit is not None
        (suite,) = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert plugin["sonobuoy-config"]["result-format"] == "junit"


def test_nothing_is_sent_before_it_is_whole(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file `done` is written last."""

    def without_end(self: Path, _: Path) -> None:
        assert self.read_text().endswith("/podpath.tar.gz")
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", without_end)
    with pytest.raises(KeyboardInterrupt):
        sonobuoy.run([str(tmp_path / "test_x.py")])

    assert not (results / "done").exists()
    assert tarfile.is_tarfile(results / "podpath.tar.gz")
