"""[tool.podpath] of a pyproject.toml, and the file of requirements that it names."""

from pathlib import Path

import pytest

from podpath.run import settings

_ONE = '[[requirement]]\nid = "ACME-X"\ntitle = "X"\nsentence = "It does X."\n'


def test_file_lies_beside_the_settings(tmp_path: Path) -> None:
    """Wherever below them pytest is started, or, elsewhere, beside those of its rootdir."""
    (tmp_path / "elsewhere").mkdir()
    project = tmp_path / "project"
    (project / "deeper").mkdir(parents=True)
    (project / "pyproject.toml").write_text('[tool.podpath]\nrequirements = "acme.toml"\n')

    assert settings.requirements_file([project / "deeper"]) == project / "acme.toml"
    directories = [tmp_path / "elsewhere", project]
    assert settings.requirements_file(directories) == project / "acme.toml"
    assert settings.requirements_file([tmp_path / "elsewhere"]) is None


def test_requirements_do_not_say_whose_plugin_it_is(tmp_path: Path) -> None:
    text = '[tool.podpath]\nproject = "acme-cni"\nrequirements = "acme.toml"\n'
    (tmp_path / "pyproject.toml").write_text(text)

    assert settings.implementation(tmp_path) == {"project": "acme-cni"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read: No such file"),
        ("[[requirement]\n", "at line 1"),
        (_ONE + _ONE, "declared twice"),
        ("x = " + "[" * 9999, ": "),
    ],
    ids=["missing", "no-toml", "twice", "deep"],
)
def test_file_is_named(tmp_path: Path, text: str | None, message: str) -> None:
    """With what is wrong in it."""
    path = tmp_path / "acme.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=r"acme\.toml") as caught:
        settings.requirements(path)

    assert message in str(caught.value)
