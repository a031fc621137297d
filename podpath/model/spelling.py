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
    alike = closest(name, known, prefix)
    return f"did you mean {alike}?" if alike else ""


def closest(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Return the most similar known name; empty if no name is similar. Arguments: see meant."""
    names = {one.removeprefix(prefix): one for one in known}
    alike = difflib.get_close_matches(name.removeprefix(prefix), names, 1)
    return names[alike[0]] if alike else ""
