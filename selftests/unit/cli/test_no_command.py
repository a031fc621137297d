"""Commands without their subcommand."""

import pytest

from podpath import cli


@pytest.mark.parametrize(
    ("command", "shown"),
    [([], "trace"), (["fleet"], "rbac"), (["report"], "verify")],
)
def test_a_command_alone_prints_its_help(
    command: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The help lists what could follow; the status is that of wrong usage."""
    assert cli.main(command) == 2
    assert shown in capsys.readouterr().err
