"""Output as a page shows it, and as it is printed."""

import re

#: What is different in each run.
_VARYING = {
    r"veth[0-9a-f]{8}": "veth",
    r"\b[0-9a-f]{16,64}\b": "checksum",
    r"\(\d+\)": "(number)",
    r"\(id \d+\)": "(id)",
    r"nsenter -t \d+": "nsenter",
    r"\+\d+\.\d+ ms": "time",
}


def shows(shown: str, printed: str) -> bool:
    """Whether a page shows what was printed, apart from what is different in each run.

    `...` stands for any text, on a line of its own for any number of lines.
    """
    return bool(re.fullmatch(_pattern(shown), _comparable(printed)))


def _comparable(text: str) -> str:
    """Without what is different in each run, and without blanks at the ends of lines."""
    for varying, constant in _VARYING.items():
        text = re.sub(varying, constant, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _pattern(shown: str) -> str:
    return "".join(
        r"(?:.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
        for line in _comparable(shown).splitlines()
    )
