"""Sentences in Chinese: English sentence, with {} for each value -> Chinese one, with {0}, {1} ...

Ids, options, commands, paths, keys of configurations and the kernel's words stay as they are. Pure.
"""

from podpath.model.zh import (
    checks,
    clusters,
    commands,
    levels,
    needs,
    nodes,
    observations,
    runs,
    trace,
    unsupported,
)

TEXTS = {
    **trace.TEXTS,
    **checks.TEXTS,
    **unsupported.TEXTS,
    **needs.TEXTS,
    **nodes.TEXTS,
    **clusters.TEXTS,
    **observations.TEXTS,
    **commands.TEXTS,
    **runs.TEXTS,
    **levels.TEXTS,
}
