"""The wheel, built once, and a Python that sees it in place of the checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from selftests import suite

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of what is in the checkout, ignored files left out, built in a copy of it."""
    copy = tmp_path_factory.mktemp("copy")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (CHECKOUT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, copy / name)
    out = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", out, copy],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that holds what the wheel installs."""
    directory = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory)
    return directory


def run_pytest(installed: Path, project: Path, *arguments: str) -> str:
    """Run pytest in a project of somebody who installed the wheel; return its output."""
    options = ("-p", "no:cacheprovider")
    return run_module(installed, project, "pytest", *options, *arguments)


def run_module(installed: Path, project: Path, module: str, *arguments: str) -> str:
    """Run a module with the Python of somebody who installed the wheel; return its output."""
    done = start_module(installed, project, module, *arguments)
    return done.stdout + done.stderr


def start_module(
    installed: Path, project: Path, module: str, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    """Run a module with the Python of somebody who installed the wheel.

    -S: an editable install of the checkout, which a .pth file makes, is not seen. -P: nor is what
    lies in the project.
    """
    paths = dict.fromkeys([str(installed), *map(sysconfig.get_path, ("purelib", "platlib"))])
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "TOX_"))
    }
    return subprocess.run(
        [sys.executable, "-S", "-P", "-m", module, *arguments],
        cwd=project,
        env={
            **environment,
            **suite.without_needless(arguments),
            "PYTHONPATH": os.pathsep.join(paths),
        },
        capture_output=True,
        text=True,
        check=False,
    )
