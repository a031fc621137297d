"""Find the name that a misspelt one is most like. Pure."""

import difflib
from collections.abc import Iterable


def meant(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Ask whether the most similar known name was meant; empty if no name is similar.

    Args:
        name: the misspelt name.
        known: all names.
        prefix: beginning of all names, which does not count as similar.
    """
    names = {one.removeprefix(prefix): one for one in known}
    alike = difflib.get_close_matches(name.removeprefix(prefix), names, 1)
    return f"did you mean {names[alike[0]]}?" if alike else ""
