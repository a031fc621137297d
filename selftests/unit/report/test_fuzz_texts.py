"""Whatever lies in lease files, and whatever ping prints: it is read, or could not be tested."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from podpath.errors import CouldNotTest
from podpath.model import CommandResult
from podpath.nodes.leases import leases_in
from podpath.paths.traffic import programs
from podpath.report import document
from podpath.system import files

from ..strategies import soundly, values


@pytest.fixture(scope="module")
def leases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for all examples."""
    return tmp_path_factory.mktemp("leases")


@given(st.binary(max_size=60) | st.sampled_from([b"\r\n", b"abc\r\neth0", b"\x0babc"]))
def test_any_lease_is_read_or_told(leases: Path, content: bytes) -> None:
    """Its first line is the holder; an empty file has none."""
    (leases / "10.88.0.2").write_bytes(content)
    found = soundly(leases_in, leases)

    assert found is None or list(found) == ["10.88.0.2"]
    if content == b"abc\r\neth0":
        assert found == {"10.88.0.2": "abc"}


def test_what_is_no_lease_could_not_be_tested(tmp_path: Path) -> None:
    """Bytes that are no text, and files without end; what host-local keeps for itself is none."""
    (tmp_path / "lock").write_bytes(b"\xff")
    (tmp_path / "last_reserved_ip.0").write_text("10.88.0.9")
    (tmp_path / "directory").mkdir()
    assert leases_in(tmp_path) == {}
    assert leases_in(tmp_path / "none") == {}

    (tmp_path / "10.88.0.2").write_bytes(b"\xff")
    with pytest.raises(CouldNotTest, match=r"the lease 10\.88\.0\.2 cannot be read"):
        leases_in(tmp_path)
    (tmp_path / "10.88.0.2").write_bytes(b"\0" * (files.LIMIT + 1))
    with pytest.raises(CouldNotTest, match="File too large"):
        leases_in(tmp_path)


def test_lease_that_is_given_back_meanwhile_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the listing and the reading, as when pods are deleted."""
    monkeypatch.setattr(files, "directly_in", lambda directory: [directory / "10.88.0.2"])

    assert leases_in(tmp_path) == {}


_STATISTICS = b"5 packets transmitted, 4 received, +1 duplicates, 20% packet loss, time 4005ms"


@given(
    st.binary(max_size=200)
    | st.builds(
        lambda at, new: _STATISTICS[:at] + new + _STATISTICS[at + 1 :],
        st.integers(0, len(_STATISTICS)),
        st.binary(max_size=3) | st.sampled_from([b"9" * 5000, "٣".encode(), b"-1"]),
    )
)
@example(_STATISTICS)
def test_any_statistics_are_counted_or_told(output: bytes) -> None:
    """Three numbers, or none."""
    counts = soundly(lambda: _counted(output))

    assert counts is None or all(0 <= count < 10**12 for count in counts)
    if output == _STATISTICS:
        assert counts == (5, 4, 1)


def _counted(output: bytes) -> tuple[int, int, int]:
    try:
        return programs.counted(CommandResult(0, output, ""))
    except CouldNotTest as error:
        # what ping printed is told as it is
        raise CouldNotTest(error.message.partition(":")[0]) from None


def test_digits_without_end_take_no_time() -> None:
    """Looking for numbers is linear in the output."""
    start = time.thread_time()
    with pytest.raises(CouldNotTest) as caught:
        programs.counted(CommandResult(0, b"1" * 1_000_000, ""))

    assert time.thread_time() - start < 2
    assert len(str(caught.value)) < 2000


@given(values | st.text(st.characters()))
def test_whatever_is_told_can_be_printed(value: object) -> None:
    """Every text of a report can be encoded, and none moves a terminal's cursor."""
    told = document.printable(value)

    json.dumps(told, ensure_ascii=False).encode()
    if isinstance(told, str):
        assert told.replace("\n", "").replace("\t", "").isprintable()


def test_ordinary_text_is_told_as_it_is() -> None:
    """Tables, arrows and other alphabets are no danger."""
    assert document.printable({"a": ["é µ\n\t", 1, None]}) == {"a": ["é µ\n\t", 1, None]}
    assert document.printable("\x1b[31m\udcff\0") == "\\x1b[31m\\udcff\\x00"
