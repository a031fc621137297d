"""Tell whether the losses that are explained are all of a judgement's. Pure."""

from collections.abc import Iterable

from podpath.model import Path
from podpath.paths.judgement import Judgement


def explains_all(judgement: Judgement, explained: Iterable[str]) -> bool:
    """Return whether each path lost its packets for an explained reason, or had no request.

    A path whose packets that were seen all crossed it as they must has lost none of these.
    """
    known = set(explained)
    differ = {crossing.path.name for crossing in judgement.crossings if crossing.differences}
    whole = {crossing.path.name for crossing in judgement.crossings} - differ
    paths = {path.name: path for path in judgement.paths}
    ends = {_ends(paths[name]) for name in known if name in paths}
    return all(name in known | whole or _ends(path)[::-1] in ends for name, path in paths.items())


def _ends(path: Path) -> tuple[str, str]:
    return path.hops[0].namespace, path.hops[-1].namespace
