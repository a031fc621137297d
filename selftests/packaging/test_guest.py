"""The plugin is loaded by every pytest of its environment: other people's tests go on as before."""

from pathlib import Path

import pytest

from .conftest import run_pytest

pytestmark = pytest.mark.xdist_group("wheel")  # which is built once

# Each is a test module that passes where podpath is not installed.
SUITES = {
    "plain": "def test_it(): pass\n",
    "fixtures_of_the_same_name": (
        "import pytest\n"
        "@pytest.fixture\n"
        "def family(): return 'Addams'\n"
        "@pytest.fixture\n"
        "def node(): return 'mine'\n"
        "def test_it(family, node): assert (family, node) == ('Addams', 'mine')\n"
    ),
    "parameter_of_the_same_name": (
        "import pytest\n"
        "@pytest.mark.parametrize('family', ['Addams'])\n"
        "def test_it(family): assert family == 'Addams'\n"
    ),
    "marker_of_the_same_name": (
        "import pytest\n@pytest.mark.requirement('REQ-1')\ndef test_it(): pass\n"
    ),
    "no_fixture_of_ours": (
        "import subprocess, sys\n"
        "def test_it():\n"
        "    said = subprocess.run([sys.executable, '-S', '-m', 'pytest', '--fixtures', '-q'],\n"
        "        capture_output=True, text=True, check=True).stdout\n"
        "    assert 'tmp_path' in said and 'podpath' not in said and '\\nruntime' not in said\n"
    ),
    "list_that_is_not_empty": (
        "import pytest\ndef test_it():\n    with pytest.raises(AssertionError): assert [1] == []\n"
    ),
}


@pytest.fixture(scope="module")
def output(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a run of all of them says, in a project whose environment is inside of it."""
    project = tmp_path_factory.mktemp("project")
    (project / "pytest.ini").write_text("[pytest]\n")
    for name, text in SUITES.items():
        (project / f"test_{name}.py").write_text(text)
    environment = project / ".venv" / "site-packages"
    environment.parent.mkdir()
    installed.rename(environment)
    try:
        return run_pytest(environment, project, "-rA", "--continue-on-collection-errors")
    finally:
        environment.rename(installed)


@pytest.mark.parametrize("suite", SUITES)
def test_other_peoples_tests_pass(output: str, suite: str) -> None:
    """A fixture, a parameter or a marker that is called as one of ours is still theirs."""
    assert f"PASSED test_{suite}.py::test_it" in output


def test_other_peoples_run_is_not_about_podpath(output: str) -> None:
    """No preflight, no header, no requirements: only the list of plugins names it."""
    lines = [line for line in output.splitlines() if not line.startswith("plugins: ")]

    assert [line for line in lines if "podpath" in line] == []
