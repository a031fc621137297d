"""Write requirements.md from podpath/requirements.py.

python docs/generate_requirements.py            write it
python docs/generate_requirements.py --check    exit with 1 if it is not up to date
"""

import sys
from pathlib import Path

from podpath.requirements import GROUPS, REQUIREMENTS, Requirement, group

PAGE = Path(__file__).with_name("requirements.md")

_INTRODUCTION = """\
# Requirements

<!-- Generated from podpath/requirements.py by docs/generate_requirements.py. Do not edit. -->

What a conforming plugin does. Each requirement has an id that never changes its meaning; the
output, the report and the known deviations use these ids. Each test says which requirement it
is about: `grep -rn PATH-ICMP tests` finds the tests of one.

*Usually* is what most often causes a failure. *Look* are commands that show it, for the root
user of the host. In them, `NODE` is the pid of a process in the node, `BRIDGE` is the bridge,
and `NETNS` is a name that `ip netns list` shows on the node. A failure prints the commands with
`NODE` and `BRIDGE` filled in. The node ends with the run: `pytest --pdb`, without `-n`, keeps it
while you look. podpath needs neither `tcpdump` nor `brctl` (Debian: `bridge-utils`) and does not
install them.
"""


def page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for prefix, title in GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [_entry(r) for r in REQUIREMENTS.values() if group(r.id) == prefix]
    return "\n".join(parts)


def _entry(requirement: Requirement) -> str:
    commands = "\n".join(c.format(node="NODE", bridge="BRIDGE") for c in requirement.look)
    sentence = requirement.sentence
    if "<" in sentence:
        sentence = f"`{sentence}`"  # Markdown would take it for the start of a tag
    source = f"*Source:* {requirement.source}.\n\n" if requirement.source else ""
    return (
        f"### {requirement.id}\n\n"
        f"{sentence}\n\n"
        f"{source}"
        f"*Usually:* {requirement.usually}\n\n"
        f"*Look:*\n\n```sh\n{commands}\n```\n"
    )


def main(arguments: list[str]) -> int:
    """Write the page, or with --check compare it."""
    wanted = page()
    if "--check" not in arguments:
        PAGE.write_text(wanted)
        return 0
    if PAGE.exists() and PAGE.read_text() == wanted:
        return 0
    sys.stderr.write(f"{PAGE} is not up to date: run python docs/generate_requirements.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
