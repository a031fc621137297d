"""Code that a script is known to call."""

from pathlib import Path

import pytest

from podpath.cni.code import PLUGINS, Code
from podpath.run import origin


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of programs that are reference plugins of their names."""

    def codes(path: str) -> tuple[Code, ...]:
        file = Path(path)
        return (Code(PLUGINS, file.name, "1.1.1"),) if file.parent == tmp_path / "bin" else ()

    monkeypatch.setattr(origin, "_codes", codes)
    monkeypatch.setattr(origin, "_package", lambda _path: "")
    (tmp_path / "bin").mkdir()
    for name in ("bridge", "host-local"):
        (tmp_path / "bin" / name).touch()
    return tmp_path / "bin"


@pytest.mark.parametrize(
    ("name", "calls", "codes"),
    [
        ("acme", ["bridge"], ["bridge"]),
        ("acme", ["host-local"], []),
        ("acme", ["bridge", "host-local"], ["bridge"]),
        ("host-local", ["host-local"], ["host-local"]),
    ],
)
def test_script_has_the_code_of_what_it_calls(
    name: str, calls: list[str], codes: list[str], plugins: Path, tmp_path: Path
) -> None:
    """An IPAM plugin gives addresses to a plugin of one's own, which answers for itself."""
    script = tmp_path / name
    script.write_text("#!/bin/sh\n" + "".join(f"{plugins / call} <&0\n" for call in calls))

    assert [code.plugin for code in origin.of(str(script)).codes] == codes


@pytest.mark.parametrize(
    ("calls", "text"),
    [
        (["bridge"], "a script that calls containernetworking/plugins 1.1.1, sha256 "),
        (["host-local"], "a script, sha256 "),
        ([], "a script, sha256 "),
    ],
)
def test_script_is_not_named_as_the_plugin_that_it_calls(
    calls: list[str], text: str, plugins: Path, tmp_path: Path
) -> None:
    """A reader of the header must know that it is no release of the reference plugins."""
    script = tmp_path / "bridge"
    script.write_text("#!/bin/sh\n" + "".join(f"{plugins / call} <&0\n" for call in calls))

    assert str(origin.of(str(script))).startswith(text)
    assert str(origin.of(str(plugins / "bridge"))).startswith("containernetworking/plugins 1.1.1, ")


def test_script_may_name_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    script = tmp_path / "wrapper"
    script.write_text("#!/bin/sh\nln -s /proc/1/ns/net /run/netns/other\n")

    assert origin.of(str(script)).codes == ()


def test_owners_of_files_are_read_without_diversions() -> None:
    """A file may belong to several packages, of which the first one is named."""
    lines = [
        "containernetworking-plugins: /usr/lib/cni/bridge",
        "libc6:amd64: /usr/lib/libc.so.6",
        "first, second: /usr/share/shared",
        "local diversion from: /usr/lib/cni/ptp",
        "diversion by acme to: /usr/lib/cni/ptp.orig",
    ]

    assert dict(origin.owned(lines)) == {
        "/usr/lib/cni/bridge": "containernetworking-plugins",
        "/usr/lib/libc.so.6": "libc6",
        "/usr/share/shared": "first",
    }
