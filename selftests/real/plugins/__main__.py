"""Write docs/plugins.md: python -m selftests.real.plugins DIRECTORY.

DIRECTORY has a report of each plugin of plugins.toml, in a directory of its name:
pytest ... --podpath-report DIRECTORY/NAME
"""

import sys
from pathlib import Path

from podpath.report import loading, verify
from selftests.real.plugins import page

_HERE = Path(__file__).parent
_PAGE = _HERE.parents[2] / "docs" / "plugins.md"


def main(directory: Path) -> None:
    plugins = page.read((_HERE / "plugins.toml").read_text())
    reports = {
        p.name: loading.read(directory / p.name) for p in plugins if (directory / p.name).is_dir()
    }
    for name, report in reports.items():
        if problems := verify.problems(report):
            sys.exit(f"{name}: {'; '.join(problems)}")
    introduction = (_HERE / "introduction.md").read_text()
    try:
        _PAGE.write_text(f"{introduction}\n{page.page(plugins, reports)}")
    except page.Unexplained as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
