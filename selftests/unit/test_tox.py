"""Commands of tox.ini."""

import configparser
import re
from itertools import pairwise

from selftests.suite import ROOT

_REFERENCE = re.compile(r"\{\[(\S+?)\](\w+)\}")


def _selftests(environment: str) -> set[str]:
    """Return the paths of self-tests in the commands of an environment."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini")
    commands = parser[f"testenv:{environment}"]["commands"]
    while _REFERENCE.search(commands):
        commands = _REFERENCE.sub(lambda found: parser[found[1]][found[2]], commands)
    words = commands.replace('"', " ").replace("}", " ").split()
    ignored = {path for word, path in pairwise(words) if word == "--ignore"}
    paths = {word.split(":")[-1] for word in words if "selftests/" in word}
    return {path for path in paths if path not in ignored}


def test_own_runs_what_its_parts_run() -> None:
    """The environment that CI runs leaves out no directory of the environments for single parts."""
    parts = _selftests("selftest") | _selftests("faults") | _selftests("endings")

    assert "selftests/endings" in parts
    # which needs the machine alone, unlike the rest of its directory
    assert _selftests("own") - parts == set()
    assert parts - _selftests("own") == set()
    assert (ROOT / "selftests/hosts/test_settings.py").exists()
