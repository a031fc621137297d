"""Every configuration of the table of real ones is read."""

import pytest

from podpath.cni import unsupported
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from selftests.real import table
from selftests.real.table import Entry

_ENTRIES = table.read()


def test_table_names_every_file_once() -> None:
    """Each file has an entry, and each entry a file."""
    files = sorted(path.name for path in (table.HERE / "conflists").iterdir())

    assert sorted(entry.file for entry in _ENTRIES) == files


@pytest.mark.parametrize("entry", _ENTRIES, ids=lambda entry: entry.file)
def test_configuration_is_read(entry: Entry) -> None:
    """podpath has a profile for it, or refuses it with the table's reason."""
    if entry.verdict == "refused":
        with pytest.raises(CouldNotTest, match=entry.says):
            unsupported.check(Network.read(entry.path).conflist, entry.file)
    else:
        assert Network.read(entry.path).families
