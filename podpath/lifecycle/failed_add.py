"""The runtime's error of an ADD that printed no result. Pure."""

import re

from podpath.errors import DoesNotConform

#: Errors of Go's JSON decoder (encoding/json), as libcni and containerd quote them.
_NO_JSON = re.compile(
    r"failed to unmarshal|unexpected end of JSON input|invalid character '.+' "
    r"(?:after top-level value|looking for beginning of value)"
)


def explain(error: DoesNotConform) -> None:
    """Add to the error of a failed ADD what a runtime expects on the plugin's stdout."""
    if _NO_JSON.search(error.output):
        error.output += (
            "\nA runtime reads the whole stdout of a plugin as one JSON document, the result or the"
            " error: logs belong on stderr"
        )
