"""--podpath-node-setup: a plugin gets what it expects, a failure is told, and nothing is left."""

import os
from pathlib import Path

from selftests import suite

# It expects what flannel's daemon writes, as flannel's plugin does.
_PLUGIN = """#!/bin/sh
[ "$CNI_COMMAND" != ADD ] || [ -e /run/flannel/subnet.env ] || {
  echo '{"code":100,"msg":"open /run/flannel/subnet.env: no such file or directory"}'; exit 1; }
exec /usr/lib/cni/bridge
"""
# A program of the script holds this name, so that a process that is left can be found.
_DAEMON = "podpath-setup-daemon"


def _arguments(directory: Path, script: str) -> list[str]:
    plugin, setup = directory / "bin" / "bridge", directory / "setup"
    plugin.parent.mkdir()
    for path, text in ((plugin, _PLUGIN), (setup, script)):
        path.write_text(text)
        path.chmod(0o755)
    return [suite.QUICK, f"--podpath-cni-bin={plugin.parent}", f"--podpath-node-setup={setup}"]


def _daemons() -> list[str]:
    """List the processes of this machine that the script started."""
    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            commands.append((process / "cmdline").read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return [c for c in commands if c.startswith(_DAEMON)]


def test_node_has_what_the_script_made_and_leaves_nothing(tmp_path: Path) -> None:
    """Files and programs live as long as the node; the report has the script's output."""
    script = f"""#!/bin/bash -e
mkdir /run/flannel; touch /run/flannel/subnet.env
(exec -a {_DAEMON} sleep 600) &
echo prepared
"""
    run = suite.run(*_arguments(tmp_path, script), report=tmp_path / "report")

    assert run.status == 0, run.output
    assert run.report["environment"]["node setup output"] == "prepared"
    assert _daemons() == []
    assert not os.path.exists("/run/flannel/subnet.env")


def test_script_that_fails_is_could_not_test(tmp_path: Path) -> None:
    run = suite.run(*_arguments(tmp_path, "#!/bin/sh\necho no can do\nexit 3\n"))

    assert run.status == 6, run.output
    assert "of --podpath-node-setup ended with status 3:\nno can do" in run.output


def test_script_that_hides_the_plugins_is_could_not_test(tmp_path: Path) -> None:
    run = suite.run(*_arguments(tmp_path, "#!/bin/sh\nmount -t tmpfs none /opt\n"))

    assert run.status == 6, run.output
    assert "hides /opt/podpath/cni/bin" in run.output


def test_plugin_that_lacks_it_is_could_not_test(tmp_path: Path) -> None:
    """The plugin's error and the remedy are printed."""
    run = suite.run(*_arguments(tmp_path, "#!/bin/sh\n"))

    assert run.status == 6, run.output
    assert "the node lacks the file /run/flannel/subnet.env" in run.output
    assert "make it with --podpath-node-setup" in run.output
