"""What installs the extra `kind`."""

import shlex
import tomllib

from podpath.nodes.cluster.extra import INSTALL
from selftests.suite import ROOT


def test_the_command_installs_the_extra() -> None:
    """It names the packages of the extra, with their versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert sorted(shlex.split(INSTALL)[2:]) == sorted(project["optional-dependencies"]["kind"])
